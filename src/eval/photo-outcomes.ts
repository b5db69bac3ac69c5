/** @file What was found, made up and missed in each photo, to look at the worst ones. */
import { ConfigError } from '../tensor/index.js'
import type { CocoEvaluation } from './coco-evaluation.js'
import { effectiveThreshold } from './coco-parameters.js'
import type { CocoImageId } from './coco-records.js'
import { ignoredLast, matchGreedily } from './matching.js'
import { overlapsOf } from './overlaps.js'
import { PhotoGroups } from './photo-groups.js'
import { indicesUpTo } from './stable-order.js'

/** What counts as found. */
export interface OutcomeOptions {
  /** Least IoU of a detection and what it finds, 0..1; 0.5 where absent. */
  readonly iou?: number
  /** Detections with lower scores are passed over; 0.5 where absent. */
  readonly minScore?: number
}

/** @throws ConfigError when an option is no number of its range. */
export function checkOutcomeOptions({ iou = 0.5, minScore = 0.5 }: OutcomeOptions): Required<OutcomeOptions> {
  if (!(iou > 0 && iou <= 1))
    throw new ConfigError({ where: 'iou', expected: 'a number above 0, up to 1', got: `${iou}` })
  if (Number.isNaN(minScore)) throw new ConfigError({ where: 'minScore', expected: 'a number', got: 'NaN' })
  return { iou, minScore }
}

/** A detection and the annotation it found, by their positions in the lists that were evaluated. */
export interface FoundObject {
  readonly detection: number
  readonly annotation: number
  readonly iou: number
}

/** One photo. Detections that found nothing but what is ignored (a crowd, a difficult object) are in none of the lists, nor is that. */
export interface PhotoOutcome {
  readonly imageId: CocoImageId
  /** True positives. */
  readonly found: readonly FoundObject[]
  /** False positives: positions of detections. */
  readonly wrong: readonly number[]
  /** False negatives: positions of annotations. */
  readonly missed: readonly number[]
}

/**
 * The outcome of every photo, in ascending order of ids, by COCO's matching.
 * @throws ConfigError when an option is no number of its range.
 */
export function photoOutcomes(evaluation: CocoEvaluation, options: OutcomeOptions = {}): PhotoOutcome[] {
  const { iou, minScore } = checkOutcomeOptions(options)
  const { groundTruth, detections } = evaluation.columns
  const outcomes = groundTruth.photos.ids.map((imageId) => ({
    imageId,
    found: [] as FoundObject[],
    wrong: [] as number[],
    missed: [] as number[],
  }))
  const groups = new PhotoGroups(groundTruth, detections)
  const overlaps = overlapsOf(groundTruth, detections)
  for (let k = 0; k < evaluation.categories.length; k++) {
    for (const { photo, annotations, detections: all } of groups.ofClass(k)) {
      const outcome = outcomes[photo]!
      const kept = all.filter((d) => detections.score[d]! >= minScore)
      const crowd = Uint8Array.from(annotations, (g) => groundTruth.crowd[g]!)
      const order = new Int32Array(annotations.length)
      const ignored = Uint8Array.from(annotations, (g) => groundTruth.ignored[g]!)
      ignoredLast(ignored, annotations.length, order)
      const ious = overlaps.between(kept, annotations)
      const rows = indicesUpTo(kept.length)
      const problem = { rows, annotations: annotations.length, ious, crowd, ignored, order }
      const matches = new Int32Array(kept.length)
      matchGreedily(problem, effectiveThreshold(iou), matches, new Uint8Array(annotations.length))
      kept.forEach((detection, row) => {
        const match = matches[row]!
        if (match < 0) outcome.wrong.push(detection)
        else if (ignored[match] === 0) {
          const annotation = annotations[match]!
          outcome.found.push({ detection, annotation, iou: ious[row * annotations.length + match]! })
        }
      })
      const taken = new Set(matches)
      annotations.forEach((annotation, g) => {
        if (ignored[g] === 0 && !taken.has(g)) outcome.missed.push(annotation)
      })
    }
  }
  return outcomes
}

/** The photos with the most errors, wrong and missed together, worst first; photos without any are left out. */
export function worstPhotos(outcomes: readonly PhotoOutcome[], count: number): PhotoOutcome[] {
  const errors = ({ wrong, missed }: PhotoOutcome): number => wrong.length + missed.length
  return outcomes
    .filter((outcome) => errors(outcome) > 0)
    .sort((a, b) => errors(b) - errors(a))
    .slice(0, Math.max(0, count))
}
