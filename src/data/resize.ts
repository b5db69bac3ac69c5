/**
 * @file Pillow's antialiased bilinear resize of 8-bit images, in its own 22-bit fixed-point arithmetic, and DETR's rule
 * for the size to resize to. Every value equals Pillow's: the detectors were trained on these very pixels, and resizing
 * in another way moves their logits.
 */
import { ImageError } from '../tensor/index.js'
import type { ImageSize, Region, RgbImage } from './image.js'
import { MAX_PIXELS } from './limits.js'

/** Pillow keeps 8 bits for the pixel and 2 for overshoot (other filters have negative lobes); the rest is the weight. */
const PRECISION_BITS = 32 - 8 - 2
const HALF = 1 << (PRECISION_BITS - 1)

/** For every output position: where its taps start in the input, how many they are, and the weights (row of `taps`). */
interface Kernel {
  readonly start: Int32Array
  readonly count: Int32Array
  readonly weights: Int32Array
  /** Stride of `weights`: the longest window possible at this scale. */
  readonly taps: number
}

/**
 * The image at `size`, as `PIL.Image.resize((width, height), BILINEAR)` gives it: triangle filter whose support grows
 * with the reduction, horizontal pass first, each pass rounded to 8 bits.
 *
 * Pillow 13 takes the vertical pass first when the height shrinks by more than twice what the width does, which moves a
 * quarter of the values by one level. The order here is that of the versions before, with which the published
 * checkpoints were made; a resize that keeps the ratio is the same in all versions.
 * @param window The part of the resized image that is wanted, the whole when left out: its pixels are those that cutting
 *   it out afterwards would give, and nothing else is computed.
 * @throws ImageError when a side is not a positive integer, the window has more than `MAX_PIXELS` pixels or reaches out
 *   of the size, or the data does not fit the image's size.
 */
export function resizeBilinear(image: RgbImage, size: ImageSize, window?: Region): RgbImage {
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
  const { data, rows } = neededRows(image, vertical)
  if (horizontal === undefined && vertical === undefined) return { width, height, data: data.slice() }
  if (vertical === undefined) return { width, height, data: resizeRows(data, image.width, rows, horizontal!, width) }
  if (horizontal === undefined) return { width, height, data: resizeColumns(data, width, vertical, height) }
  if (rows * width > MAX_PIXELS) {
    // A very tall strip: widened first it would not fit into memory (nor would Pillow's).
    const short = resizeColumns(data, image.width, vertical, height)
    return { width, height, data: resizeRows(short, image.width, height, horizontal, width) }
  }
  const wide = resizeRows(data, image.width, rows, horizontal, width)
  return { width, height, data: resizeColumns(wide, width, vertical, height) }
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
      weights[i * taps + x] = Math.trunc(0.5 + weight * 2 ** PRECISION_BITS)
    }
    start[i] = first
    count[i] = reach
  }
  return { start, count, weights, taps }
}

/** Horizontal pass. */
function resizeRows(source: Uint8Array, width: number, rows: number, kernel: Kernel, outputWidth: number): Uint8Array {
  const { start, count, weights, taps } = kernel
  const output = new Uint8Array(rows * outputWidth * 3)
  let at = 0
  for (let y = 0; y < rows; y++) {
    const row = y * width * 3
    for (let x = 0; x < outputWidth; x++, at += 3) {
      const from = row + start[x]! * 3
      const w = x * taps
      const length = count[x]!
      if (length === 2) {
        // Enlarging has two weights for nearly every pixel.
        const w0 = weights[w]!
        const w1 = weights[w + 1]!
        output[at] = (Math.imul(source[from]!, w0) + Math.imul(source[from + 3]!, w1) + HALF) >> PRECISION_BITS
        output[at + 1] = (Math.imul(source[from + 1]!, w0) + Math.imul(source[from + 4]!, w1) + HALF) >> PRECISION_BITS
        output[at + 2] = (Math.imul(source[from + 2]!, w0) + Math.imul(source[from + 5]!, w1) + HALF) >> PRECISION_BITS
      } else {
        let red = HALF
        let green = HALF
        let blue = HALF
        for (let tap = 0, p = from; tap < length; tap++, p += 3) {
          const weight = weights[w + tap]!
          red = (red + Math.imul(source[p]!, weight)) | 0
          green = (green + Math.imul(source[p + 1]!, weight)) | 0
          blue = (blue + Math.imul(source[p + 2]!, weight)) | 0
        }
        output[at] = toByte(red)
        output[at + 1] = toByte(green)
        output[at + 2] = toByte(blue)
      }
    }
  }
  return output
}

/** Vertical pass. */
function resizeColumns(source: Uint8Array, width: number, kernel: Kernel, outputHeight: number): Uint8Array {
  const { start, count, weights, taps } = kernel
  const rowLength = width * 3
  const output = new Uint8Array(outputHeight * rowLength)
  const sums = new Int32Array(rowLength)
  for (let y = 0; y < outputHeight; y++) {
    const from = start[y]! * rowLength
    const window = source.subarray(from, from + count[y]! * rowLength)
    const row = output.subarray(y * rowLength, (y + 1) * rowLength)
    const w = y * taps
    if (count[y] === 2) blendRows(window, weights[w]!, weights[w + 1]!, row)
    else sumRows(window, weights.subarray(w, w + count[y]!), sums, row)
  }
  return output
}

/** One output row from two input rows; three bytes a turn is a third faster than one in V8. */
function blendRows(window: Uint8Array, w0: number, w1: number, row: Uint8Array): void {
  const rowLength = row.length
  for (let i = 0, j = rowLength; i < rowLength; i += 3, j += 3) {
    row[i] = (Math.imul(window[i]!, w0) + Math.imul(window[j]!, w1) + HALF) >> PRECISION_BITS
    row[i + 1] = (Math.imul(window[i + 1]!, w0) + Math.imul(window[j + 1]!, w1) + HALF) >> PRECISION_BITS
    row[i + 2] = (Math.imul(window[i + 2]!, w0) + Math.imul(window[j + 2]!, w1) + HALF) >> PRECISION_BITS
  }
}

/** One output row from any number of input rows, two at a time. `sums` is scratch of a row's length. */
function sumRows(window: Uint8Array, weights: Int32Array, sums: Int32Array, row: Uint8Array): void {
  const rowLength = row.length
  const taps = weights.length
  sums.fill(HALF)
  let tap = 0
  for (; tap + 1 < taps; tap += 2) {
    const w0 = weights[tap]!
    const w1 = weights[tap + 1]!
    for (let i = 0, a = tap * rowLength, b = a + rowLength; i < rowLength; i++, a++, b++) {
      sums[i] = (sums[i]! + Math.imul(window[a]!, w0) + Math.imul(window[b]!, w1)) | 0
    }
  }
  if (tap < taps) {
    const w0 = weights[tap]!
    for (let i = 0, a = tap * rowLength; i < rowLength; i++, a++) sums[i] = (sums[i]! + Math.imul(window[a]!, w0)) | 0
  }
  for (let i = 0; i < rowLength; i++) row[i] = toByte(sums[i]!)
}

/** Millions of weights, each rounded, can add up to far more than one: white would come to 300. */
function toByte(sum: number): number {
  return Math.min(sum >> PRECISION_BITS, 255)
}

/**
 * DETR's size rule: the shorter side becomes `shortest`, unless the longer one would then exceed `longest`; the longer
 * side is truncated, not rounded. 640×480 with (800, 1333) gives 1066×800.
 *
 * Past a ratio of 2 × `longest` the rule's shorter side rounds to 0, and the reference fails; here such a strip becomes
 * 1 × `longest`.
 * @param size Size of the upright image, pixels.
 * @param shortest Wanted shorter side, pixels.
 * @param longest Upper limit of the longer side, pixels; none when left out.
 * @throws ImageError when a number is not a positive integer.
 * @see get_size_with_aspect_ratio in facebookresearch/detr, datasets/transforms.py
 */
export function resizeShortestEdge(size: ImageSize, shortest: number, longest?: number): ImageSize {
  checkSide('resizeShortestEdge.width', size.width)
  checkSide('resizeShortestEdge.height', size.height)
  checkSide('resizeShortestEdge.shortest', shortest)
  if (longest !== undefined) checkSide('resizeShortestEdge.longest', longest)
  const { width, height } = size
  const short = Math.min(width, height)
  const long = Math.max(width, height)
  let target = shortest
  if (longest !== undefined && (long / short) * shortest > longest) {
    target = roundHalfToEven((longest * short) / long)
    if (target === 0) return width < height ? { width: 1, height: longest } : { width: longest, height: 1 }
  }
  if (short === target) return { width, height }
  const other = Math.trunc((target * long) / short)
  return width < height ? { width: target, height: other } : { width: other, height: target }
}

/** Python's `round` of a positive number: a tie goes to the even neighbour. */
function roundHalfToEven(value: number): number {
  const below = Math.floor(value)
  const fraction = value - below
  if (fraction !== 0.5) return Math.round(value)
  return below % 2 === 0 ? below : below + 1
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

function checkSide(where: string, side: number): void {
  if (!Number.isSafeInteger(side) || side < 1) {
    throw new ImageError({ where, expected: 'an integer of at least 1', got: `${side}` })
  }
}
