/** @file The two passes of a resize in plain TypeScript: the measure for resize-simd.ts, and its fallback. */
import { HALF, type Kernel, PRECISION_BITS, type ResizePlan } from './resize-plan.js'

/** The pixels of the result: horizontal pass first, each pass rounded to 8 bits. */
export function resizePlain({
  data,
  width,
  rows,
  horizontal,
  vertical,
  output,
  verticalFirst,
}: ResizePlan): Uint8Array {
  if (horizontal === undefined) return resizeColumns(data, width, vertical!, output.height)
  if (vertical === undefined) return resizeRows(data, width, rows, horizontal, output.width)
  if (verticalFirst) {
    const short = resizeColumns(data, width, vertical, output.height)
    return resizeRows(short, width, output.height, horizontal, output.width)
  }
  const wide = resizeRows(data, width, rows, horizontal, output.width)
  return resizeColumns(wide, output.width, vertical, output.height)
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
