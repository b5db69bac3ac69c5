/** @file Antialiased lines of any width with round ends and joints, as coverage masks or straight onto a picture. */
import { type Canvas, type Color, type CoverageMask, fillMask, type Rect } from './canvas.js'

/** Corners of a line in float pixels: x0, y0, x1, y1, …; a single point is a dot. */
export type Polyline = readonly number[]

/**
 * Draws lines with round ends as one shape, so that crossings and joints are not blended twice; draws nothing if a
 * coordinate is NaN.
 *
 * @param lineWidth Pixels, > 0; lines thinner than a pixel are drawn fainter.
 * @param alpha Opacity, 0..1.
 */
export function strokeLines(
  canvas: Canvas,
  lines: readonly Polyline[],
  lineWidth: number,
  color: Color,
  alpha = 1,
): void {
  const bounds = boundsOf(lines, lineWidth / 2 + 1)
  const left = Math.max(0, Math.floor(bounds.xmin))
  const top = Math.max(0, Math.floor(bounds.ymin))
  const width = Math.min(canvas.width, Math.ceil(bounds.xmax)) - left
  const height = Math.min(canvas.height, Math.ceil(bounds.ymax)) - top
  if (!(width > 0 && height > 0)) return
  const mask: CoverageMask = { x: left, y: top, width, height, data: new Uint8Array(width * height) }
  for (const line of lines) coverLine(mask, line, lineWidth / 2)
  fillMask(canvas, mask, color, alpha)
}

/** Raises a mask's coverage to that of a line with round ends; `radius` is half the line's width in pixels. */
export function coverLine(mask: CoverageMask, line: Polyline, radius: number): void {
  if (line.length === 2) coverSegment(mask, line[0]!, line[1]!, line[0]!, line[1]!, radius)
  for (let i = 0; i + 3 < line.length; i += 2) {
    coverSegment(mask, line[i]!, line[i + 1]!, line[i + 2]!, line[i + 3]!, radius)
  }
}

/**
 * Coverage falls from 1 to 0 over one pixel around the distance `radius` from the segment; the maximum with what the
 * mask holds makes a union of segments.
 */
function coverSegment(mask: CoverageMask, ax: number, ay: number, bx: number, by: number, radius: number): void {
  const x0 = ax - mask.x
  const y0 = ay - mask.y
  const dx = bx - ax
  const dy = by - ay
  const square = dx * dx + dy * dy
  const reach = radius + 0.5
  const peak = Math.min(1, 2 * radius)
  const left = Math.min(x0, x0 + dx) - reach
  const right = Math.max(x0, x0 + dx) + reach
  const top = Math.max(0, Math.floor(Math.min(y0, y0 + dy) - reach))
  const bottom = Math.min(mask.height, Math.ceil(Math.max(y0, y0 + dy) + reach))
  // Half the length that a row cuts out of the line's band: long slanted lines cost their own area, not their box's.
  const slant = Math.abs(dy) > 1e-6 ? (reach * Math.sqrt(square)) / Math.abs(dy) : Number.POSITIVE_INFINITY
  for (let y = top; y < bottom; y++) {
    const py = y + 0.5 - y0
    const middle = slant === Number.POSITIVE_INFINITY ? x0 : x0 + (py * dx) / dy
    const from = Math.max(0, Math.floor(Math.max(left, middle - slant)))
    const to = Math.min(mask.width, Math.ceil(Math.min(right, middle + slant)))
    for (let x = from; x < to; x++) {
      const px = x + 0.5 - x0
      const along = square > 0 ? Math.min(1, Math.max(0, (px * dx + py * dy) / square)) : 0
      const ex = px - along * dx
      const ey = py - along * dy
      const distance = Math.sqrt(ex * ex + ey * ey)
      if (!(distance < reach)) continue
      const coverage = Math.round(Math.min(peak, reach - distance) * 255)
      const at = y * mask.width + x
      if (coverage > mask.data[at]!) mask.data[at] = coverage
    }
  }
}

/** The box around all corners, grown by `margin`; NaN if any coordinate is NaN. */
function boundsOf(lines: readonly Polyline[], margin: number): Rect {
  let xmin = Number.POSITIVE_INFINITY
  let ymin = Number.POSITIVE_INFINITY
  let xmax = Number.NEGATIVE_INFINITY
  let ymax = Number.NEGATIVE_INFINITY
  for (const line of lines) {
    for (let i = 0; i + 1 < line.length; i += 2) {
      xmin = Math.min(xmin, line[i]! - margin)
      xmax = Math.max(xmax, line[i]! + margin)
      ymin = Math.min(ymin, line[i + 1]! - margin)
      ymax = Math.max(ymax, line[i + 1]! + margin)
    }
  }
  return { xmin, ymin, xmax, ymax }
}
