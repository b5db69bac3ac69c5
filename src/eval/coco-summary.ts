/** @file The twelve numbers of COCO, as pycocotools' summarize computes and prints them. */
import type { PrecisionRecall } from './class-tally.js'
import {
  AREA_NAMES,
  AREA_RANGES,
  type AreaName,
  IOU_THRESHOLDS,
  MAX_DETECTIONS,
  RECALL_POINTS,
} from './coco-parameters.js'

/** Average precision and recall, 0..1, or -1 where there is no ground truth. */
export interface CocoSummary {
  /** Mean over IoU 0.5 to 0.95, recall and classes, of at most 100 detections per class and photo. */
  readonly AP: number
  readonly AP50: number
  readonly AP75: number
  /** Objects below 32² square pixels, between 32² and 96², above 96². */
  readonly APs: number
  readonly APm: number
  readonly APl: number
  /** Mean over IoU and classes of the highest recall of at most 1, 10, 100 detections per class and photo. */
  readonly AR1: number
  readonly AR10: number
  readonly AR100: number
  readonly ARs: number
  readonly ARm: number
  readonly ARl: number
}

interface Slice {
  readonly name: keyof CocoSummary
  readonly of: 'precision' | 'recall'
  /** One threshold; all where absent. */
  readonly iou?: number
  readonly area: AreaName
  readonly detections: number
}

const SLICES: readonly Slice[] = [
  { name: 'AP', of: 'precision', area: 'all', detections: 100 },
  { name: 'AP50', of: 'precision', iou: 0.5, area: 'all', detections: 100 },
  { name: 'AP75', of: 'precision', iou: 0.75, area: 'all', detections: 100 },
  { name: 'APs', of: 'precision', area: 'small', detections: 100 },
  { name: 'APm', of: 'precision', area: 'medium', detections: 100 },
  { name: 'APl', of: 'precision', area: 'large', detections: 100 },
  { name: 'AR1', of: 'recall', area: 'all', detections: 1 },
  { name: 'AR10', of: 'recall', area: 'all', detections: 10 },
  { name: 'AR100', of: 'recall', area: 'all', detections: 100 },
  { name: 'ARs', of: 'recall', area: 'small', detections: 100 },
  { name: 'ARm', of: 'recall', area: 'medium', detections: 100 },
  { name: 'ARl', of: 'recall', area: 'large', detections: 100 },
]

/**
 * The twelve numbers over classes `from` to `to` - 1 of `classes`: of all, or of one.
 * @returns each -1 where these classes have no ground truth of that area
 */
export function summarizeClasses(arrays: PrecisionRecall, classes: number, from: number, to: number): CocoSummary {
  return Object.fromEntries(
    SLICES.map((slice) => [slice.name, sliceMean(arrays, slice, classes, from, to)]),
  ) as unknown as CocoSummary
}

function sliceMean(arrays: PrecisionRecall, slice: Slice, classes: number, from: number, to: number): number {
  const [A, M] = [AREA_RANGES.length, MAX_DETECTIONS.length]
  const corner = AREA_NAMES.indexOf(slice.area) * M + MAX_DETECTIONS.indexOf(slice.detections)
  const recalls = slice.of === 'precision' ? RECALL_POINTS.length : 1
  const values: number[] = []
  IOU_THRESHOLDS.forEach((threshold, t) => {
    if (slice.iou !== undefined && slice.iou !== threshold) return
    for (let r = 0; r < recalls; r++) {
      for (let k = from; k < to; k++) {
        const value = arrays[slice.of][((t * recalls + r) * classes + k) * A * M + corner]!
        if (value > -1) values.push(value)
      }
    }
  })
  return values.length === 0 ? -1 : pairwiseSum(values, 0, values.length) / values.length
}

/** The sum in numpy's order of additions: eight sums side by side in blocks of up to 128, halves above. */
function pairwiseSum(values: readonly number[], from: number, count: number): number {
  if (count < 8) {
    let sum = 0
    for (let i = 0; i < count; i++) sum += values[from + i]!
    return sum
  }
  if (count > 128) {
    const half = (count >> 1) - ((count >> 1) % 8)
    return pairwiseSum(values, from, half) + pairwiseSum(values, from + half, count - half)
  }
  const r = values.slice(from, from + 8)
  const whole = count - (count % 8)
  for (let i = 8; i < whole; i++) r[i % 8]! += values[from + i]!
  let sum = r[0]! + r[1]! + (r[2]! + r[3]!) + (r[4]! + r[5]! + (r[6]! + r[7]!))
  for (let i = whole; i < count; i++) sum += values[from + i]!
  return sum
}

/** The twelve lines that pycocotools prints. */
export function formatSummary(summary: CocoSummary): string {
  return SLICES.map(({ name, of, iou, area, detections }) => {
    const title = of === 'precision' ? 'Average Precision  (AP)' : 'Average Recall     (AR)'
    const range = (iou === undefined ? '0.50:0.95' : iou.toFixed(2)).padEnd(9)
    const limits = `IoU=${range} | area=${area.padStart(6)} | maxDets=${String(detections).padStart(3)}`
    return ` ${title} @[ ${limits} ] = ${threePlaces(summary[name])}\n`
  }).join('')
}

/** Three decimal places; a tie goes to the even digit, as in Python. */
function threePlaces(value: number): string {
  // Only odd sixteenths lie exactly between two thousandths.
  const isTie = Math.abs((value * 16) % 2) === 1
  if (!isTie) return value.toFixed(3)
  const below = Math.floor(value * 1000)
  return ((below % 2 === 0 ? below : below + 1) / 1000).toFixed(3)
}
