/** @file Images from a rule, the twins of `noise_bytes` and `noise_image` in reference/resize.py. */
import type { RgbImage } from '../../src/data/index.js'
import { streamKey, uniformAt } from '../../src/tensor/index.js'

/** Bytes of the stream (name, seed). */
export function noiseBytes(name: string, seed: number, count: number): Uint8Array {
  const key = streamKey(name, seed)
  return Uint8Array.from({ length: count }, (_, i) => Math.floor((uniformAt(key, i) + 1) * 128))
}

/** Fine noise averaged with noise in blocks of 8×8; the lowest and highest blocks are pure black and white. */
export function noiseImage(name: string, seed: number, width: number, height: number): RgbImage {
  const fine = noiseBytes(`image.${name}`, seed, width * height * 3)
  const columns = Math.ceil(width / 8)
  const blocks = noiseBytes(`image.${name}.block`, seed, columns * Math.ceil(height / 8) * 3)
  const data = fine.map((value, i) => {
    const pixel = Math.trunc(i / 3)
    const x = pixel % width
    const y = Math.trunc(pixel / width)
    const block = blocks[((y >> 3) * columns + (x >> 3)) * 3 + (i % 3)]!
    return block < 40 ? 0 : block >= 216 ? 255 : (value + block) >> 1
  })
  return { width, height, data }
}
