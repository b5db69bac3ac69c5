/**
 * @file The masks of a few objects as sorted intervals of pixels, kept in arrays that are used again for the next photo.
 * Two masks are compared by walking both lists of intervals once, and only when their boxes overlap.
 */

import { boxIouAt } from './box-iou.js'
import type { CocoSegmentation } from './coco-records.js'
import { rleFromPolygons } from './polygon.js'
import { parseCounts, parseRleString, type Rle } from './rle.js'
import { RunList } from './run-list.js'

/** Foreground intervals, areas and boxes of masks. */
export class MaskBatch {
  /** Of all masks, one after the other: first pixel, first pixel behind it. Pixels count down the columns. */
  readonly #edges: RunList = new RunList()
  readonly #runs: RunList = new RunList()
  /** Position of each mask's first edge, and the end. */
  readonly #offsets: number[] = [0]
  readonly #areas: number[] = []
  readonly #heights: number[] = []
  readonly #widths: number[] = []
  /** x, y, width, height of each mask, as pycocotools.mask.toBbox has them. */
  readonly boxes: number[] = []

  /** Forgets all masks. */
  clear(): void {
    this.#edges.clear()
    this.#offsets.length = 1
    for (const list of [this.#areas, this.#heights, this.#widths, this.boxes]) list.length = 0
  }

  /** Adds a checked mask; polygons are drawn on `height` × `width` pixels, the other kinds bring their size. */
  add(segmentation: CocoSegmentation, height: number, width: number): void {
    if (!('counts' in segmentation)) {
      this.addRle(rleFromPolygons(segmentation, height, width))
      return
    }
    const { counts, size } = segmentation
    this.#runs.clear()
    if (typeof counts === 'string') parseRleString(counts, this.#runs)
    else parseCounts(counts, this.#runs)
    this.#addRuns(this.#runs.data, this.#runs.length, size[0], size[1])
  }

  /** Adds a mask of run lengths. */
  addRle({ counts, height, width }: Rle): void {
    this.#addRuns(counts, counts.length, height, width)
  }

  /** Foreground pixels of mask `i`. */
  area(i: number): number {
    return this.#areas[i]!
  }

  #addRuns(runs: Uint32Array, length: number, height: number, width: number): void {
    const edges = this.#edges
    const first = edges.length
    let [at, area] = [0, 0]
    for (let j = 0; j + 1 < length; j += 2) {
      const start = at + runs[j]!
      const run = runs[j + 1]!
      at = start + run
      if (run === 0) continue
      area += run
      if (edges.length > first && edges.data[edges.length - 1] === start) edges.data[edges.length - 1] = at
      else {
        edges.push(start)
        edges.push(at)
      }
    }
    this.#offsets.push(edges.length)
    this.#areas.push(area)
    this.#heights.push(height)
    this.#widths.push(width)
    if (length < 2) this.boxes.push(0, 0, 0, 0)
    else this.#pushBox(first, height, width)
  }

  #pushBox(first: number, height: number, width: number): void {
    const { data, length } = this.#edges
    let [left, right, top, bottom] = [width, 0, height, 0]
    for (let j = first; j < length; j += 2) {
      const start = data[j]!
      const last = data[j + 1]! - 1
      // Cut off as whole numbers, which is faster than Math.floor.
      const xs = (start / height) >>> 0
      const xe = (last / height) >>> 0
      left = Math.min(left, xs)
      right = Math.max(right, xe)
      // A run that goes on in the next column touches the lower and the upper border.
      top = xs < xe ? 0 : Math.min(top, start - xs * height)
      bottom = xs < xe ? height - 1 : Math.max(bottom, last - xe * height)
    }
    // 32-bit arithmetic without sign: an empty mask written with two runs gets the huge box that pycocotools gives it.
    this.boxes.push(left, top, (right - left + 1) >>> 0, (bottom - top + 1) >>> 0)
  }

  /**
   * IoU of mask `d` with mask `g` of another batch; with a crowd the share of `d` that lies inside.
   * @returns 0..1; 0 where they do not overlap, -1 where their sizes differ though their boxes overlap
   */
  iou(d: number, other: MaskBatch, g: number, crowd: boolean): number {
    if (!(boxIouAt(this.boxes, 4 * d, other.boxes, 4 * g, crowd) > 0)) return 0
    if (this.#heights[d] !== other.#heights[g] || this.#widths[d] !== other.#widths[g]) return -1
    const intersection = this.#intersection(d, other, g)
    if (intersection === 0) return 0
    const area = this.#areas[d]!
    return intersection / (crowd ? area : area + other.#areas[g]! - intersection)
  }

  #intersection(d: number, other: MaskBatch, g: number): number {
    const [a, b] = [this.#edges.data, other.#edges.data]
    const [aEnd, bEnd] = [this.#offsets[d + 1]!, other.#offsets[g + 1]!]
    let i = firstBehind(a, this.#offsets[d]!, aEnd, b[other.#offsets[g]!]!)
    let j = firstBehind(b, other.#offsets[g]!, bEnd, a[this.#offsets[d]!]!)
    let sum = 0
    while (i < aEnd && j < bEnd) {
      const [aLast, bLast] = [a[i + 1]!, b[j + 1]!]
      const overlap = Math.min(aLast, bLast) - Math.max(a[i]!, b[j]!)
      if (overlap > 0) sum += overlap
      if (aLast < bLast) i += 2
      else j += 2
    }
    return sum
  }
}

/** Position of the first interval from `low` up to `high` that ends behind `pixel`. */
function firstBehind(edges: Uint32Array, low: number, high: number, pixel: number): number {
  let [from, to] = [0, (high - low) >> 1]
  while (from < to) {
    const middle = (from + to) >> 1
    if (edges[low + 2 * middle + 1]! > pixel) to = middle
    else from = middle + 1
  }
  return low + 2 * from
}

/** The box `[x, y, width, height]` around a mask's foreground; zeros for a mask of one run. */
export function rleBox(rle: Rle): [x: number, y: number, width: number, height: number] {
  const batch = new MaskBatch()
  batch.addRle(rle)
  const [x, y, width, height] = batch.boxes as [number, number, number, number]
  return [x, y, width, height]
}

/**
 * IoU of a detection's mask with an object's. With a crowd it is the share of the detection that lies inside.
 * @returns 0..1; 0 where they do not overlap, -1 where their sizes differ though their boxes overlap
 */
export function maskIou(detection: Rle, object: Rle, crowd = false): number {
  const [dt, gt] = [new MaskBatch(), new MaskBatch()]
  dt.addRle(detection)
  gt.addRle(object)
  return dt.iou(0, gt, 0, crowd)
}
