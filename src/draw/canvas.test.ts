/** @file Rectangles against a per-pixel reference, at random places in and around the picture. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ImageError, uniformAt } from '../tensor/index.js'
import { assertCanvas, type Canvas, type Color, fillMask, fillRect, type Rect, strokeRect } from './canvas.js'

const COLOR: Color = [250, 10, 130]
const BACKGROUND = 77

function plain(width: number, height: number): Canvas {
  return { width, height, data: new Uint8Array(width * height * 3).fill(BACKGROUND) }
}

/** Area of pixel (x, y) inside the rectangle. */
function inside({ xmin, ymin, xmax, ymax }: Rect, x: number, y: number): number {
  const width = Math.min(x + 1, xmax) - Math.max(x, xmin)
  const height = Math.min(y + 1, ymax) - Math.max(y, ymin)
  return width > 0 && height > 0 ? width * height : 0
}

function assertCoverage(canvas: Canvas, coverage: (x: number, y: number) => number, note: string): void {
  for (let y = 0; y < canvas.height; y++) {
    for (let x = 0; x < canvas.width; x++) {
      const share = coverage(x, y)
      for (let c = 0; c < 3; c++) {
        const got = canvas.data[(y * canvas.width + x) * 3 + c]!
        const expected = BACKGROUND + (COLOR[c]! - BACKGROUND) * share
        assert.ok(Math.abs(got - expected) <= 1.3, `${note}: pixel ${x}, ${y}: ${got} instead of ${expected}`)
        if (share === 0) assert.equal(got, BACKGROUND, `${note}: pixel ${x}, ${y} lies outside`)
      }
    }
  }
}

function randomRect(key: number, fractional: boolean): Rect {
  const [x, y, w, h] = [0, 1, 2, 3].map((i) => {
    const value = uniformAt(key, i) * 24
    return fractional ? value : Math.round(value)
  }) as [number, number, number, number]
  return { xmin: x + 8, ymin: y + 6, xmax: x + 8 + Math.abs(w), ymax: y + 6 + Math.abs(h) }
}

test('a filled rectangle covers its own area and nothing else', () => {
  for (let key = 0; key < 400; key++) {
    const canvas = plain(17, 13)
    const rect = randomRect(key, key % 2 === 0)
    const alpha = key % 3 === 0 ? 0.5 : 1
    fillRect(canvas, rect, COLOR, alpha)
    assertCoverage(canvas, (x, y) => alpha * inside(rect, x, y), JSON.stringify({ rect, alpha }))
  }
})

test('an outline covers the area between two rectangles and nothing else', () => {
  for (let key = 1000; key < 1400; key++) {
    const canvas = plain(17, 13)
    const rect = randomRect(key, key % 2 === 0)
    const lineWidth = [1, 2, 2.5, 7][key % 4]!
    strokeRect(canvas, rect, lineWidth, COLOR)
    const half = lineWidth / 2
    const moved = (by: number): Rect => ({
      xmin: rect.xmin - by,
      ymin: rect.ymin - by,
      xmax: rect.xmax + by,
      ymax: rect.ymax + by,
    })
    const share = (x: number, y: number): number => inside(moved(half), x, y) - inside(moved(-half), x, y)
    assertCoverage(canvas, share, JSON.stringify({ rect, lineWidth }))
  }
})

test('rectangles that are empty, reversed, endless or not numbers do no harm', () => {
  const none = plain(9, 7)
  const odd = [Number.NaN, 5, 3]
  for (const xmin of odd) fillRect(none, { xmin, ymin: 2, xmax: 3, ymax: Number.NaN }, COLOR)
  fillRect(none, { xmin: 5, ymin: 2, xmax: 3, ymax: 4 }, COLOR)
  fillRect(none, { xmin: 2, ymin: 2, xmax: 2, ymax: 4 }, COLOR)
  fillRect(none, { xmin: 2, ymin: 2, xmax: 4, ymax: 4 }, COLOR, 0)
  strokeRect(none, { xmin: Number.NaN, ymin: 2, xmax: 4, ymax: 4 }, 2, COLOR)
  assertCoverage(none, () => 0, 'odd')
  const all = plain(9, 7)
  const far = Number.POSITIVE_INFINITY
  fillRect(all, { xmin: -far, ymin: -1e300, xmax: far, ymax: 1e300 }, COLOR)
  assertCoverage(all, () => 1, 'endless')
})

test('a mask that hangs over every edge is clipped', () => {
  for (const [x, y] of [
    [-3, -2],
    [6, 5],
    [-3, 5],
    [40, 2],
    [2, -40],
  ] as const) {
    const canvas = plain(9, 7)
    fillMask(canvas, { x, y, width: 5, height: 4, data: new Uint8Array(20).fill(255) }, COLOR)
    const rect = { xmin: x, ymin: y, xmax: x + 5, ymax: y + 4 }
    assertCoverage(canvas, (px, py) => inside(rect, px, py), `mask at ${x}, ${y}`)
  }
})

test('a picture whose bytes do not fit its size is refused', () => {
  const bytes = new Uint8Array(12)
  assertCanvas({ width: 2, height: 2, data: bytes }, 'test')
  for (const [width, height] of [
    [2, 3],
    [0, 0],
    [-2, -2],
    [1.5, 2],
    [Number.NaN, 2],
  ] as const) {
    assert.throws(() => assertCanvas({ width, height, data: bytes }, 'test'), ImageError)
  }
})
