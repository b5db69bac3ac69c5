/** @file From labelled objects to what a network is trained on. */
import type { DatasetObject } from '../formats/dataset.js'
import type { ImageSize } from '../image.js'
import { boxArea, clampBox, hasArea, type ObjectMask, type Sample, type SampleObject } from './sample.js'

/** The objects of one photo as arrays, in their order. */
export interface Targets {
  /** `[n]`: classes. */
  readonly labels: Int32Array
  /** `[n, 4]`: centre x, centre y, width and height, as shares of the photo's own width and height, without padding. */
  readonly boxes: Float32Array
  /** `[n]`: square pixels of the transformed photo. */
  readonly areas: Float64Array
  /** Present when the objects have masks; undefined entries for those without. */
  readonly masks?: readonly (ObjectMask | undefined)[]
}

/**
 * The objects that a photo of `size` is trained with, as DETR chooses them: no regions of many objects (crowd), boxes
 * clamped to the photo, and none that is empty then.
 * @param masks whether outlines are kept. Masks as run lengths are left out.
 */
export function trainingObjects(objects: readonly DatasetObject[], size: ImageSize, masks = false): SampleObject[] {
  return objects.flatMap(({ label, box, area, crowd, segmentation }) => {
    const clamped = clampBox(box, size.width, size.height)
    if (crowd === true || !hasArea(clamped)) return []
    const polygons = masks && segmentation !== undefined && 'length' in segmentation ? segmentation : undefined
    return {
      label,
      box: clamped,
      ...(area === undefined ? {} : { area }),
      ...(polygons === undefined ? {} : { mask: { polygons } }),
    }
  })
}

/** Boxes as shares of the photo, and the rest as arrays. */
export function encodeTargets({ image: { width, height }, objects }: Sample): Targets {
  const boxes = new Float32Array(objects.length * 4)
  objects.forEach(({ box: [xmin, ymin, xmax, ymax] }, i) => {
    boxes[4 * i] = (xmin + xmax) / 2 / width
    boxes[4 * i + 1] = (ymin + ymax) / 2 / height
    boxes[4 * i + 2] = (xmax - xmin) / width
    boxes[4 * i + 3] = (ymax - ymin) / height
  })
  return {
    labels: Int32Array.from(objects, ({ label }) => label),
    boxes,
    areas: Float64Array.from(objects, ({ area, box }) => area ?? boxArea(box)),
    ...(objects.some(({ mask }) => mask !== undefined) ? { masks: objects.map(({ mask }) => mask) } : {}),
  }
}
