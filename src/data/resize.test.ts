import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { noiseImage } from '../../test/support/noise-image.js'
import { ImageError, mix } from '../tensor/index.js'
import { decodeImage } from './decode.node.js'
import type { ImageSize, RgbImage } from './image.js'
import { resizeBilinear, resizeShortestEdge } from './resize.js'
import { resizePlain } from './resize-plain.js'
import { planResize } from './resize-plan.js'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const DATA = process.env['DETRS_DATA'] ?? join(ROOT, '../shared/data')

interface Resizes {
  readonly width: number
  readonly height: number
  /** SHA-256 of the source's bytes. */
  readonly pixels: string
  /** SHA-256 of Pillow's resized bytes, by `<width>x<height>`. */
  readonly resized: Readonly<Record<string, string>>
}

/** Made by reference/resize.py. */
interface Golden {
  readonly sizes: readonly string[]
  readonly noise: readonly (Resizes & { readonly name: string; readonly seed: number })[]
  readonly photos: readonly (Resizes & { readonly file: string })[]
}

const golden = JSON.parse(readFileSync(join(ROOT, 'test/golden/resize.json'), 'utf8')) as Golden

function digest(image: RgbImage): string {
  return createHash('sha256').update(image.data).digest('hex')
}

/** Without vector instructions, as on a machine that has none. */
function digestPlain(image: RgbImage, size: ImageSize): string {
  const plan = planResize(image, size)
  return digest(plan === undefined ? image : { ...plan.output, data: resizePlain(plan) })
}

function parseSize(text: string): ImageSize {
  const [width, height] = text.split('x').map(Number)
  return { width: width!, height: height! }
}

for (const { name, seed, width, height, pixels, resized } of golden.noise) {
  test(`resizes of the ${width}×${height} noise image "${name}" equal Pillow's`, () => {
    const image = noiseImage(name, seed, width, height)
    assert.equal(digest(image), pixels, 'the source image')
    for (const [size, expected] of Object.entries(resized)) {
      const output = resizeBilinear(image, parseSize(size))
      assert.equal(output.data.length, output.width * output.height * 3)
      assert.equal(digest(output), expected, `to ${size}`)
      assert.equal(digestPlain(image, parseSize(size)), expected, `to ${size} in plain TypeScript`)
    }
    assert.equal(digest(image), pixels, 'the source image is left as it was')
  })
}

const absent = existsSync(DATA) ? false : `no data folder at ${DATA}`

test(`resizes of ${golden.photos.length} photos equal Pillow's`, { skip: absent }, async () => {
  for (const { file, pixels, resized } of golden.photos) {
    const image = await decodeImage(join(DATA, file))
    assert.equal(digest(image), pixels, `decoded pixels of ${file}`)
    for (const [size, expected] of Object.entries(resized)) {
      assert.equal(digest(resizeBilinear(image, parseSize(size))), expected, `${file} to ${size}`)
      assert.equal(digestPlain(image, parseSize(size)), expected, `${file} to ${size} in plain TypeScript`)
    }
  }
})

test('the size rule equals the reference in every row of the table', () => {
  assert.ok(golden.sizes.length > 300)
  for (const row of golden.sizes) {
    const [width, height, shortest, longest, outWidth, outHeight] = row.split(' ').map(Number) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ]
    const size = resizeShortestEdge({ width, height }, shortest, longest === 0 ? undefined : longest)
    assert.deepEqual(size, { width: outWidth, height: outHeight }, row)
  }
})

test('a strip too thin for the size rule keeps one pixel', () => {
  assert.deepEqual(resizeShortestEdge({ width: 1, height: 5000 }, 800, 1333), { width: 1, height: 1333 })
  assert.deepEqual(resizeShortestEdge({ width: 5000, height: 1 }, 800, 1333), { width: 1333, height: 1 })
})

test('resizing to the same size gives a copy', () => {
  const image = noiseImage('copy', 1, 5, 4)
  const copy = resizeBilinear(image, { width: 5, height: 4 })
  assert.deepEqual(copy, image)
  assert.notEqual(copy.data.buffer, image.data.buffer)
})

test('a window has the pixels that cutting the whole would give', () => {
  const image = noiseImage('window', 3, 61, 47)
  for (const text of ['100x90', '61x90', '100x47', '61x47', '30x20', '7x5', '61x9', '200x3']) {
    const size = parseSize(text)
    const whole = resizeBilinear(image, size)
    for (let round = 0; round < 12; round++) {
      const part = (limit: number, k: number): number => mix(round * 4 + k) % limit
      const width = 1 + part(size.width, 0)
      const height = 1 + part(size.height, 1)
      const x = part(size.width - width + 1, 2)
      const y = part(size.height - height + 1, 3)
      const rows = Array.from({ length: height }, (_, row) => {
        const from = ((y + row) * size.width + x) * 3
        return [...whole.data.subarray(from, from + width * 3)]
      })
      const window = resizeBilinear(image, size, { x, y, width, height })
      assert.deepEqual([window.width, window.height], [width, height])
      assert.deepEqual([...window.data], rows.flat(), `${width}×${height} at ${x}, ${y} of ${text}`)
    }
  }
})

test('a window of a size that would not fit into memory costs what the window costs', () => {
  const strip = noiseImage('strip', 3, 1, 5000)
  const size = { width: 400, height: 2_000_000 }
  const window = resizeBilinear(strip, size, { x: 100, y: 1_000_000, width: 200, height: 390 })
  assert.equal(window.data.length, 200 * 390 * 3)
  assert.equal(window.data[0], strip.data[2499 * 3]! + Math.round((strip.data[2500 * 3]! - strip.data[2499 * 3]!) / 2))
})

test('a constant image stays constant at every size', () => {
  for (const value of [0, 1, 127, 255]) {
    const image = { width: 37, height: 23, data: new Uint8Array(37 * 23 * 3).fill(value) }
    for (const size of [parseSize('100x90'), parseSize('5x3'), parseSize('1x1'), parseSize('36x24')]) {
      assert.ok(resizeBilinear(image, size).data.every((v) => v === value))
    }
  }
})

test('a strip too tall to be widened first is resized all the same', () => {
  // Widened first, it would take 31 GB.
  const strip = { width: 1, height: 800_000, data: new Uint8Array(2_400_000).fill(200) }
  strip.data.fill(10, 0, 1_200_000)
  const { data } = resizeBilinear(strip, { width: 13_000, height: 4 })
  assert.deepEqual(
    [0, 1, 2, 3].map((row) => data[row * 13_000 * 3]),
    // The outer half of one arm of the triangle lies beyond the middle: an eighth of its weight.
    [10, 10 + Math.round(190 / 8), 200 - Math.round(190 / 8), 200],
  )
})

test('white stays white however far the rounded weights add up beyond one', () => {
  const data = new Uint8Array(7_500_000 * 3).fill(255)
  assert.deepEqual([...resizeBilinear({ width: 7_500_000, height: 1, data }, parseSize('1x1')).data], [255, 255, 255])
  assert.deepEqual([...resizeBilinear({ width: 1, height: 7_500_000, data }, parseSize('1x1')).data], [255, 255, 255])
})

test('what is not an image or a size is refused in a sentence', () => {
  const image = noiseImage('bad', 1, 5, 4)
  const refused: [() => unknown, RegExp][] = [
    [() => resizeBilinear({ ...image, width: 6 }, image), /expected 72 bytes for 6×4 RGB, got 60/],
    [() => resizeBilinear(image, { width: 0, height: 4 }), /resizeBilinear\.width: expected an integer of at least 1/],
    [() => resizeBilinear(image, { width: 4, height: 2.5 }), /resizeBilinear\.height/],
    [() => resizeBilinear(image, { width: Number.NaN, height: 4 }), /got NaN/],
    [() => resizeBilinear(image, { width: 1e5, height: 1e5 }), /expected a size of at most 178956970 pixels/],
    [
      () => resizeBilinear(image, { width: 9, height: 9 }, { x: 5, y: 0, width: 5, height: 1 }),
      /window: expected whole pixels inside 9×9, got 5×1 at 5, 0/,
    ],
    [() => resizeBilinear(image, image, { x: 0, y: 0.5, width: 1, height: 1 }), /window/],
    [() => resizeBilinear(image, image, { x: 0, y: 0, width: 0, height: 1 }), /window/],
    [() => resizeBilinear({ width: 0, height: 0, data: new Uint8Array() }, image), /image\.width/],
    [() => resizeShortestEdge(image, -1, 1333), /shortest/],
    [() => resizeShortestEdge(image, 800, 0), /longest/],
    [() => resizeShortestEdge({ width: 0, height: 4 }, 800), /width/],
  ]
  for (const [run, message] of refused) {
    assert.throws(run, (error: unknown) => error instanceof ImageError && message.test(error.message))
  }
})
