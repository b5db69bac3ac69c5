/** @file Sheets: every picture in its place, and a batch with its boxes and padding where the network has them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Canvas, classColor } from '../draw/index.js'
import { tensorData } from '../tensor/index.js'
import { batchSheet } from './batch-sheet.js'
import { contactSheet } from './contact-sheet.js'

function pixel({ width, data }: Canvas, x: number, y: number): string {
  return [...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)].join()
}

const plain = (width: number, height: number, value: number): Canvas => {
  return { width, height, data: new Uint8Array(width * height * 3).fill(value) }
}

test('pictures stand in the middle of their tiles, row by row', () => {
  const tiles = [10, 20, 30].map((value) => ({
    picture: plain(80, 60, value),
    name: `photo ${value}`,
    tail: '1 object',
  }))
  const sheet = contactSheet({ heading: 'H', legend: [], tiles, columns: 2, tile: { width: 100, height: 60 } })
  // Gaps of 10, a heading of 26, captions of 26.
  assert.deepEqual([sheet.width, sheet.height], [230, 36 + 2 * 96 + 10])
  assert.deepEqual(
    [pixel(sheet, 20, 36), pixel(sheet, 99, 95), pixel(sheet, 130, 36)],
    ['10,10,10', '10,10,10', '20,20,20'],
  )
  assert.equal(pixel(sheet, 20, 36 + 96), '30,30,30')
  assert.equal(pixel(sheet, 19, 36), '225,225,222')
})

test('a legend has as many rows as it needs; photos that cannot be read have a tile; no tiles at all', () => {
  const legend = Array.from({ length: 9 }, (_, i) => ({ color: classColor(i), text: `a class name ${i}` }))
  const tile = { width: 300, height: 60 }
  const long = contactSheet({ heading: 'H', legend, tiles: [{ name: 'x'.repeat(200) }], tile })
  const short = contactSheet({ heading: 'H', legend: legend.slice(0, 1), tiles: [{ name: 'x' }], tile })
  assert.equal((long.height - short.height) % 26, 0)
  assert.ok(long.height > short.height + 50)
  assert.ok(contactSheet({ heading: 'H', legend: [], tiles: [] }).width > 400)
})

test('boxes lie on the photo without its padding, which is hatched', () => {
  // Two photos of 200×100 and 400×300 in a batch of 400×320.
  const [height, width] = [320, 400]
  const pixels = new Uint8Array(2 * height * width * 3)
  const boxes = [Float32Array.of(0.5, 0.5, 0.5, 0.5), new Float32Array(0)]
  const batch = {
    images: tensorData('uint8', [2, height, width, 3], pixels),
    sizes: tensorData('int32', [2, 2], Int32Array.of(100, 200, 300, 400)),
    targets: [
      { labels: Int32Array.of(1), boxes: boxes[0]! },
      { labels: new Int32Array(0), boxes: boxes[1]! },
    ],
  }
  const sheet = batchSheet(batch, ['cat', 'dog'], 'Batch')
  assert.equal(sheet.width, 2 * 410 + 10)
  const top = 10 + 26 + 26
  const at = (photo: number, x: number, y: number): string => pixel(sheet, 10 + photo * 410 + x, top + y)
  const color = classColor(1).join()
  assert.deepEqual([at(0, 100, 76), at(0, 48, 60), at(0, 151, 60)], [color, color, color])
  assert.equal(at(0, 100, 50), '0,0,0')
  assert.deepEqual([at(0, 20, 20), at(1, 399, 299)], ['0,0,0', '0,0,0'])
  for (const place of [at(0, 200, 50), at(0, 50, 100), at(1, 10, 300)]) assert.match(place, /^(196|216),/)
})
