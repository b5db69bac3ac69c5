import assert from 'node:assert/strict'
import { test } from 'node:test'
import { noiseImage } from '../../test/support/noise-image.js'
import { mix } from '../tensor/index.js'
import type { ImageSize, Region, RgbImage } from './image.js'
import { MEMORY_BYTES, resizeModule } from './resize-module.js'
import { resizePlain } from './resize-plain.js'
import { planResize } from './resize-plan.js'
import { resizeSimd } from './resize-simd.js'

const missing = WebAssembly.validate(resizeModule()) ? false : 'this machine has no vector instructions'

/** Asserts that the module resizes, and to the very pixels of plain TypeScript. */
function assertEqual(image: RgbImage, size: ImageSize, window?: Region): void {
  const label = `${image.width}×${image.height} to ${size.width}×${size.height}, window ${JSON.stringify(window)}`
  // A plan is made twice, so that neither way can spoil the other's.
  const [first, second] = [planResize(image, size, window), planResize(image, size, window)]
  if (first === undefined || second === undefined) return
  const pixels = resizeSimd(first)
  assert.ok(pixels !== undefined, `${label}: not resized`)
  assert.ok(Buffer.from(pixels).equals(resizePlain(second)), `${label}: other pixels`)
}

test('pixels equal those of plain TypeScript at all sorts of sizes and windows', { skip: missing }, () => {
  for (let round = 0; round < 400; round++) {
    const part = (limit: number, k: number): number => 1 + (mix(round * 8 + k) % limit)
    const image = noiseImage('simd', round, part(90, 0), part(60, 1))
    const size = { width: part(round % 2 === 0 ? 200 : 40, 2), height: part(round % 3 === 0 ? 150 : 30, 3) }
    assertEqual(image, size)
    const window = { width: part(size.width, 4), height: part(size.height, 5) }
    const x = part(size.width - window.width + 1, 6) - 1
    const y = part(size.height - window.height + 1, 7) - 1
    assertEqual(image, size, { ...window, x, y })
  }
})

test('pixels equal those of plain TypeScript across the bands of a large photo', { skip: missing }, () => {
  const image = noiseImage('bands', 1, 1201, 803)
  assert.ok(image.data.length > MEMORY_BYTES)
  for (const [width, height] of [
    [1333, 891],
    [603, 400],
    [1201, 900],
    [1201, 333],
    [1500, 803],
    [97, 803],
    [40, 30],
  ]) {
    assertEqual(image, { width: width!, height: height! })
  }
  assertEqual(image, { width: 1333, height: 891 }, { x: 301, y: 200, width: 600, height: 601 })
})

test('a band that fills the memory to the last bytes stays inside', { skip: missing }, () => {
  for (const width of [3, 4, 5, 6]) assertEqual(noiseImage('full', width, 2, 150_000), { width, height: 150_000 })
})

test('white and black stay so however many taps a pixel has', { skip: missing }, () => {
  for (const value of [0, 255]) {
    const wide = { width: 20_000, height: 2, data: new Uint8Array(120_000).fill(value) }
    const tall = { width: 2, height: 20_000, data: wide.data }
    for (const image of [wide, tall]) {
      assertEqual(image, { width: 1, height: 1 })
      assertEqual(image, { width: 3, height: 3 })
    }
  }
})

test('what the memory does not hold, and what goes vertical first, is left to plain TypeScript', () => {
  const long = { width: 300_000, height: 2, data: new Uint8Array(1_800_000) }
  assert.equal(resizeSimd(planResize(long, { width: 300_000, height: 5 })!), undefined)
  assert.equal(resizeSimd(planResize(long, { width: 200_000, height: 2 })!), undefined)
  const strip = { width: 1, height: 60_000, data: new Uint8Array(180_000) }
  const plan = planResize(strip, { width: 3000, height: 30_000 })!
  assert.equal(plan.verticalFirst, true)
  assert.equal(resizeSimd(plan), undefined)
})
