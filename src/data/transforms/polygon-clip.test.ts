import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededDraws } from './draws.js'
import { clipPolygon, polygonArea } from './polygon-clip.js'

test('an outline inside stays as it is, one outside is gone', () => {
  const triangle = [1, 1, 8, 2, 3, 7.5]
  assert.deepEqual(clipPolygon(triangle, 10, 10), triangle)
  assert.deepEqual(clipPolygon([0, 0, 10, 0, 10, 10, 0, 10], 10, 10), [0, 0, 10, 0, 10, 10, 0, 10])
  for (const shift of [-8, 10]) {
    assert.equal(
      clipPolygon(
        [1, 1, 8, 1, 8, 8].map((value) => value + shift),
        10,
        10,
      ),
      undefined,
    )
  }
  // Nothing but a line or a corner is left.
  assert.equal(clipPolygon([-5, 2, 0, 2, 0, 4], 10, 10), undefined)
  assert.equal(clipPolygon([1, 1, 5, 5, 9, 9], 10, 10), undefined)
  for (const degenerate of [[], [3, 3], [3, 3, 4, 4]]) assert.equal(clipPolygon(degenerate, 10, 10), undefined)
})

test('areas by the shoelace formula', () => {
  assert.equal(polygonArea([0, 0, 4, 0, 4, 3, 0, 3]), 12)
  assert.equal(polygonArea([0, 3, 4, 3, 4, 0, 0, 0]), 12)
  assert.equal(polygonArea([0, 0, 4, 0, 0, 3]), 6)
})

test('a rectangle is cut as a box is, however far it reaches', () => {
  const draws = seededDraws(3)
  for (let round = 0; round < 500; round++) {
    const [x0, y0] = [draws.real(-15, 9), draws.real(-15, 9)]
    const [x1, y1] = [draws.real(x0, 25), draws.real(y0, 25)]
    const clipped = clipPolygon([x0, y0, x1, y0, x1, y1, x0, y1], 10, 8)
    const width = Math.min(x1, 10) - Math.max(x0, 0)
    const height = Math.min(y1, 8) - Math.max(y0, 0)
    if (width <= 0 || height <= 0) {
      assert.equal(clipped, undefined)
      continue
    }
    assert.ok(Math.abs(polygonArea(clipped!) - width * height) < 1e-9)
  }
})

/** Share of sample points inside an outline (even-odd rule), times the area that they cover. */
function sampledArea(polygon: readonly number[], width: number, height: number): number {
  const steps = 120
  let inside = 0
  for (let i = 0; i < steps; i++) {
    for (let j = 0; j < steps; j++) {
      const [x, y] = [((i + 0.5) * width) / steps, ((j + 0.5) * height) / steps]
      let odd = false
      for (let k = 0; k < polygon.length; k += 2) {
        const n = (k + 2) % polygon.length
        const [ax, ay, bx, by] = [polygon[k]!, polygon[k + 1]!, polygon[n]!, polygon[n + 1]!]
        if (ay > y !== by > y && x < ax + ((y - ay) / (by - ay)) * (bx - ax)) odd = !odd
      }
      if (odd) inside++
    }
  }
  return (inside / steps ** 2) * width * height
}

test('the area of a cut star, which falls into several parts, is that of its points inside', () => {
  const draws = seededDraws(9)
  for (let round = 0; round < 60; round++) {
    const [cx, cy] = [draws.real(-2, 12), draws.real(-2, 12)]
    const star = Array.from({ length: 14 }, (_, k) => {
      const radius = k % 2 === 0 ? draws.real(5, 9) : draws.real(1, 3)
      const angle = (k / 14) * 2 * Math.PI
      return [cx + radius * Math.cos(angle), cy + radius * Math.sin(angle)]
    }).flat()
    const clipped = clipPolygon(star, 10, 10)
    const area = clipped === undefined ? 0 : polygonArea(clipped)
    assert.ok(Math.abs(area - sampledArea(star, 10, 10)) < 0.9, `round ${round}`)
    assert.ok((clipped ?? []).every((value) => value >= 0 && value <= 10))
  }
})
