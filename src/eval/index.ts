/** @file How good detections are: COCO's and Pascal VOC's numbers, curves, confusion, outcomes per photo; masks. */
export { boxIou } from './box-iou.js'
export type { PrecisionRecall } from './class-tally.js'
export * from './coco-evaluation.js'
export * from './coco-parameters.js'
export * from './coco-records.js'
export { type CocoSummary, formatSummary } from './coco-summary.js'
export { maskIou, rleBox } from './mask-batch.js'
export { rleFromBox, rleFromPolygons } from './polygon.js'
export {
  decodeMask,
  encodeMask,
  mergeRles,
  type Rle,
  rleArea,
  rleFromCounts,
  rleFromString,
  rleToString,
} from './rle.js'
export { rleFromSegmentation } from './segmentation.js'
