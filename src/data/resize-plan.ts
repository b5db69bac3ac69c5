/**
 * @file What a resize has to compute: which rows, with which weights. Pillow's antialiased bilinear filter in its own
 * 22-bit fixed-point arithmetic.
 */
import { ImageError } from '../tensor/index.js'
import type { ImageSize, Region, RgbImage } from './image.js'
import { MAX_PIXELS } from './limits.js'

/** Pillow keeps 8 bits for the pixel and 2 for overshoot (other filters have negative lobes); the rest is the weight. */
export const PRECISION_BITS: number = 32 - 8 - 2
/** The weight of a pixel that is taken as it is. */
const ONE = 1 << PRECISION_BITS
/** Half of the last bit that is kept. */
export const HALF: number = 1 << (PRECISION_BITS - 1)

/** For every output position: where its taps start in the input, how many they are, and the weights (row of `taps`). */
export interface Kernel {
  readonly start: Int32Array
  readonly count: Int32Array
  readonly weights: Int32Array
  /** Stride of `weights`: the longest window possible at this scale. */
  readonly taps: number
}

/** A resize of RGB rows. A pass without a kernel leaves its axis as it is; at least one has a kernel. */
export interface ResizePlan {
  /** The rows that are needed, `width` pixels each. */
  readonly data: Uint8Array
  readonly rows: number
  readonly width: number
  readonly horizontal: Kernel | undefined
  readonly vertical: Kernel | undefined
  /** Size of the result. */
  readonly output: ImageSize
  /** A very tall strip: widened first it would not fit into memory (nor would Pillow's). */
  readonly verticalFirst: boolean
}

/**
 * The plan of `resizeBilinear`, undefined when the pixels stay as they are.
 * @throws ImageError as `resizeBilinear`.
 */
export function planResize(image: RgbImage, size: ImageSize, window?: Region): ResizePlan | undefined {
  checkImage(image)
  checkSide('resizeBilinear.width', size.width)
  checkSide('resizeBilinear.height', size.height)
  const { x, y, width, height } = window ?? { x: 0, y: 0, width: size.width, height: size.height }
  if (window !== undefined) checkWindow(window, size)
  if (width * height > MAX_PIXELS) {
    throw new ImageError({
      where: 'resizeBilinear',
      expected: `a size of at most ${MAX_PIXELS} pixels`,
      got: `${width}×${height}`,
    })
  }
  const horizontal =
    size.width === image.width && width === size.width ? undefined : bilinearKernel(image.width, size.width, x, width)
  const vertical =
    size.height === image.height && height === size.height
      ? undefined
      : bilinearKernel(image.height, size.height, y, height)
  if (horizontal === undefined && vertical === undefined) return undefined
  const { data, rows } = neededRows(image, vertical)
  const verticalFirst = horizontal !== undefined && vertical !== undefined && rows * width > MAX_PIXELS
  return { data, rows, width: image.width, horizontal, vertical, output: { width, height }, verticalFirst }
}

/** The rows that the vertical pass reads; its kernel then counts from the first of them. */
function neededRows(image: RgbImage, vertical: Kernel | undefined): { data: Uint8Array; rows: number } {
  if (vertical === undefined) return { data: image.data, rows: image.height }
  const { start, count } = vertical
  const first = start[0]!
  const rows = start.at(-1)! + count.at(-1)! - first
  for (let i = 0; i < start.length; i++) start[i] = start[i]! - first
  return { data: image.data.subarray(first * image.width * 3, (first + rows) * image.width * 3), rows }
}

/**
 * Weights of Pillow's `precompute_coeffs`: normalised in double precision, then rounded half away from zero. Only for
 * `length` of the output positions, from position `from` on.
 */
function bilinearKernel(inputSize: number, outputSize: number, from: number, length: number): Kernel {
  const scale = inputSize / outputSize
  const support = Math.max(scale, 1)
  const inverse = 1 / support
  const taps = Math.ceil(support) * 2 + 1
  const start = new Int32Array(length)
  const count = new Int32Array(length)
  const weights = new Int32Array(length * taps)
  const row = new Float64Array(taps)
  for (let i = 0; i < length; i++) {
    const center = (from + i + 0.5) * scale
    const first = Math.max(0, Math.trunc(center - support + 0.5))
    const reach = Math.min(inputSize, Math.trunc(center + support + 0.5)) - first
    let sum = 0
    for (let x = 0; x < reach; x++) {
      const distance = Math.abs((x + first - center + 0.5) * inverse)
      const weight = distance < 1 ? 1 - distance : 0
      row[x] = weight
      sum += weight
    }
    for (let x = 0; x < reach; x++) {
      const weight = sum === 0 ? row[x]! : row[x]! / sum
      weights[i * taps + x] = Math.trunc(0.5 + weight * ONE)
    }
    start[i] = first
    count[i] = reach
  }
  return { start, count, weights, taps }
}

function checkImage(image: RgbImage): void {
  checkSide('resizeBilinear.image.width', image.width)
  checkSide('resizeBilinear.image.height', image.height)
  const bytes = image.width * image.height * 3
  if (image.data.length !== bytes) {
    throw new ImageError({
      where: 'resizeBilinear',
      expected: `${bytes} bytes for ${image.width}×${image.height} RGB`,
      got: `${image.data.length}`,
    })
  }
}

function checkWindow({ x, y, width, height }: Region, size: ImageSize): void {
  const whole = [x, y, width, height].every(Number.isSafeInteger)
  if (whole && x >= 0 && y >= 0 && width > 0 && height > 0 && x + width <= size.width && y + height <= size.height)
    return
  throw new ImageError({
    where: 'resizeBilinear.window',
    expected: `whole pixels inside ${size.width}×${size.height}`,
    got: `${width}×${height} at ${x}, ${y}`,
  })
}

/** @throws ImageError when the side is not a positive integer. */
export function checkSide(where: string, side: number): void {
  if (!Number.isSafeInteger(side) || side < 1) {
    throw new ImageError({ where, expected: 'an integer of at least 1', got: `${side}` })
  }
}
