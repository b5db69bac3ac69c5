/**
 * @file Polygons to run lengths, pixel for pixel as pycocotools.mask.frPyObjects: vertices are rounded to fifths of a
 * pixel, edges walked in those steps, and where an edge crosses the middle of a pixel column a run begins or ends. The
 * walk itself is skipped here: each crossing is computed on its own, so the work is bounded by the mask's width.
 */
import { fault } from './fault.js'
import { checkSize, mergeRles, type Rle } from './rle.js'
import { RunList } from './run-list.js'

/** Steps per pixel. */
const SCALE = 5

/** Largest coordinate whose fifths fit in 32 bits. */
export const MAX_COORDINATE: number = 4e8

/** Most crossings of polygon edges with pixel columns; more would take memory without bound. */
const MAX_CROSSINGS = 2 ** 24

/**
 * The union of polygons, each `[x1, y1, x2, y2, …]` in pixels, as run lengths; each is filled by the even-odd rule.
 * @throws FileError when there is none, a coordinate is not finite, or a polygon crosses too many pixel columns.
 */
export function rleFromPolygons(polygons: readonly (readonly number[])[], height: number, width: number): Rle {
  checkSize(height, width, 'polygon')
  return mergeRles(polygons.map((polygon) => rleFromPolygon(polygon, height, width)))
}

/** One box `[x, y, width, height]` as run lengths, as pycocotools.mask.frPyObjects draws it. */
export function rleFromBox([x, y, w, h]: readonly number[], height: number, width: number): Rle {
  const [right, bottom] = [x! + w!, y! + h!]
  return rleFromPolygons([[x!, y!, x!, bottom, right, bottom, right, y!]], height, width)
}

function rleFromPolygon(polygon: readonly number[], height: number, width: number): Rle {
  const crossings = new RunList()
  const corners = Math.floor(polygon.length / 2)
  for (let j = 0; j < corners; j++) {
    const next = j + 1 === corners ? 0 : j + 1
    const [xs, ys] = [stepsOf(polygon[2 * j]!), stepsOf(polygon[2 * j + 1]!)]
    const [xe, ye] = [stepsOf(polygon[2 * next]!), stepsOf(polygon[2 * next + 1]!)]
    addCrossings(xs, ys, xe, ye, height, width, crossings)
  }
  crossings.push(height * width)
  return { height, width, counts: runsBetween(crossings.toArray().sort()) }
}

/** A coordinate in fifths of a pixel. */
function stepsOf(coordinate: number): number {
  if (Math.abs(coordinate) <= MAX_COORDINATE) return Math.trunc(SCALE * coordinate + 0.5)
  throw fault('polygon', `coordinates of at most ${MAX_COORDINATE}`, `${coordinate}`)
}

/**
 * Adds the pixel index at which each column's middle is crossed. Column x has its middle between the steps 5x + 2 and
 * 5x + 3; the smaller of the edge's two heights there counts.
 */
function addCrossings(
  xs: number,
  ys: number,
  xe: number,
  ye: number,
  height: number,
  width: number,
  into: RunList,
): void {
  const first = Math.max(0, Math.ceil((Math.min(xs, xe) - 2) / SCALE))
  const last = Math.min(width - 1, Math.floor((Math.max(xs, xe) - 3) / SCALE))
  if (first > last) return
  if (into.length + last - first >= MAX_CROSSINGS) {
    throw fault('polygon', `at most ${MAX_CROSSINGS} crossings with pixel columns`, 'more')
  }
  const heightAt = Math.abs(xe - xs) >= Math.abs(ye - ys) ? flatEdge(xs, ys, xe, ye) : steepEdge(xs, ys, xe, ye)
  for (let x = first; x <= last; x++) {
    const y = (heightAt(SCALE * x + 2) + 0.5) / SCALE - 0.5
    into.push(x * height + Math.ceil(Math.min(Math.max(y, 0), height)))
  }
}

/** The smaller height of an edge at `step` and the next step to the right, both in steps; this edge goes by columns. */
function flatEdge(xs: number, ys: number, xe: number, ye: number): (step: number) => number {
  const [left, top, bottom] = xs > xe ? [xe, ye, ys] : [xs, ys, ye]
  const slope = (bottom - top) / Math.abs(xe - xs)
  const heightAt = (step: number): number => Math.trunc(top + slope * (step - left) + 0.5)
  return (step) => Math.min(heightAt(step), heightAt(step + 1))
}

/** The same for an edge that goes by rows: the last row before its rounded column changes between the two steps. */
function steepEdge(xs: number, ys: number, xe: number, ye: number): (step: number) => number {
  const [top, from, to] = ys > ye ? [ye, xe, xs] : [ys, xs, xe]
  const slope = (to - from) / Math.abs(ye - ys)
  const columnAt = (row: number): number => Math.trunc(from + slope * row + 0.5)
  return (step) => {
    const isPast = (row: number): boolean => (slope > 0 ? columnAt(row) > step : columnAt(row) <= step)
    // The division is off by a row at most; the comparison with the walk's own rounding decides.
    let row = Math.ceil((step + 0.5 - from) / slope)
    while (isPast(row - 1)) row--
    while (!isPast(row)) row++
    return top + row - 1
  }
}

/** Run lengths between ascending pixel indices; two that are equal cancel out. */
function runsBetween(indices: Uint32Array): Uint32Array {
  const runs = new RunList()
  let previous = 0
  for (let j = 0; j < indices.length; j++) {
    const run = indices[j]! - previous
    previous = indices[j]!
    if (run > 0 || j === 0) runs.push(run)
    else if (++j < indices.length) {
      runs.data[runs.length - 1]! += indices[j]! - previous
      previous = indices[j]!
    }
  }
  return runs.toArray()
}
