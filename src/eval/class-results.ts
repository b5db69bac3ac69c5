/** @file The numbers of each class alone, and precision-recall curves. */
import { ConfigError } from '../tensor/index.js'
import type { CocoEvaluation } from './coco-evaluation.js'
import { IOU_THRESHOLDS, RECALL_POINTS } from './coco-parameters.js'
import type { CocoCategory } from './coco-records.js'
import { type CocoSummary, summarizeClasses } from './coco-summary.js'

/** The twelve numbers of one class, and what they rest on. */
export interface ClassResult extends CocoSummary, CocoCategory {
  /** Annotations that are not ignored. */
  readonly objects: number
  /** Photos with such annotations. */
  readonly photos: number
  readonly detections: number
}

/** The numbers of each class, in ascending order of ids. */
export function classResults(evaluation: CocoEvaluation): ClassResult[] {
  const { categories } = evaluation
  const { groundTruth, detections } = evaluation.columns
  const [objects, found] = [categories.map(() => 0), categories.map(() => 0)]
  const photos = categories.map(() => new Set<number>())
  groundTruth.category.forEach((k, i) => {
    if (groundTruth.ignored[i] === 1) return
    objects[k]!++
    photos[k]!.add(groundTruth.photo[i]!)
  })
  for (const k of detections.category) if (k >= 0) found[k]!++
  return categories.map((category, k) => ({
    ...category,
    ...summarizeClasses(evaluation, categories.length, k, k + 1),
    objects: objects[k]!,
    photos: photos[k]!.size,
    detections: found[k]!,
  }))
}

/** A precision-recall curve at the R = 101 recall points; all areas, 100 detections per class and photo. */
export interface PrecisionRecallCurve {
  /** 0, 0.01, …, 1. */
  readonly recall: readonly number[]
  /** The best precision at this recall or more, 0..1. */
  readonly precision: Float64Array
  /** The score at which the recall is reached, 0 where it is not; absent for a mean of classes. */
  readonly scores?: Float64Array
}

/**
 * The curve of one class, or the mean of all that have ground truth.
 * @param iou one of the thresholds 0.5, 0.55, …, 0.95
 * @param categoryId id of the class; all where absent
 * @returns undefined where there is no ground truth
 * @throws ConfigError for another threshold or an unknown class.
 */
export function precisionRecallCurve(
  evaluation: CocoEvaluation,
  iou = 0.5,
  categoryId?: number,
): PrecisionRecallCurve | undefined {
  const t = IOU_THRESHOLDS.findIndex((threshold) => Math.abs(threshold - iou) < 1e-9)
  if (t < 0) throw new ConfigError({ where: 'iou', expected: 'one of 0.5, 0.55, …, 0.95', got: `${iou}` })
  const { categories } = evaluation
  const ids = categories.map(({ id }) => id)
  const only = categoryId === undefined ? -1 : ids.indexOf(categoryId)
  if (categoryId !== undefined && only < 0) {
    throw new ConfigError({ where: 'categoryId', expected: `one of ${ids.join(', ')}`, got: `${categoryId}` })
  }
  const curves = categories
    .map((_, k) => k)
    .filter((k) => only < 0 || k === only)
    .map((k) => readCurve(evaluation, t, k))
    .filter(({ precision }) => precision[0]! > -1)
  if (only >= 0 || curves.length === 0) return curves[0]
  const precision = Float64Array.from(RECALL_POINTS, (_, r) => {
    return curves.reduce((sum, curve) => sum + curve.precision[r]!, 0) / curves.length
  })
  return { recall: RECALL_POINTS, precision }
}

function readCurve(
  { counts, precision, scores }: CocoEvaluation,
  t: number,
  k: number,
): Required<PrecisionRecallCurve> {
  const [, R, K, A, M] = counts
  // All areas are range 0; the largest limit on detections is the last.
  const at = (r: number): number => ((t * R + r) * K + k) * A * M + M - 1
  return {
    recall: RECALL_POINTS,
    precision: Float64Array.from(RECALL_POINTS, (_, r) => precision[at(r)]!),
    scores: Float64Array.from(RECALL_POINTS, (_, r) => scores[at(r)]!),
  }
}
