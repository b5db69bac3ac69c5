/** @file Boxes follow the page through the scanner. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { InkRegion, Raster } from './ink.js'
import { Random } from './random.js'
import { drawScan, type Scan, scanPage, turn, turner } from './scan.js'

const WIDTH = 320
const HEIGHT = 440

/** Two black bars, the second a short one, as the lines of a paragraph. */
const REGION: InkRegion = {
  name: 'Text',
  runs: [
    [40, 60, 280, 72],
    [40, 80, 130, 92],
  ],
}

function page(): Raster {
  const data = new Uint8Array(WIDTH * HEIGHT * 3).fill(255)
  for (const [l, t, r, b] of REGION.runs) {
    for (let y = t; y < b; y++) data.fill(0, (y * WIDTH + l) * 3, (y * WIDTH + r) * 3)
  }
  return { width: WIDTH, height: HEIGHT, data }
}

function inkBox({ width, height, data }: Raster): number[] {
  let [l, t, r, b] = [width, height, 0, 0]
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (data[(y * width + x) * 3]! > 128) continue
      ;[l, t, r, b] = [Math.min(l, x), Math.min(t, y), Math.max(r, x + 1), Math.max(b, y + 1)]
    }
  }
  return [l, t, r, b]
}

const CLEAN: Scan = { ...drawScan(new Random('clean'), true), oversampling: 1 }

test('a clean page stays as it is', async () => {
  const { raster, boxes } = await scanPage(page(), [REGION], CLEAN, new Random('noise'))
  assert.deepEqual(boxes, [{ name: 'Text', box: [40, 60, 280, 92] }])
  assert.deepEqual(inkBox(raster), [40, 60, 280, 92])
})

for (const degrees of [-2, -0.7, 1.3, 2]) {
  test(`a turn by ${degrees} degrees takes the box along with the ink`, async () => {
    const { raster, boxes } = await scanPage(page(), [REGION], { ...CLEAN, turn: degrees }, new Random('noise'))
    for (const [i, value] of inkBox(raster).entries()) assert.ok(Math.abs(value - boxes[0]!.box[i]!) <= 1.5, `${i}`)
  })
}

test('a quarter turn takes the right edge to the foot', () => {
  const [x, y] = turner(100, 100, 90)(100, 50)
  assert.deepEqual([Math.round(x), Math.round(y)], [50, 100])
  const [u, v] = turner(100, 100, 90)(50, 0)
  assert.deepEqual([Math.round(u), Math.round(v)], [100, 50])
})

test('shrinking shrinks the boxes', async () => {
  const { raster, boxes } = await scanPage(page(), [REGION], { ...CLEAN, oversampling: 2 }, new Random('noise'))
  assert.deepEqual([raster.width, raster.height], [160, 220])
  assert.deepEqual(boxes[0]!.box, [20, 30, 140, 46])
})

test('what a turn leaves outside the page is cut off', async () => {
  const corner: InkRegion = { name: 'Picture', runs: [[0, 0, WIDTH, 30]] }
  const { boxes } = await scanPage(page(), [corner], { ...CLEAN, turn: 2 }, new Random('noise'))
  const [l, t, r, b] = boxes[0]!.box
  assert.ok(l >= 0 && t >= 0 && r <= WIDTH && b <= HEIGHT)
})

test('a turn by nothing changes nothing', () => {
  assert.deepEqual(turn(page(), 0).data, page().data)
})

test('equal names give equal scans and equal grain', async () => {
  const scan = drawScan(new Random('one'), false)
  assert.deepEqual(drawScan(new Random('one'), false), scan)
  const noisy = { ...scan, grain: 9 }
  const [a, b] = [
    await scanPage(page(), [], noisy, new Random('n')),
    await scanPage(page(), [], noisy, new Random('n')),
  ]
  assert.deepEqual(a.raster.data, b.raster.data)
})
