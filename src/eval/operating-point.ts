/** @file Precision and recall over the lowest score that is believed, and the score at which both together are best. */
import type { CocoEvaluation } from './coco-evaluation.js'
import { photoOutcomes } from './photo-outcomes.js'

/** How good detections are from some score on; all classes counted together. */
export interface OperatingPoint {
  /** Detections with lower scores are passed over. */
  readonly threshold: number
  /** Share of the detections that found an object, 0..1; 1 where there are none. */
  readonly precision: number
  /** Share of the objects that were found, 0..1; 0 where there are none. */
  readonly recall: number
  /** Harmonic mean of both. */
  readonly f1: number
}

/** Points at falling thresholds, one for each score that occurs. */
export interface ScoreCurve {
  readonly points: readonly OperatingPoint[]
  /** The highest f1, of equals the one with the highest threshold; absent where nothing right was found. */
  readonly best: OperatingPoint | undefined
}

/**
 * The curve at one IoU. Matching goes from the best score down, so that detections below a threshold change nothing
 * above it and one pass serves all thresholds.
 * @param iou least IoU of a detection and what it finds; 0.5 unless said
 * @throws ConfigError when `iou` is no number of its range.
 */
export function scoreCurve(evaluation: CocoEvaluation, iou = 0.5): ScoreCurve {
  const { score } = evaluation.columns.detections
  const judged: { readonly score: number; readonly right: boolean }[] = []
  let objects = 0
  for (const { found, wrong, missed } of photoOutcomes(evaluation, { iou, minScore: Number.NEGATIVE_INFINITY })) {
    for (const { detection } of found) judged.push({ score: score[detection]!, right: true })
    for (const detection of wrong) judged.push({ score: score[detection]!, right: false })
    objects += found.length + missed.length
  }
  judged.sort((a, b) => b.score - a.score)
  const points: OperatingPoint[] = []
  let best: OperatingPoint | undefined
  let right = 0
  judged.forEach((detection, i) => {
    if (detection.right) right++
    if (judged[i + 1]?.score === detection.score) return
    const f1 = objects === 0 ? 0 : (2 * right) / (objects + i + 1)
    const recall = objects === 0 ? 0 : right / objects
    const point = { threshold: detection.score, precision: right / (i + 1), recall, f1 }
    points.push(point)
    if (f1 > (best?.f1 ?? 0)) best = point
  })
  return { points, best }
}
