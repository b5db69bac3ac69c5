/** @file An evaluation's numbers as plain data: what evaluation.json, classes.csv and photos.csv hold. */
import {
  type ClassResult,
  type CocoImageId,
  type CocoSummary,
  classResults,
  type OperatingPoint,
} from '../eval/index.js'
import { type JudgedPhotos, LOOKED_AT_IOU } from './judged-photos.js'

/** What became of detections and objects at the lowest score that is believed. */
export interface OutcomeCounts {
  /** True positives, false positives, false negatives. */
  readonly right: number
  readonly wrong: number
  readonly missed: number
}

/** One class. */
export interface ClassRecord extends ClassResult, OutcomeCounts {}

/** One photo. */
export interface PhotoRecord extends OutcomeCounts {
  readonly id: CocoImageId
  readonly file: string
}

/** An evaluation in numbers. */
export interface EvaluationRecord {
  /** Epochs that the judged weights were trained for; absent outside of training. */
  readonly epoch?: number
  readonly type: 'bbox' | 'segm'
  /** -1 where there are no such objects. */
  readonly summary: CocoSummary
  /** Least IoU and score of what is counted as right and wrong. */
  readonly iou: number
  readonly minScore: number
  /** Precision, recall and F1 at `minScore`, of all classes together; absent where nothing right was found. */
  readonly best?: OperatingPoint
  readonly classes: readonly ClassRecord[]
  readonly photos: readonly PhotoRecord[]
  readonly notes: readonly string[]
}

/** The numbers of an evaluation. */
export function recordEvaluation(judged: JudgedPhotos, epoch?: number): EvaluationRecord {
  const { evaluation, photos, outcomes, point, minScore } = judged
  const { detections, groundTruth } = evaluation.columns
  const [right, wrong, missed] = [0, 1, 2].map(() => evaluation.categories.map(() => 0)) as [
    number[],
    number[],
    number[],
  ]
  for (const outcome of outcomes) {
    for (const { annotation } of outcome.found) right[groundTruth.category[annotation]!]!++
    for (const detection of outcome.wrong) wrong[detections.category[detection]!]!++
    for (const annotation of outcome.missed) missed[groundTruth.category[annotation]!]!++
  }
  return {
    ...(epoch === undefined ? {} : { epoch }),
    type: evaluation.type,
    summary: evaluation.summarize(),
    iou: LOOKED_AT_IOU,
    minScore,
    ...(point === undefined ? {} : { best: point }),
    classes: classResults(evaluation).map((result, k) => ({
      ...result,
      right: right[k]!,
      wrong: wrong[k]!,
      missed: missed[k]!,
    })),
    photos: outcomes.map(({ imageId, ...outcome }, i) => ({
      id: imageId,
      file: photos[i]!.file,
      right: outcome.found.length,
      wrong: outcome.wrong.length,
      missed: outcome.missed.length,
    })),
    notes: evaluation.notes,
  }
}

/** A row per class; a cell is empty where there is nothing to measure. */
export function classesCsv({ classes }: EvaluationRecord): string {
  const figures = ['AP', 'AP50', 'AP75', 'APs', 'APm', 'APl', 'AR1', 'AR10', 'AR100', 'ARs', 'ARm', 'ARl'] as const
  const counts = ['photos', 'objects', 'detections', 'right', 'wrong', 'missed'] as const
  const rows = classes.map((one) => [
    one.name,
    ...counts.map((key) => one[key]),
    ...figures.map((key) => (one[key] < 0 ? '' : one[key])),
  ])
  return csvOf([['class', ...counts, ...figures], ...rows])
}

/** A row per photo. */
export function photosCsv({ photos }: EvaluationRecord): string {
  return csvOf([
    ['photo', 'right', 'wrong', 'missed'],
    ...photos.map(({ file, right, wrong, missed }) => [file, right, wrong, missed]),
  ])
}

function csvOf(rows: readonly (readonly (string | number)[])[]): string {
  return rows.map((row) => `${row.map((cell) => quoted(String(cell))).join(',')}\n`).join('')
}

/** RFC 4180. */
function quoted(cell: string): string {
  return /[",\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell
}
