/** @file Lines: their width, their round ends, no double blending, and odd coordinates. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { uniformAt } from '../tensor/index.js'
import type { Canvas } from './canvas.js'
import { strokeLines } from './stroke.js'

function black(width: number, height: number): Canvas {
  return { width, height, data: new Uint8Array(width * height * 3) }
}

function value(canvas: Canvas, x: number, y: number): number {
  return canvas.data[(y * canvas.width + x) * 3]!
}

const WHITE = [255, 255, 255] as const

test('a line on pixel middles is exactly as wide as asked, with round ends', () => {
  const canvas = black(20, 9)
  strokeLines(canvas, [[4, 4.5, 16, 4.5]], 3, WHITE)
  for (const y of [3, 4, 5]) assert.equal(value(canvas, 10, y), 255)
  for (const y of [2, 6]) assert.equal(value(canvas, 10, y), 0)
  assert.equal(value(canvas, 3, 4), 255, 'the end reaches half a width further')
  assert.ok(value(canvas, 2, 3) < 128, 'the corner of the end is round')
})

test('coverage agrees with the distance to the segment, for random lines over the edges', () => {
  for (let key = 0; key < 120; key++) {
    const canvas = black(23, 19)
    const [ax, ay, bx, by] = [0, 1, 2, 3].map((i) => 11 + 20 * uniformAt(key, i)) as [number, number, number, number]
    const width = 1 + 3 * Math.abs(uniformAt(key, 4))
    strokeLines(canvas, [[ax, ay, bx, by]], width, WHITE)
    for (let y = 0; y < 19; y++) {
      for (let x = 0; x < 23; x++) {
        const [px, py] = [x + 0.5 - ax, y + 0.5 - ay]
        const square = (bx - ax) ** 2 + (by - ay) ** 2
        const t = Math.min(1, Math.max(0, (px * (bx - ax) + py * (by - ay)) / square))
        const distance = Math.hypot(px - t * (bx - ax), py - t * (by - ay))
        const expected = Math.min(1, Math.max(0, width / 2 + 0.5 - distance)) * 255
        assert.ok(Math.abs(value(canvas, x, y) - expected) <= 1.5, `line ${key}, pixel ${x}, ${y}`)
      }
    }
  }
})

test('crossing lines of one drawing are not blended twice', () => {
  const canvas = black(11, 11)
  strokeLines(
    canvas,
    [
      [1, 5.5, 10, 5.5],
      [5.5, 1, 5.5, 10],
    ],
    3,
    WHITE,
    0.5,
  )
  assert.equal(value(canvas, 5, 5), value(canvas, 2, 5))
  assert.ok(Math.abs(value(canvas, 5, 5) - 128) <= 1)
})

test('lines thinner than a pixel are fainter, dots are round', () => {
  const thin = black(20, 9)
  strokeLines(thin, [[4, 4.5, 16, 4.5]], 0.5, WHITE)
  assert.ok(Math.abs(value(thin, 10, 4) - 128) <= 1)
  const dot = black(9, 9)
  strokeLines(dot, [[4.5, 4.5]], 5, WHITE)
  assert.equal(value(dot, 4, 2), 255)
  assert.ok(value(dot, 2, 2) < 60)
})

test('coordinates far away, endless or not numbers do no harm', () => {
  const canvas = black(8, 8)
  const far = Number.POSITIVE_INFINITY
  strokeLines(canvas, [[100, 100, 200, 200], [Number.NaN, 1, 2, 3], [], [1]], 2, WHITE)
  strokeLines(canvas, [[-far, 3, far, 3]], 2, WHITE)
  strokeLines(canvas, [[-1e300, 3, 1e300, 3]], 2, WHITE)
  strokeLines(canvas, [], 2, WHITE)
  assert.ok(canvas.data.every((byte) => byte === 0 || byte === 255))
})
