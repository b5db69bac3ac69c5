/** @file Cutting outlines at the edges of a photo (Sutherland and Hodgman, 1974). */

/** The side of a line that is kept: `sign` · coordinate ≤ `sign` · limit. */
interface Edge {
  /** 0 for x, 1 for y. */
  readonly axis: 0 | 1
  readonly limit: number
  readonly sign: 1 | -1
}

/**
 * The part of an outline x, y, x, y … inside 0..width × 0..height, as one outline; undefined where no area is left. An
 * outline that falls into several parts stays connected along the edges, which encloses no area.
 */
export function clipPolygon(polygon: readonly number[], width: number, height: number): number[] | undefined {
  const edges: readonly Edge[] = [
    { axis: 0, limit: 0, sign: -1 },
    { axis: 0, limit: width, sign: 1 },
    { axis: 1, limit: 0, sign: -1 },
    { axis: 1, limit: height, sign: 1 },
  ]
  let points = [...polygon]
  for (const edge of edges) points = clipAt(points, edge)
  return points.length >= 6 && polygonArea(points) > 0 ? points : undefined
}

/** Area that an outline encloses, square pixels; overlaps of opposite direction cancel out. */
export function polygonArea(polygon: readonly number[]): number {
  let twice = 0
  const count = polygon.length
  for (let i = 0; i < count; i += 2) {
    const next = (i + 2) % count
    twice += polygon[i]! * polygon[next + 1]! - polygon[next]! * polygon[i + 1]!
  }
  return Math.abs(twice) / 2
}

function clipAt(points: readonly number[], { axis, limit, sign }: Edge): number[] {
  const out: number[] = []
  const count = points.length
  for (let i = 0; i < count; i += 2) {
    const before = (i + count - 2) % count
    const excess = sign * (points[i + axis]! - limit)
    const excessBefore = sign * (points[before + axis]! - limit)
    if (excess > 0 !== excessBefore > 0) {
      const share = excessBefore / (excessBefore - excess)
      const crossing = [0, 1].map((k) => points[before + k]! + share * (points[i + k]! - points[before + k]!))
      // On the line itself, whatever the interpolation loses.
      crossing[axis] = limit
      out.push(...crossing)
    }
    if (excess <= 0) out.push(points[i]!, points[i + 1]!)
  }
  return out
}
