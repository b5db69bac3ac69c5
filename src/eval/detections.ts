/** @file Detections as columns: records are checked once, then read as numbers. */

import type { CocoDetection, CocoRegionType, CocoSegmentation } from './coco-records.js'
import { CornerBoxes } from './corner-boxes.js'
import { fault, fieldFault, isNumberList, isRecord, type RecordList, shown } from './fault.js'
import type { GroundTruthColumns, RegionColumns } from './ground-truth.js'
import { rleBox } from './mask-batch.js'
import { rleFromSegmentation, SegmentationCheck } from './segmentation.js'

/** Detections by their position in the list. */
export interface DetectionColumns extends RegionColumns {
  /** Index of each detection's photo. */
  readonly photo: Int32Array
  /** Index of each detection's class; -1 where the ground truth does not know it: such a detection is not counted. */
  readonly category: Int32Array
  readonly score: Float64Array
  readonly area: Float64Array
}

/**
 * Checks detections and turns them into columns. As in pycocotools the first one decides for all: if it has a box, areas
 * are those of boxes, and a mask that is missing is the box; if not, areas are those of masks, and a box that is missing
 * is the one around the mask.
 * @param name what they are called in errors, such as their file's name
 * @param notes receives a sentence for whatever is odd and yet evaluated
 * @throws FileError naming the first record that is at fault.
 */
export function readDetections(
  value: unknown,
  name: string,
  type: CocoRegionType,
  groundTruth: GroundTruthColumns,
  notes: string[],
): DetectionColumns {
  if (!Array.isArray(value)) {
    const next = 'A results file is a list of {image_id, category_id, bbox or segmentation, score}.'
    throw fault(name, 'a list of detections', shown(value), next)
  }
  const first: unknown = value[0]
  const byBox = isRecord(first) && Array.isArray(first['bbox']) && first['bbox'].length > 0
  const columns: DetectionColumns = {
    photo: new Int32Array(value.length),
    category: new Int32Array(value.length),
    score: new Float64Array(value.length),
    area: new Float64Array(value.length),
    boxes: new Float64Array(type === 'bbox' ? 4 * value.length : 0),
    masks: type === 'bbox' ? [] : new Array<CocoSegmentation>(value.length),
  }
  const list = { name, key: '' }
  readCommonFields(columns, value, list, groundTruth, notes)
  if (byBox) readBoxes(columns, value, list, type, groundTruth, notes)
  else readMasks(columns, value, list, type, groundTruth, notes)
  return columns
}

function readCommonFields(
  columns: DetectionColumns,
  records: readonly unknown[],
  list: RecordList,
  { photos, categoryIndexOf }: GroundTruthColumns,
  notes: string[],
): void {
  let unknownClasses = 0
  for (let i = 0; i < records.length; i++) {
    const record = records[i] as Partial<CocoDetection>
    if (!isRecord(record)) throw fieldFault(list, i, '', 'an object', record)
    const { image_id, category_id, score } = record
    const photo = photos.indexOf.get(image_id)
    if (photo === undefined) {
      const next =
        typeof image_id === 'string' && photos.indexOf.has(Number(image_id)) ? 'Write it as a number.' : undefined
      throw fieldFault(list, i, 'image_id', 'the id of a photo of the ground truth', image_id, next)
    }
    if (!Number.isSafeInteger(category_id)) throw fieldFault(list, i, 'category_id', 'a whole number', category_id)
    if (typeof score !== 'number' || !Number.isFinite(score)) {
      throw fieldFault(list, i, 'score', 'a finite number', score)
    }
    const category = categoryIndexOf.get(category_id) ?? -1
    if (category === -1) unknownClasses++
    columns.photo[i] = photo
    columns.category[i] = category
    columns.score[i] = score
  }
  if (unknownClasses > 0) {
    const classes = 'are of classes that the ground truth does not have, and are not counted'
    notes.push(`${list.name}: ${unknownClasses} of ${records.length} detections ${classes}.`)
  }
}

function readBoxes(
  columns: DetectionColumns,
  records: readonly unknown[],
  list: RecordList,
  type: CocoRegionType,
  { photos }: GroundTruthColumns,
  notes: string[],
): void {
  const { boxes, area } = columns
  const masks = type === 'segm' ? (columns.masks as CocoSegmentation[]) : undefined
  const check = new SegmentationCheck(list)
  const corners = new CornerBoxes()
  let [degenerate, boxAsMask] = [0, 0]
  for (let i = 0; i < records.length; i++) {
    const { bbox, segmentation } = records[i] as CocoDetection
    if (!isNumberList(bbox, 4)) throw fieldFault(list, i, 'bbox', '[x, y, width, height]', bbox)
    const [x, y, w, h] = bbox as readonly [number, number, number, number]
    const size = photos.sizes[columns.photo[i]!]!
    area[i] = w * h
    if (!(w > 0 && h > 0)) degenerate++
    corners.add(bbox, size)
    if (masks === undefined) {
      boxes[4 * i] = x
      boxes[4 * i + 1] = y
      boxes[4 * i + 2] = w
      boxes[4 * i + 3] = h
    } else {
      if (segmentation == null) boxAsMask++
      const mask = segmentation ?? [[x, y, x, y + h, x + w, y + h, x + w, y]]
      check.check(mask, i, size)
      masks[i] = mask
    }
  }
  const { name } = list
  if (degenerate > 0) notes.push(`${name}: ${degenerate} boxes have no positive width and height; they find nothing.`)
  if (boxAsMask > 0) notes.push(`${name}: ${boxAsMask} detections have no mask; their boxes are taken for masks.`)
  if (corners.suspected) notes.push(corners.note(name))
  notes.push(...check.notes())
}

function readMasks(
  columns: DetectionColumns,
  records: readonly unknown[],
  list: RecordList,
  type: CocoRegionType,
  { photos }: GroundTruthColumns,
  notes: string[],
): void {
  const { boxes, area } = columns
  const check = new SegmentationCheck(list)
  for (let i = 0; i < records.length; i++) {
    const { bbox, segmentation } = records[i] as CocoDetection
    if (segmentation == null) {
      const next = i === 0 ? undefined : 'The first detection has no bbox, so that all need a mask.'
      throw fault(`${list.name}: ${list.key}[${i}]`, 'a bbox or a segmentation', 'no segmentation', next)
    }
    const size = photos.sizes[columns.photo[i]!]!
    check.check(segmentation, i, size)
    area[i] = check.area(segmentation)
    if (type === 'segm') (columns.masks as CocoSegmentation[])[i] = segmentation
    else if (isNumberList(bbox, 4)) boxes.set(bbox, 4 * i)
    else boxes.set(rleBox(rleFromSegmentation(segmentation, check.height, check.width)), 4 * i)
  }
  notes.push(...check.notes())
}
