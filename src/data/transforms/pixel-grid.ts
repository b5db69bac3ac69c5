/**
 * @file Cutting, mirroring, turning and framing of row-major bytes: pixels of three channels and masks of one.
 * `channels` is 1 or 3.
 */
import type { ImageSize, Region } from '../image.js'

/** Rows of `width` pixels of `channels` bytes each. */
export interface PixelGrid extends ImageSize {
  readonly data: Uint8Array
}

/** The region's own bytes. */
export function cutGrid({ width, data }: PixelGrid, channels: number, region: Region): Uint8Array {
  const rowBytes = region.width * channels
  const out = new Uint8Array(rowBytes * region.height)
  for (let y = 0; y < region.height; y++) {
    const from = ((region.y + y) * width + region.x) * channels
    out.set(data.subarray(from, from + rowBytes), y * rowBytes)
  }
  return out
}

/** Left becomes right. */
export function mirrorColumns({ width, height, data }: PixelGrid, channels: number): Uint8Array {
  const out = new Uint8Array(data.length)
  const rowBytes = width * channels
  for (let y = 0; y < height; y++) {
    const end = (y + 1) * rowBytes
    for (let from = end - rowBytes, to = end - channels; from < end; from += channels, to -= channels) {
      out[to] = data[from]!
      // A loop over the channels takes twice as long.
      if (channels === 1) continue
      out[to + 1] = data[from + 1]!
      out[to + 2] = data[from + 2]!
    }
  }
  return out
}

/** Top becomes bottom. */
export function mirrorRows({ width, height, data }: PixelGrid, channels: number): Uint8Array {
  const rowBytes = width * channels
  const out = new Uint8Array(data.length)
  for (let y = 0; y < height; y++) {
    out.set(data.subarray(y * rowBytes, (y + 1) * rowBytes), (height - 1 - y) * rowBytes)
  }
  return out
}

/** A quarter turn clockwise: the left column, read upwards, becomes the top row. The result is `height` wide. */
export function turnClockwise({ width, height, data }: PixelGrid, channels: number): Uint8Array {
  const out = new Uint8Array(data.length)
  for (let x = 0, to = 0; x < width; x++) {
    for (let y = height - 1; y >= 0; y--) {
      for (let c = 0, from = (y * width + x) * channels; c < channels; c++) out[to++] = data[from++]!
    }
  }
  return out
}

/** The grid as the region `at` of a larger one of `size`, the rest filled with a pixel of `fill`. */
export function frameGrid(grid: PixelGrid, fill: readonly number[], size: ImageSize, at: Region): Uint8Array {
  const channels = fill.length
  const out = new Uint8Array(size.width * size.height * channels)
  if (fill.some((value) => value !== 0)) for (let i = 0; i < out.length; i++) out[i] = fill[i % channels]!
  const rowBytes = grid.width * channels
  for (let y = 0; y < grid.height; y++) {
    const to = ((at.y + y) * size.width + at.x) * channels
    out.set(grid.data.subarray(y * rowBytes, (y + 1) * rowBytes), to)
  }
  return out
}

/**
 * The window of a one-channel grid resized to `size` by nearest neighbour, as PyTorch's `interpolate` does it: the
 * source of position i is floor(i · in/out), in float32.
 */
export function resizeNearest(grid: PixelGrid, size: ImageSize, window: Region): Uint8Array {
  const columns = nearestSources(grid.width, size.width, window.x, window.width)
  const rows = nearestSources(grid.height, size.height, window.y, window.height)
  const out = new Uint8Array(window.width * window.height)
  let to = 0
  for (const row of rows) for (const column of columns) out[to++] = grid.data[row * grid.width + column]!
  return out
}

function nearestSources(inputSize: number, outputSize: number, from: number, length: number): Int32Array {
  const scale = Math.fround(inputSize / outputSize)
  return Int32Array.from({ length }, (_, i) => Math.min(Math.floor(Math.fround((from + i) * scale)), inputSize - 1))
}
