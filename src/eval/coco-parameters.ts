/** @file The settings of COCO's evaluation, to the bit as numpy computes them: thresholds, recall points, areas, limits. */

/** Like numpy.linspace: the last value is `stop` itself, the others are sums that round twice. */
function linspace(start: number, stop: number, count: number): readonly number[] {
  const step = (stop - start) / (count - 1)
  return Array.from({ length: count }, (_, i) => (i === count - 1 ? stop : i * step + start))
}

/** T = 10 thresholds of IoU: 0.5, 0.55, …, 0.95. */
export const IOU_THRESHOLDS: readonly number[] = linspace(0.5, 0.95, 10)

/** R = 101 recall points at which precision is read: 0, 0.01, …, 1. */
export const RECALL_POINTS: readonly number[] = linspace(0, 1, 101)

/** The names of A = 4 ranges of area. */
export const AREA_NAMES = ['all', 'small', 'medium', 'large'] as const

export type AreaName = (typeof AREA_NAMES)[number]

/** Lowest and highest area of each range, both included, square pixels, in the order of `AREA_NAMES`. */
export const AREA_RANGES: readonly (readonly [lowest: number, highest: number])[] = [
  [0, 1e10],
  [0, 32 ** 2],
  [32 ** 2, 96 ** 2],
  [96 ** 2, 1e10],
]

/** M = 3 limits on detections of one class in one photo. */
export const MAX_DETECTIONS: readonly number[] = [1, 10, 100]

/** Whether an area lies outside range `a`. */
export function isOutsideArea(area: number, a: number): boolean {
  const range = AREA_RANGES[a]!
  return area < range[0] || area > range[1]
}

/** The number that IoU has to reach: a threshold of 1 is passed by an IoU that rounding left just below. */
export function effectiveThreshold(iou: number): number {
  return Math.min(iou, 1 - 1e-10)
}
