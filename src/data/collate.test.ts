import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ImageError, mix } from '../tensor/index.js'
import { collate } from './collate.js'
import type { RgbImage } from './image.js'

/** An image of non-zero bytes, so that padding shows. */
function image(width: number, height: number, seed: number): RgbImage {
  return { width, height, data: Uint8Array.from({ length: width * height * 3 }, (_, i) => 1 + (mix(i + seed) % 255)) }
}

test('every pixel of a batch is its image’s own, or zero outside; 200 random batches', () => {
  for (let round = 0; round < 200; round++) {
    const random = (n: number, limit: number): number => 1 + (mix(round * 100 + n) % limit)
    const images = Array.from({ length: random(0, 5) }, (_, i) =>
      image(random(2 * i + 1, 12), random(2 * i + 2, 12), round),
    )
    const { pixels, sizes } = collate(images)
    const height = Math.max(...images.map((one) => one.height))
    const width = Math.max(...images.map((one) => one.width))
    assert.deepEqual(pixels.shape, [images.length, height, width, 3])
    assert.deepEqual(sizes.shape, [images.length, 2])
    assert.deepEqual(
      [...sizes.data],
      images.flatMap((one) => [one.height, one.width]),
    )
    let at = 0
    for (const one of images) {
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          for (let c = 0; c < 3; c++) {
            const inside = y < one.height && x < one.width
            assert.equal(pixels.data[at++], inside ? one.data[(y * one.width + x) * 3 + c] : 0)
          }
        }
      }
    }
  }
})

test('height and width are rounded up to a multiple, with zeros', () => {
  const images = [image(5, 70, 1), image(64, 3, 2)]
  const { pixels, sizes } = collate(images, 64)
  assert.deepEqual(pixels.shape, [2, 128, 64, 3])
  assert.deepEqual([...sizes.data], [70, 5, 3, 64])
  assert.equal(pixels.data.filter((value) => value > 0).length, 3 * (5 * 70 + 64 * 3))
  assert.deepEqual(collate([image(64, 128, 1)], 64).pixels.shape, [1, 128, 64, 3])
})

test('a batch does not share memory with its images', () => {
  const one = image(2, 2, 1)
  const { pixels } = collate([one])
  one.data.fill(0)
  assert.ok(pixels.data.every((value) => value > 0))
})

test('no image, or one that is broken, is refused by its place', () => {
  const refuses = (images: RgbImage[], message: RegExp): void =>
    assert.throws(
      () => collate(images),
      (error: unknown) => error instanceof ImageError && message.test(error.message),
    )
  refuses([], /collate: expected at least one image, got none/)
  refuses([image(2, 2, 1), { ...image(2, 2, 1), width: 3 }], /collate\.images\[1\]: expected 3×2×3 bytes, got 12/)
  refuses([{ width: 0, height: 0, data: new Uint8Array() }], /collate\.images\[0\]/)
})
