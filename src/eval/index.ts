/** @file How good detections are: COCO's and Pascal VOC's numbers, curves, confusion, outcomes per photo; masks. */
export { boxIou } from './box-iou.js'
export * from './class-results.js'
export type { PrecisionRecall } from './class-tally.js'
export * from './coco-evaluation.js'
export { parseJson } from './coco-json.js'
export * from './coco-parameters.js'
export * from './coco-records.js'
export { type CocoSummary, formatSummary } from './coco-summary.js'
export { type ConfusionMatrix, confusionMatrix } from './confusion.js'
export { maskIou, rleBox } from './mask-batch.js'
export { type OperatingPoint, type ScoreCurve, scoreCurve } from './operating-point.js'
export {
  type FoundObject,
  type OutcomeOptions,
  type PhotoOutcome,
  photoOutcomes,
  worstPhotos,
} from './photo-outcomes.js'
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
export * from './voc.js'
