/**
 * @file Intersection over union and its generalised form (Rezatofighi et al., arXiv:1902.09630) of host boxes, computed
 * in double precision. src/boxes/overlap-graph.ts is the same in the graph.
 */
import { ConfigError, ShapeError } from '../tensor/index.js'
import type { Boxes } from './formats.js'

/** Options of all overlap functions. */
export interface OverlapOptions {
  /** Added to every denominator, in units of area: 0 in DETR, 1e-6 in DAB-DETR. 0 unless given. */
  readonly epsilon?: number
}

/**
 * Two boxes that together extend less than this along an axis count as boxes without area. Far below any coordinate's
 * rounding, and far enough from float32's smallest number that gradients stay finite.
 */
export const SMALLEST_EXTENT: number = 2 ** -60

/**
 * Intersection over union of two boxes given by their corners, 0..1. Nothing over nothing counts as 0: two boxes without
 * area, even equal ones, have IoU 0. Finite for all corners up to 1e150 in size; NaN when a corner is NaN. Boxes whose
 * second corner lies below the first have no meaning.
 */
export function cornersIou(
  ax0: number,
  ay0: number,
  ax1: number,
  ay1: number,
  bx0: number,
  by0: number,
  bx1: number,
  by1: number,
  epsilon = 0,
): number {
  const hullWidth = Math.max(ax1, bx1) - Math.min(ax0, bx0)
  const hullHeight = Math.max(ay1, by1) - Math.min(ay0, by0)
  // Not 0 itself: NaN in the other axis must not be lost.
  if (hullWidth < SMALLEST_EXTENT || hullHeight < SMALLEST_EXTENT) return (hullWidth + hullHeight) * 0
  const width = Math.max(0, Math.min(ax1, bx1) - Math.max(ax0, bx0))
  const height = Math.max(0, Math.min(ay1, by1) - Math.max(ay0, by0))
  const intersection = width * height
  const union = (ax1 - ax0) * (ay1 - ay0) + (bx1 - bx0) * (by1 - by0) - intersection + epsilon
  return union === 0 ? 0 : intersection / union
}

/**
 * Generalised IoU = IoU - (C - U) / C of two boxes given by their corners, -1..1, where U is the area of the union and C
 * that of the smallest box around both. Nothing over nothing counts as 0, so two boxes without area have GIoU -1 when C
 * has an area, else 0. Otherwise as `cornersIou`.
 */
export function cornersGeneralizedIou(
  ax0: number,
  ay0: number,
  ax1: number,
  ay1: number,
  bx0: number,
  by0: number,
  bx1: number,
  by1: number,
  epsilon = 0,
): number {
  const hullWidth = Math.max(ax1, bx1) - Math.min(ax0, bx0)
  const hullHeight = Math.max(ay1, by1) - Math.min(ay0, by0)
  if (hullWidth < SMALLEST_EXTENT || hullHeight < SMALLEST_EXTENT) return (hullWidth + hullHeight) * 0
  const width = Math.max(0, Math.min(ax1, bx1) - Math.max(ax0, bx0))
  const height = Math.max(0, Math.min(ay1, by1) - Math.max(ay0, by0))
  const intersection = width * height
  const union = (ax1 - ax0) * (ay1 - ay0) + (bx1 - bx0) * (by1 - by0) - intersection
  const iou = union + epsilon === 0 ? 0 : intersection / (union + epsilon)
  const hull = hullWidth * hullHeight
  return iou - (hull - union) / (hull + epsilon)
}

type PairMeasure = typeof cornersIou

/**
 * IoU of box i of `a` with box i of `b`, [n].
 * @throws ShapeError when the counts differ; ConfigError when epsilon is below 0 or not finite.
 */
export function iouPairs(a: Boxes<'xyxy'>, b: Boxes<'xyxy'>, options: OverlapOptions = {}): Float64Array {
  return pairs(cornersIou, a, b, options)
}

/** IoU of every box of `a` with every box of `b`, row-major [n, m]. @throws ConfigError as in `iouPairs`. */
export function iouMatrix(a: Boxes<'xyxy'>, b: Boxes<'xyxy'>, options: OverlapOptions = {}): Float64Array {
  return matrix(cornersIou, a, b, options)
}

/** Generalised IoU of box i of `a` with box i of `b`, [n]. @throws as `iouPairs`. */
export function generalizedIouPairs(a: Boxes<'xyxy'>, b: Boxes<'xyxy'>, options: OverlapOptions = {}): Float64Array {
  return pairs(cornersGeneralizedIou, a, b, options)
}

/** Generalised IoU of every box of `a` with every box of `b`, row-major [n, m]. @throws ConfigError as in `iouPairs`. */
export function generalizedIouMatrix(a: Boxes<'xyxy'>, b: Boxes<'xyxy'>, options: OverlapOptions = {}): Float64Array {
  return matrix(cornersGeneralizedIou, a, b, options)
}

function pairs(measure: PairMeasure, a: Boxes<'xyxy'>, b: Boxes<'xyxy'>, options: OverlapOptions): Float64Array {
  if (a.length !== b.length) {
    throw new ShapeError({
      where: 'overlap of pairs of boxes',
      expected: 'as many boxes on both sides',
      got: `${a.length / 4} and ${b.length / 4}`,
    })
  }
  const epsilon = checkedEpsilon(options)
  const out = new Float64Array(a.length / 4)
  for (let n = 0, i = 0; n < out.length; n++, i += 4) {
    out[n] = measure(a[i]!, a[i + 1]!, a[i + 2]!, a[i + 3]!, b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!, epsilon)
  }
  return out
}

function matrix(measure: PairMeasure, a: Boxes<'xyxy'>, b: Boxes<'xyxy'>, options: OverlapOptions): Float64Array {
  const epsilon = checkedEpsilon(options)
  const out = new Float64Array((a.length / 4) * (b.length / 4))
  for (let i = 0, n = 0; i < a.length; i += 4) {
    const [x0, y0, x1, y1] = [a[i]!, a[i + 1]!, a[i + 2]!, a[i + 3]!]
    for (let j = 0; j < b.length; j += 4, n++) {
      out[n] = measure(x0, y0, x1, y1, b[j]!, b[j + 1]!, b[j + 2]!, b[j + 3]!, epsilon)
    }
  }
  return out
}

/** The epsilon asked for, or 0. @throws ConfigError when it is below 0 or not finite. */
export function checkedEpsilon({ epsilon = 0 }: OverlapOptions): number {
  if (epsilon >= 0 && Number.isFinite(epsilon)) return epsilon
  throw new ConfigError({ where: 'overlap epsilon', expected: 'a number from 0 up', got: String(epsilon) })
}
