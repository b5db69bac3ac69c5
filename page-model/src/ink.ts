/** @file Shrinks measured rectangles to the pixels that are drawn in them. */
import type { PageClass } from './classes.js'
import type { MeasuredRegion, Rect } from './measure.js'

/** RGB bytes, row by row. */
export interface Raster {
  readonly width: number
  readonly height: number
  readonly data: Uint8Array
}

/** A region in pixels: the ink of each run of its text, or of its whole box. */
export interface InkRegion {
  readonly name: PageClass
  readonly runs: readonly Rect[]
}

/** A box in pixels of the finished picture. */
export interface LabelledBox {
  readonly name: PageClass
  readonly box: Rect
}

/** By how much a channel differs where there is ink. Pale panels count in tables and pictures, not behind text. */
const INK = { text: 36, box: 14 } as const

/** The smallest rectangle around all. */
export function union(rects: readonly Rect[]): Rect {
  return [
    Math.min(...rects.map((r) => r[0])),
    Math.min(...rects.map((r) => r[1])),
    Math.max(...rects.map((r) => r[2])),
    Math.max(...rects.map((r) => r[3])),
  ]
}

/**
 * The ink of a region.
 * @param scale pixels per CSS pixel.
 * @returns undefined where nothing is drawn.
 */
export function inkOf(raster: Raster, region: MeasuredRegion, scale: number): InkRegion | undefined {
  const { name } = region
  const solid = name === 'Picture' || name === 'Table'
  const whole = solid || name === 'Formula'
  const scaled = region.rects.map((rect) => rect.map((value) => value * scale) as unknown as Rect)
  // Each run by itself: marks and fallback typefaces stand higher or lower than the text beside them.
  const rects = whole ? [union(scaled)] : scaled
  const paper = background(raster, union(rects), solid)
  const runs = rects
    .map((rect) => shrink(raster, edgesOf(raster, rect, name), paper, solid ? INK.box : INK.text))
    .filter((run) => run !== undefined)
  return runs.length === 0 ? undefined : { name, runs }
}

/** The commonest colour inside, or around what may be full of colour itself. */
function background({ width, height, data }: Raster, rect: Rect, around: boolean): number {
  const [l, t, r, b] = within(rect, width, height, around ? 3 : 1)
  const counts = new Map<number, number>()
  for (let y = t; y < b; y++) {
    const edge = y < t + 2 || y >= b - 2
    const step = !around || edge ? 1 : Math.max(1, r - l - 2)
    for (let x = l; x < r; x += step) {
      const i = (y * width + x) * 3
      const colour = (data[i]! << 16) | (data[i + 1]! << 8) | data[i + 2]!
      counts.set(colour, (counts.get(colour) ?? 0) + 1)
    }
  }
  let [best, most] = [0xffffff, 0]
  for (const [colour, count] of counts) if (count > most) [best, most] = [colour, count]
  return best
}

function within([l, t, r, b]: Rect, width: number, height: number, margin: number): [number, number, number, number] {
  return [
    Math.max(0, Math.floor(l) - margin),
    Math.max(0, Math.floor(t) - margin),
    Math.min(width, Math.ceil(r) + margin),
    Math.min(height, Math.ceil(b) + margin),
  ]
}

/** Where ink is looked for. Lines above and below are as near as half a pixel; letters lean out at the sides. */
function edgesOf({ width, height }: Raster, rect: Rect, name: PageClass): Rect {
  if (name === 'Formula') return within(rect, width, height, 3)
  const [l, t, r, b] = within(rect, width, height, 1)
  if (name === 'Picture' || name === 'Table') return [l, t, r, b]
  return [l, Math.max(t, Math.round(rect[1])), r, Math.min(b, Math.round(rect[3]))]
}

function shrink({ width, data }: Raster, [l, t, r, b]: Rect, paper: number, least: number): Rect | undefined {
  const [red, green, blue] = [paper >> 16, (paper >> 8) & 255, paper & 255]
  let [left, top, right, bottom] = [r, b, l, t]
  for (let y = t; y < b; y++) {
    for (let x = l; x < r; x++) {
      const i = (y * width + x) * 3
      const differs =
        Math.abs(data[i]! - red) > least ||
        Math.abs(data[i + 1]! - green) > least ||
        Math.abs(data[i + 2]! - blue) > least
      if (!differs) continue
      if (x < left) left = x
      if (x >= right) right = x + 1
      if (y < top) top = y
      bottom = y + 1
    }
  }
  return right > left && bottom > top ? [left, top, right, bottom] : undefined
}
