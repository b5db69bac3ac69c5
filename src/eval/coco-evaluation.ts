/** @file COCO's evaluation of detections: evaluate, accumulate, summarize, each number equal to pycocotools'. */
import { ClassTally, type PrecisionRecall } from './class-tally.js'
import { AREA_RANGES, IOU_THRESHOLDS, MAX_DETECTIONS, RECALL_POINTS } from './coco-parameters.js'
import type { CocoCategory, CocoDetection, CocoGroundTruth, CocoRegionType } from './coco-records.js'
import { type CocoSummary, summarizeClasses } from './coco-summary.js'
import { type DetectionColumns, readDetections } from './detections.js'
import { type GroundTruthColumns, readGroundTruth } from './ground-truth.js'
import { GroupJudge } from './judge-group.js'
import { overlapsOf } from './overlaps.js'
import { PhotoGroups } from './photo-groups.js'

export interface CocoRequest {
  readonly groundTruth: CocoGroundTruth
  readonly detections: readonly CocoDetection[]
  /** What is compared; boxes where absent. */
  readonly type?: CocoRegionType
  /** Ids of annotations that need not be found, and whose finding counts for nothing, as VOC has it for difficult objects. */
  readonly ignored?: ReadonlySet<number>
  /** What the two are called in errors and notes, such as their files' names. */
  readonly names?: { readonly groundTruth: string; readonly detections: string }
}

/** The checked columns that an evaluation was made from. */
export interface EvaluationColumns {
  readonly groundTruth: GroundTruthColumns
  readonly detections: DetectionColumns
}

/** What an evaluation found. */
export class CocoEvaluation implements PrecisionRecall {
  readonly type: CocoRegionType
  /** Classes in ascending order of their ids; K of them. */
  readonly categories: readonly CocoCategory[]
  /** Thresholds of IoU, recall points, classes, area ranges, limits on detections: [T, R, K, A, M]. */
  readonly counts: readonly [T: number, R: number, K: number, A: number, M: number]
  /** [T, R, K, A, M]: precision, 0..1; -1 where there is no ground truth. */
  readonly precision: Float64Array
  /** [T, K, A, M]: highest recall, 0..1; -1 where there is no ground truth. */
  readonly recall: Float64Array
  /** [T, R, K, A, M]: score at which a recall is reached; -1 where there is no ground truth, 0 where it is not reached. */
  readonly scores: Float64Array
  /** Sentences about what was odd and yet evaluated. */
  readonly notes: readonly string[]
  readonly columns: EvaluationColumns

  /** Use `evaluateCoco`. */
  constructor(type: CocoRegionType, columns: EvaluationColumns, notes: readonly string[]) {
    const { categories } = columns.groundTruth
    const [T, R, K, A, M] = [
      IOU_THRESHOLDS.length,
      RECALL_POINTS.length,
      categories.length,
      AREA_RANGES.length,
      MAX_DETECTIONS.length,
    ]
    this.type = type
    this.categories = categories
    this.counts = [T, R, K, A, M]
    this.precision = new Float64Array(T * R * K * A * M).fill(-1)
    this.recall = new Float64Array(T * K * A * M).fill(-1)
    this.scores = new Float64Array(T * R * K * A * M).fill(-1)
    this.notes = notes
    this.columns = columns
  }

  /** The twelve numbers over all classes. */
  summarize(): CocoSummary {
    return summarizeClasses(this, this.categories.length, 0, this.categories.length)
  }
}

/**
 * Evaluates detections against ground truth. Records may come straight from JSON: they are checked.
 *
 * Equal to pycocotools 2.0.11 in all twelve numbers and all arrays, its quirks included: annotations with id 0 count as
 * not found (a note says so), `ignore` of annotations has no effect, the area of a detection is that of its box when the
 * first detection has one. Where pycocotools fails, this is milder: no detections at all, no `iscrowd`, no `area`.
 * Source: https://github.com/cocodataset/cocoapi
 * @throws FileError naming the first record that is at fault.
 */
export function evaluateCoco({ groundTruth, detections, type = 'bbox', ignored, names }: CocoRequest): CocoEvaluation {
  const notes: string[] = []
  const truth = readGroundTruth(groundTruth, names?.groundTruth ?? 'ground truth', type, notes)
  truth.id.forEach((id, i) => {
    if (ignored?.has(id)) truth.ignored[i] = 1
  })
  const found = readDetections(detections, names?.detections ?? 'detections', type, truth, notes)
  const evaluation = new CocoEvaluation(type, { groundTruth: truth, detections: found }, notes)
  const groups = new PhotoGroups(truth, found)
  const judge = new GroupJudge(truth, found, overlapsOf(truth, found))
  const tally = new ClassTally()
  for (let k = 0; k < truth.categories.length; k++) {
    tally.clear()
    for (const group of groups.ofClass(k)) judge.judge(group, tally)
    tally.accumulate(k, truth.categories.length, evaluation)
  }
  return evaluation
}
