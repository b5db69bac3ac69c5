/**
 * @file Masks as run lengths, COCO's way: pixels in column-major order, background first. Decoding, encoding, the
 * compressed text (five bits and a continuation bit per character from '0', differences to the run before the last),
 * area, box and union, each equal to pycocotools.mask.
 */
import type { FileError } from '../tensor/index.js'
import { fault } from './fault.js'
import { RunList } from './run-list.js'

/** A mask of `height` × `width` pixels; `counts` adds up to their product. */
export interface Rle {
  readonly height: number
  readonly width: number
  readonly counts: Uint32Array
}

/** Most pixels of a mask: pycocotools counts them in 31 bits. */
export const MAX_MASK_PIXELS: number = 2 ** 31 - 1

/** A binary mask of `height` × `width` bytes in row-major order, 0 = background, as run lengths. */
export function encodeMask(mask: Uint8Array, height: number, width: number): Rle {
  checkSize(height, width, 'mask')
  if (mask.length !== height * width) throw fault('mask', `${height * width} pixels`, `${mask.length}`)
  const runs = new RunList()
  let [value, count] = [0, 0]
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++) {
      const pixel = mask[y * width + x] === 0 ? 0 : 1
      if (pixel !== value) {
        runs.push(count)
        count = 0
        value = pixel
      }
      count++
    }
  }
  runs.push(count)
  return { height, width, counts: runs.toArray() }
}

/**
 * The mask's bytes in row-major order, 1 = foreground.
 * @throws FileError when the run lengths do not add up to height × width.
 */
export function decodeMask({ height, width, counts }: Rle): Uint8Array {
  checkRuns(counts, counts.length, height, width, 'mask')
  const mask = new Uint8Array(height * width)
  let at = 0
  for (let j = 0; j < counts.length; j++) {
    const end = at + counts[j]!
    if (j % 2 === 1) for (let p = at; p < end; p++) mask[(p % height) * width + Math.floor(p / height)] = 1
    at = end
  }
  return mask
}

/** COCO's compressed text of run lengths. */
export function rleToString({ counts }: Rle): string {
  const bytes: number[] = []
  for (let i = 0; i < counts.length; i++) {
    let rest = i > 2 ? counts[i]! - counts[i - 2]! : counts[i]!
    for (let more = true; more; ) {
      const low = ((rest % 32) + 32) % 32
      rest = (rest - low) / 32
      more = low >= 16 ? rest !== -1 : rest !== 0
      bytes.push(low + (more ? 32 : 0) + 48)
    }
  }
  return bytes.map((byte) => String.fromCharCode(byte)).join('')
}

/**
 * Run lengths from COCO's compressed text.
 * @throws FileError when the text is malformed or its runs do not add up to height × width.
 */
export function rleFromString(text: string, height: number, width: number, where = 'mask'): Rle {
  return finished(height, width, where, (runs) => parseRleString(text, runs))
}

/**
 * Run lengths from a list of numbers.
 * @throws FileError when they are not whole numbers that add up to height × width.
 */
export function rleFromCounts(counts: readonly number[], height: number, width: number, where = 'mask'): Rle {
  return finished(height, width, where, (runs) => parseCounts(counts, runs))
}

function finished(height: number, width: number, where: string, fill: (runs: RunList) => boolean): Rle {
  checkSize(height, width, where)
  const runs = new RunList()
  if (!fill(runs)) throw malformedRuns(where)
  checkRuns(runs.data, runs.length, height, width, where)
  return { height, width, counts: runs.toArray() }
}

/** @throws FileError unless height and width are whole numbers from 1 with at most `MAX_MASK_PIXELS` pixels. */
export function checkSize(height: unknown, width: unknown, where: string): void {
  const good = Number.isInteger(height) && Number.isInteger(width) && Number(height) >= 1 && Number(width) >= 1
  if (good && Number(height) * Number(width) <= MAX_MASK_PIXELS) return
  throw fault(where, `a size of 1 to ${MAX_MASK_PIXELS} pixels`, `height ${String(height)}, width ${String(width)}`)
}

/** The error of text or numbers that are no run lengths. */
export function malformedRuns(where: string): FileError {
  return fault(where, 'the run lengths of a mask', 'malformed ones', 'The file may be damaged.')
}

/** @throws FileError when the first `length` runs do not cover a mask of this size. */
export function checkRuns(runs: Uint32Array, length: number, height: number, width: number, where: string): void {
  let sum = 0
  for (let i = 0; i < length; i++) sum += runs[i]!
  if (sum === height * width) return
  const expected = `run lengths that add up to ${height} × ${width} = ${height * width} pixels`
  throw fault(where, expected, `${sum}`, 'The size is [height, width]; the two may be swapped, or the runs cut off.')
}

/** Appends the runs of compressed text; false when it is malformed. */
export function parseRleString(text: string, runs: RunList): boolean {
  const { length } = text
  runs.reserve(length)
  const { data } = runs
  const first = runs.length
  let last = first
  for (let at = 0; at < length; last++) {
    let [value, shift, bits] = [0, 0, 0]
    do {
      // Eight characters would be more than a 32-bit number needs.
      if (at === length || shift > 30) return false
      bits = text.charCodeAt(at++) - 48
      if (bits < 0 || bits > 63) return false
      // The operators on bits end at 32.
      if (shift < 30) value |= (bits & 31) << shift
      else value += (bits & 31) * 2 ** 30
      shift += 5
    } while (bits >= 32)
    if ((bits & 16) !== 0) value -= shift < 31 ? 1 << shift : 2 ** 35
    if (last - first > 2) value += data[last - 2]!
    if (value < 0 || value > MAX_MASK_PIXELS) return false
    data[last] = value
  }
  runs.length = last
  return true
}

/** Appends a list of runs; false when one is not a whole number of the possible range. */
export function parseCounts(counts: readonly number[], runs: RunList): boolean {
  for (const count of counts) {
    if (!Number.isInteger(count) || count < 0 || count > MAX_MASK_PIXELS) return false
    runs.push(count)
  }
  return true
}

/** Number of foreground pixels. */
export function rleArea({ counts }: Rle): number {
  let area = 0
  for (let j = 1; j < counts.length; j += 2) area += counts[j]!
  return area
}

/**
 * The union of masks of one size.
 * @throws FileError when there is none, their sizes differ, or run lengths do not add up to height × width.
 */
export function mergeRles(rles: readonly Rle[]): Rle {
  const [first, ...others] = rles
  // Runs that end early would be waited for without end.
  for (const { counts, height, width } of rles) checkRuns(counts, counts.length, height, width, 'mask')
  if (first === undefined) throw fault('masks', 'at least one', 'none')
  return others.reduce((union, other) => union2(union, other), first)
}

function union2(a: Rle, b: Rle): Rle {
  const { height, width } = a
  if (b.height !== height || b.width !== width) {
    throw fault('masks', `masks of ${height} × ${width}`, `one of ${b.height} × ${b.width}`)
  }
  const runs = new RunList()
  let [i, j, aRun, bRun] = [0, 0, a.counts[0]!, b.counts[0]!]
  let [value, count] = [false, 0]
  for (;;) {
    const step = Math.min(aRun, bRun)
    count += step
    aRun -= step
    bRun -= step
    if (aRun === 0 && i + 1 < a.counts.length) aRun = a.counts[++i]!
    if (bRun === 0 && j + 1 < b.counts.length) bRun = b.counts[++j]!
    const atEnd = aRun === 0 && bRun === 0 && i + 1 >= a.counts.length && j + 1 >= b.counts.length
    const next = i % 2 === 1 || j % 2 === 1
    if (next !== value || atEnd) {
      runs.push(count)
      count = 0
      value = next
    }
    if (atEnd) return { height, width, counts: runs.toArray() }
  }
}
