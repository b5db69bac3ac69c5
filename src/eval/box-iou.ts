/** @file Intersection over union of boxes, equal to pycocotools.mask.iou in every bit. */
import type { CocoBox } from './coco-records.js'

/**
 * IoU of a detection's box with an object's. With a crowd it is the share of the detection that lies inside.
 * @returns 0..1; 0 where they do not overlap
 */
export function boxIou(detection: CocoBox, object: CocoBox, crowd = false): number {
  return boxIouAt(detection, 0, object, 0, crowd)
}

/** The same for boxes that lie in long arrays, four numbers each, from positions `d` and `g`. */
export function boxIouAt(dt: ArrayLike<number>, d: number, gt: ArrayLike<number>, g: number, crowd: boolean): number {
  const [dx, dy, dw, dh] = [dt[d]!, dt[d + 1]!, dt[d + 2]!, dt[d + 3]!]
  const [gx, gy, gw, gh] = [gt[g]!, gt[g + 1]!, gt[g + 2]!, gt[g + 3]!]
  const width = Math.min(dw + dx, gw + gx) - Math.max(dx, gx)
  if (width <= 0) return 0
  const height = Math.min(dh + dy, gh + gy) - Math.max(dy, gy)
  if (height <= 0) return 0
  const intersection = width * height
  return intersection / (crowd ? dw * dh : dw * dh + gw * gh - intersection)
}
