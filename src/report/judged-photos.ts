/** @file An evaluation, the names and files of its photos, and the lowest score at which the photos are looked at. */
import {
  type CocoEvaluation,
  type OperatingPoint,
  type PhotoOutcome,
  photoOutcomes,
  scoreCurve,
} from '../eval/index.js'

/** What is known of an evaluated photo besides the evaluation. */
export interface PhotoFile {
  /** Its name, for people. */
  readonly file: string
  /** Where it lies; absent where only labels and results are at hand. */
  readonly path?: string
}

/** An evaluation to look at. */
export interface JudgedPhotos {
  readonly evaluation: CocoEvaluation
  /** One per photo, in ascending order of the evaluation's ids. */
  readonly photos: readonly PhotoFile[]
  /** Where precision and recall together are best; absent where nothing right was found. */
  readonly point: OperatingPoint | undefined
  /** Detections with lower scores are not drawn and not counted: that of `point`, or 0.5. */
  readonly minScore: number
  /** In the order of `photos`. */
  readonly outcomes: readonly PhotoOutcome[]
}

/** Least IoU of a detection and what it finds, wherever photos are looked at. */
export const LOOKED_AT_IOU = 0.5
const USUAL_SCORE = 0.5

/** Judges every photo at the score that suits the detector. */
export function judgePhotos(evaluation: CocoEvaluation, photos: readonly PhotoFile[]): JudgedPhotos {
  const { best: point } = scoreCurve(evaluation, LOOKED_AT_IOU)
  const minScore = point?.threshold ?? USUAL_SCORE
  const outcomes = photoOutcomes(evaluation, { iou: LOOKED_AT_IOU, minScore })
  return { evaluation, photos, point, minScore, outcomes }
}
