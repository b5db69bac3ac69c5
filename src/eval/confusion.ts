/** @file Which classes are taken for which. */
import type { CocoEvaluation } from './coco-evaluation.js'
import { overlapsOf } from './overlaps.js'
import { checkOutcomeOptions, type OutcomeOptions } from './photo-outcomes.js'
import { indicesUpTo, orderByKey } from './stable-order.js'

/** Counts of what was there and what it was taken for. */
export interface ConfusionMatrix {
  /** The K classes in ascending order of ids, then 'background'. */
  readonly labels: readonly string[]
  /**
   * [K + 1, K + 1], row = what was there, column = what was found: the last row counts detections of nothing, the last
   * column objects that nothing found.
   */
  readonly counts: Uint32Array
}

interface Pair {
  readonly row: number
  readonly column: number
  readonly iou: number
  readonly sameClass: boolean
}

/**
 * Pairs detections and objects of any class, highest IoU first (of equals those of one class, then the higher score), each
 * once. What is ignored (a crowd, a difficult object) is not counted, nor are detections that lie in such a one of their class and find
 * nothing else.
 * @throws ConfigError when an option is no number of its range.
 */
export function confusionMatrix(evaluation: CocoEvaluation, options: OutcomeOptions = {}): ConfusionMatrix {
  const { iou, minScore } = checkOutcomeOptions(options)
  const { groundTruth, detections } = evaluation.columns
  const overlaps = overlapsOf(groundTruth, detections)
  const [K, photos] = [evaluation.categories.length, groundTruth.photos.ids.length]
  const counts = new Uint32Array((K + 1) ** 2)
  const kept = indicesUpTo(detections.score.length).filter((d) => {
    return detections.score[d]! >= minScore && detections.category[d]! >= 0
  })
  kept.sort((a, b) => detections.score[b]! - detections.score[a]! || a - b)
  const dtByPhoto = split(kept, detections.photo, photos)
  const gtByPhoto = split(indicesUpTo(groundTruth.id.length), groundTruth.photo, photos)
  for (let photo = 0; photo < photos; photo++) {
    const [dts, gts] = [dtByPhoto[photo]!, gtByPhoto[photo]!]
    const ious = overlaps.between(dts, gts)
    const pairs: Pair[] = []
    const inIgnored = new Set<number>()
    dts.forEach((d, row) => {
      gts.forEach((g, column) => {
        const value = ious[row * gts.length + column]!
        if (value < iou) return
        const sameClass = detections.category[d] === groundTruth.category[g]
        if (groundTruth.ignored[g] === 0) pairs.push({ row, column, iou: value, sameClass })
        else if (sameClass) inIgnored.add(row)
      })
    })
    const { rows, columns } = pairUp(pairs)
    dts.forEach((d, row) => {
      const column = rows.get(row)
      if (column === undefined && inIgnored.has(row)) return
      const truth = column === undefined ? K : groundTruth.category[gts[column]!]!
      counts[truth * (K + 1) + detections.category[d]!]!++
    })
    gts.forEach((g, column) => {
      if (groundTruth.ignored[g] === 0 && !columns.has(column)) counts[groundTruth.category[g]! * (K + 1) + K]!++
    })
  }
  return { labels: [...evaluation.categories.map(({ name }) => name), 'background'], counts }
}

/** Takes pairs greedily; rows come with the better score first. */
function pairUp(pairs: Pair[]): { readonly rows: Map<number, number>; readonly columns: Set<number> } {
  pairs.sort((a, b) => b.iou - a.iou || Number(b.sameClass) - Number(a.sameClass) || a.row - b.row)
  const rows = new Map<number, number>()
  const columns = new Set<number>()
  for (const { row, column } of pairs) {
    if (rows.has(row) || columns.has(column)) continue
    rows.set(row, column)
    columns.add(column)
  }
  return { rows, columns }
}

/** The items of each photo, in their order. */
function split(items: Int32Array, photo: Int32Array, photos: number): Int32Array[] {
  const ordered = orderByKey(items, photo, photos)
  let at = 0
  return Array.from({ length: photos }, (_, p) => {
    const start = at
    while (at < ordered.length && photo[ordered[at]!] === p) at++
    return ordered.subarray(start, at)
  })
}
