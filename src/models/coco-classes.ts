/** @file COCO's category names: by their sparse id, 0..90, null where an id is not in use, and without the gaps. */

const NAMES = `- person bicycle car motorcycle airplane bus train truck boat traffic_light fire_hydrant - stop_sign
parking_meter bench bird cat dog horse sheep cow elephant bear zebra giraffe - backpack umbrella - - handbag tie
suitcase frisbee skis snowboard sports_ball kite baseball_bat baseball_glove skateboard surfboard tennis_racket bottle -
wine_glass cup fork knife spoon bowl banana apple sandwich orange broccoli carrot hot_dog pizza donut cake chair couch
potted_plant bed - dining_table - - toilet - tv laptop mouse remote keyboard cell_phone microwave oven toaster sink
refrigerator - book clock vase scissors teddy_bear hair_drier toothbrush`

/** Name of each of COCO's category ids 0..90. */
export const COCO_SPARSE_CLASSES: readonly (string | null)[] = NAMES.split(/\s+/).map((name) =>
  name === '-' ? null : name.replaceAll('_', ' '),
)

/** The 80 names that are in use, in the order of their ids: labels of the RT-DETR family. */
export const COCO_CLASSES: readonly string[] = COCO_SPARSE_CLASSES.filter((name) => name !== null)
