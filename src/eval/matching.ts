/** @file Who finds whom: COCO's greedy matching of the detections of one class in one photo with its annotations. */

/** The annotations of one class in one photo, with the IoU of its detections. */
export interface MatchProblem {
  /** The detections that take part, as rows of `ious`, best score first. */
  readonly rows: Int32Array
  /** Columns of `ious`. */
  readonly annotations: number
  /** [detections, annotations]. */
  readonly ious: Float64Array
  /** Per annotation, 1 for crowds: they may be found again and again. */
  readonly crowd: Uint8Array
  /** Per annotation, 1 where it need not be found. */
  readonly ignored: Uint8Array
  /** The annotations' order: those that are not ignored, then those that are. */
  readonly order: Int32Array
}

/**
 * Matches at one threshold. Each detection takes the annotation with the highest IoU that reaches the threshold and is
 * not taken, the later one of equals; an ignored one only where no other reaches it.
 * @param matches receives, per row of `ious`, the annotation's column, or -1
 * @param taken scratch, one place per annotation
 */
export function matchGreedily(problem: MatchProblem, threshold: number, matches: Int32Array, taken: Uint8Array): void {
  const { rows, annotations, ious, crowd, ignored, order } = problem
  taken.fill(0, 0, annotations)
  for (const d of rows) {
    let [best, match] = [threshold, -1]
    for (let i = 0; i < annotations; i++) {
      const g = order[i]!
      if (taken[g] === 1 && crowd[g] === 0) continue
      if (match >= 0 && ignored[match] === 0 && ignored[g] === 1) break
      const iou = ious[d * annotations + g]!
      // Written so that NaN, which boxes of denormal size give, passes as it does in pycocotools.
      if (iou < best) continue
      best = iou
      match = g
    }
    matches[d] = match
    if (match >= 0) taken[match] = 1
  }
}

/** Fills `order` with positions 0 to `count` - 1: those that are not ignored, then those that are. */
export function ignoredLast(ignored: Uint8Array, count: number, order: Int32Array): void {
  let at = 0
  for (let wanted = 0; wanted < 2; wanted++) {
    for (let g = 0; g < count; g++) if (ignored[g] === wanted) order[at++] = g
  }
}
