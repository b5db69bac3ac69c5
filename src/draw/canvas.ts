/**
 * @file Pixels to draw on, and what is drawn from areas: filled and outlined rectangles with exact fractional
 * coverage at their edges, and coverage masks (glyphs, strokes). Nothing is ever written outside the picture.
 */
import { ImageError } from '../tensor/index.js'

/** 8-bit RGB pixels, row-major, three bytes a pixel; the drawing functions write into `data`. */
export interface Canvas {
  readonly width: number
  readonly height: number
  /** `height × width × 3` bytes, each 0..255. */
  readonly data: Uint8Array
}

/** Red, green, blue, each 0..255 (sRGB). */
export type Color = readonly [red: number, green: number, blue: number]

/** A rectangle in float pixels: pixel (0, 0) covers 0..1 in x and in y. */
export interface Rect {
  readonly xmin: number
  readonly ymin: number
  readonly xmax: number
  readonly ymax: number
}

/** How much of each pixel a shape covers, 0..255, for a window of the picture. */
export interface CoverageMask {
  /** Left column of the window in the picture; may lie outside. */
  readonly x: number
  /** Top row of the window in the picture; may lie outside. */
  readonly y: number
  readonly width: number
  readonly height: number
  /** `height × width` bytes. */
  readonly data: Uint8Array
}

/**
 * Checks that a picture's size and bytes belong together.
 *
 * @throws ImageError if a side is not a positive integer, or `data` has not `height × width × 3` bytes.
 */
export function assertCanvas(canvas: Canvas, where: string): void {
  const { width, height, data } = canvas
  const sane = Number.isSafeInteger(width) && Number.isSafeInteger(height) && width > 0 && height > 0
  if (!sane || data.length !== width * height * 3) {
    throw new ImageError({
      where,
      expected: 'a picture with sides of at least 1 pixel and height × width × 3 bytes',
      got: `${width}×${height} with ${data.length} bytes`,
      next: 'Decode to 8-bit RGB without alpha first.',
    })
  }
}

/**
 * Fills a rectangle; a pixel that it covers in part is blended in proportion.
 *
 * @param alpha Opacity, 0..1.
 */
export function fillRect(canvas: Canvas, rect: Rect, color: Color, alpha = 1): void {
  fillFrame(canvas, rect, null, color, alpha)
}

/**
 * Outlines a rectangle with a line of the given width in pixels, centred on its edges; fractional coordinates are
 * blended in proportion, and a line wider than the rectangle fills it.
 *
 * @param alpha Opacity, 0..1.
 */
export function strokeRect(canvas: Canvas, rect: Rect, lineWidth: number, color: Color, alpha = 1): void {
  const half = lineWidth / 2
  const hole = grow(rect, -half)
  fillFrame(canvas, grow(rect, half), hole.xmin < hole.xmax && hole.ymin < hole.ymax ? hole : null, color, alpha)
}

/** The rectangle with all four edges moved outwards by `by` pixels. */
export function grow(rect: Rect, by: number): Rect {
  return { xmin: rect.xmin - by, ymin: rect.ymin - by, xmax: rect.xmax + by, ymax: rect.ymax + by }
}

/** Blends `color` where a mask covers the picture; `alpha` (0..1) scales the coverage. */
export function fillMask(canvas: Canvas, mask: CoverageMask, color: Color, alpha = 1): void {
  const strength = Math.round(clamp01(alpha) * 256)
  const left = Math.max(0, mask.x)
  const right = Math.min(canvas.width, mask.x + mask.width)
  const top = Math.max(0, mask.y)
  const bottom = Math.min(canvas.height, mask.y + mask.height)
  for (let y = top; y < bottom; y++) {
    const from = (y - mask.y) * mask.width - mask.x
    for (let x = left; x < right; x++) {
      const coverage = mask.data[from + x]!
      if (coverage > 0) blend(canvas.data, (y * canvas.width + x) * 3, color, (coverage * strength + 128) >> 8)
    }
  }
}

/** Fills the area between two rectangles (`hole` null: the whole outer one), with exact area coverage. */
function fillFrame(canvas: Canvas, outer: Rect, hole: Rect | null, color: Color, alpha: number): void {
  const { xmin, ymin, xmax, ymax } = outer
  const [left, right] = pixelRange(xmin, xmax, canvas.width)
  const [top, bottom] = pixelRange(ymin, ymax, canvas.height)
  const strength = clamp01(alpha) * 255
  if (!(left < right && top < bottom && strength > 0)) return
  // Columns that the hole covers in full: skipped in every row that lies in the hole.
  const holeLeft = hole === null ? right : Math.min(right, Math.max(left, Math.ceil(hole.xmin)))
  const holeRight = hole === null ? right : Math.max(holeLeft, Math.min(right, Math.floor(hole.xmax)))
  // The last row that was filled with the bare colour, all along or at both sides of the hole.
  let painted = Number.NaN
  let sides = Number.NaN
  for (let y = top; y < bottom; y++) {
    const outside = overlap(y, ymin, ymax) * strength
    const inside = hole === null ? 0 : overlap(y, hole.ymin, hole.ymax) * strength
    if (inside === 0) {
      // Bands of opaque rows are equal: copying the row above is several times faster than filling it again.
      const solid = outside === 255 && xmin <= left && xmax >= right
      if (solid && painted === y - 1) copyRow(canvas, y, left, right)
      else fillSpan(canvas, y, left, right, xmin, xmax, outside, color)
      if (solid) painted = y
    } else if (outside === inside) {
      const solid = outside === 255 && xmin <= left && xmax >= right && hole!.xmin % 1 === 0 && hole!.xmax % 1 === 0
      if (solid && sides === y - 1) {
        copyRow(canvas, y, left, holeLeft)
        copyRow(canvas, y, holeRight, right)
      } else {
        frameSpan(canvas, y, left, holeLeft, outer, hole!, outside, inside, color)
        frameSpan(canvas, y, holeRight, right, outer, hole!, outside, inside, color)
      }
      if (solid) sides = y
    } else frameSpan(canvas, y, left, right, outer, hole!, outside, inside, color)
  }
}

/** One row of a filled rectangle: its two edge pixels by coverage, the rest at `strength`. */
function fillSpan(
  canvas: Canvas,
  y: number,
  left: number,
  right: number,
  xmin: number,
  xmax: number,
  strength: number,
  color: Color,
): void {
  const { data, width } = canvas
  const full = Math.round(strength)
  const [red, green, blue] = color
  for (let x = left, at = (y * width + left) * 3; x < right; x++, at += 3) {
    const edge = x < xmin || x + 1 > xmax
    if (edge) blend(data, at, color, Math.round(strength * overlap(x, xmin, xmax)))
    else if (full === 255) {
      data[at] = red
      data[at + 1] = green
      data[at + 2] = blue
    } else blend(data, at, color, full)
  }
}

/** Part of a row that crosses the hole: coverage of the outer rectangle less that of the hole. */
function frameSpan(
  canvas: Canvas,
  y: number,
  left: number,
  right: number,
  outer: Rect,
  hole: Rect,
  outside: number,
  inside: number,
  color: Color,
): void {
  const { data, width } = canvas
  const [red, green, blue] = color
  for (let x = left, at = (y * width + left) * 3; x < right; x++, at += 3) {
    const coverage = outside * overlap(x, outer.xmin, outer.xmax) - inside * overlap(x, hole.xmin, hole.xmax)
    if (coverage === 255) {
      data[at] = red
      data[at + 1] = green
      data[at + 2] = blue
    } else blend(data, at, color, Math.round(coverage))
  }
}

function copyRow(canvas: Canvas, y: number, left: number, right: number): void {
  const { data, width } = canvas
  const above = ((y - 1) * width + left) * 3
  data.copyWithin(above + width * 3, above, above + (right - left) * 3)
}

/** `alpha` 0..255, integer. */
function blend(data: Uint8Array, at: number, color: Color, alpha: number): void {
  data[at] = mixed(data[at]!, color[0], alpha)
  data[at + 1] = mixed(data[at + 1]!, color[1], alpha)
  data[at + 2] = mixed(data[at + 2]!, color[2], alpha)
}

/** `below + (above - below) * alpha / 255`, rounded, without a division. */
function mixed(below: number, above: number, alpha: number): number {
  const sum = below * (255 - alpha) + above * alpha + 128
  return (sum + (sum >> 8)) >> 8
}

/** Pixels touched by `min..max`, within `0..size`; empty for an empty, reversed or NaN interval. */
function pixelRange(min: number, max: number, size: number): [from: number, to: number] {
  if (!(min < max)) return [0, 0]
  return [Math.max(0, Math.floor(min)), Math.min(size, Math.ceil(max))]
}

/** Length of the pixel `at..at + 1` that lies in `min..max`. */
function overlap(at: number, min: number, max: number): number {
  return Math.max(0, Math.min(at + 1, max) - Math.max(at, min))
}

function clamp01(value: number): number {
  return value > 0 ? Math.min(1, value) : 0
}
