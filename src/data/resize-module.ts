/**
 * @file The two passes of the resize as a WebAssembly module of 128-bit vectors, written here instruction by instruction.
 *
 * A weight w has up to 23 bits, too many for the multiplication of 16-bit pairs. It is split, w = high · 2¹⁵ + low, and
 * the sums are put together again in 32 bits: the very sum of resize-plain.ts.
 */
import { HALF, type Kernel, PRECISION_BITS } from './resize-plan.js'
import {
  assemble,
  bytes,
  type Code,
  defineFunction,
  i32,
  type Local,
  load,
  op,
  repeatWhile,
  shuffle,
  store,
  type WasmFunction,
} from './wasm-assembler.js'

/** Bits of a weight's low part: all that a signed 16-bit number has for a positive one. */
const LOW_BITS = 15
const LOW_MASK = (1 << LOW_BITS) - 1

/** The module's memory. A band of rows that fits into it stays in a processor's second cache. */
export const MEMORY_BYTES: number = 2 ** 21
const PAGE = 2 ** 16

/** Bytes behind its input that a pass may read, and behind its output that it may write, besides one row to be read. */
export const MARGIN = 16

/** What the module exports. Addresses and strides are in bytes; counts are at least 1. */
export interface ResizeModule {
  readonly memory: WebAssembly.Memory
  /**
   * Horizontal pass.
   * @param quads Output pixels of a row in fours, rounded up; there is a record for each pixel of them.
   */
  readonly rows: (
    source: number,
    sourceStride: number,
    rowCount: number,
    records: number,
    recordStride: number,
    quads: number,
    output: number,
    outputStride: number,
  ) => void
  /** Vertical pass over rows of `rowLength` bytes. */
  readonly columns: (
    source: number,
    rowLength: number,
    records: number,
    recordStride: number,
    outputRows: number,
    output: number,
  ) => void
}

/**
 * A record says what makes one output position, as 32-bit words: where its taps start in the input, in bytes; how many
 * pairs of taps there are; for every pair the low parts of its two weights, 16 bits each, and the high parts.
 */
const START = 0
const PAIRS = 4
const WEIGHTS = 8
const HIGH = 4
const PAIR_BYTES = 8

/** Bytes of a record of `kernel`. */
export function recordBytes(kernel: Kernel): number {
  return WEIGHTS + PAIR_BYTES * Math.ceil(kernel.taps / 2)
}

/**
 * The records of `kernel`, one behind the other.
 * @param step Bytes from one input position to the next.
 * @param length How many records; those past the kernel's are for results that nobody reads.
 */
export function recordsOf(kernel: Kernel, step: number, length: number): Int32Array {
  const stride = recordBytes(kernel) / 4
  const records = new Int32Array(length * stride)
  for (let i = 0, record = 0; i < length; i++, record += stride) {
    const count = kernel.count[i] ?? 0
    records[record + START / 4] = (kernel.start[i] ?? 0) * step
    records[record + PAIRS / 4] = Math.max(1, (count + 1) >> 1)
    for (let tap = 0; tap < count; tap++) {
      const weight = kernel.weights[i * kernel.taps + tap]!
      const pair = record + (WEIGHTS + PAIR_BYTES * (tap >> 1)) / 4
      const shift = 16 * (tap & 1)
      records[pair] = records[pair]! | ((weight & LOW_MASK) << shift)
      records[pair + HIGH / 4] = records[pair + HIGH / 4]! | ((weight >> LOW_BITS) << shift)
    }
  }
  return records
}

/** Red, green and blue of two neighbours side by side, each in 16 bits; 255 makes a zero. */
const NEIGHBOURS = [0, 255, 3, 255, 1, 255, 4, 255, 2, 255, 5, 255, 255, 255, 255, 255]
/** Four pixels of four bytes without the fourth. */
const THREE_OF_FOUR = [0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 255, 255, 255, 255]
/** Bytes of two rows in turn, of the first and of the second half. */
const FIRST_HALVES = [0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23]
const SECOND_HALVES = FIRST_HALVES.map((pick) => pick + 8)

const advance = (local: Local, by: Code): Code => local.set(op('i32.add', local.get, by))
/** Counts down; the value is the condition to go on. */
const countDown = (local: Local): Code => [...local.set(op('i32.sub', local.get, i32(1))), ...local.get]
const half: Code = op('i32x4.splat', i32(HALF))
const lowWeights = (address: Local): Code => load('v128.load32_splat', address.get)
const highWeights = (address: Local): Code => load('v128.load32_splat', address.get, HIGH)

/** sum + pixels · weights, of pairs of 16 bits. */
function addProducts(sum: Local, pixels: Code, low: Code, high: Code): Code {
  const highs = op('i32x4.shl', op('i32x4.dot_i16x8_s', pixels, high), i32(LOW_BITS))
  const lows = op('i32x4.dot_i16x8_s', pixels, low)
  return sum.set(op('i32x4.add', op('i32x4.add', sum.get, lows), highs))
}

/** Four sums of four values as 16 bytes. */
function toBytes(sums: readonly Local[]): Code {
  const [a, b, c, d] = sums.map((sum) => op('i32x4.shr_s', sum.get, i32(PRECISION_BITS)))
  return op('i8x16.narrow_i16x8_u', op('i16x8.narrow_i32x4_s', a!, b!), op('i16x8.narrow_i32x4_s', c!, d!))
}

const rows: WasmFunction = defineFunction(
  'rows',
  {
    parameters: ['source', 'sourceStride', 'rowCount', 'records', 'recordStride', 'quads', 'output', 'outputStride'],
    i32: ['record', 'left', 'from', 'to', 'weights', 'pairs'],
    v128: ['pixels', 'first', 'second', 'third', 'fourth'],
  },
  (v) => {
    const sums = [v.first, v.second, v.third, v.fourth]
    const onePixel = (sum: Local): Code[] => [
      sum.set(half),
      v.from.set(op('i32.add', v.source.get, load('i32.load', v.record.get, START))),
      v.pairs.set(load('i32.load', v.record.get, PAIRS)),
      v.weights.set(op('i32.add', v.record.get, i32(WEIGHTS))),
      repeatWhile(
        countDown(v.pairs),
        v.pixels.set(op('i8x16.swizzle', load('v128.load64_zero', v.from.get), bytes(NEIGHBOURS))),
        addProducts(sum, v.pixels.get, lowWeights(v.weights), highWeights(v.weights)),
        advance(v.from, i32(6)),
        advance(v.weights, i32(PAIR_BYTES)),
      ),
      advance(v.record, v.recordStride.get),
    ]
    return [
      repeatWhile(
        countDown(v.rowCount),
        v.record.set(v.records.get),
        v.left.set(v.quads.get),
        v.to.set(v.output.get),
        repeatWhile(
          countDown(v.left),
          ...sums.flatMap(onePixel),
          // Sixteen bytes for twelve: what follows overwrites the rest.
          store(v.to.get, op('i8x16.swizzle', toBytes(sums), bytes(THREE_OF_FOUR))),
          advance(v.to, i32(12)),
        ),
        advance(v.source, v.sourceStride.get),
        advance(v.output, v.outputStride.get),
      ),
    ]
  },
)

const columns: WasmFunction = defineFunction(
  'columns',
  {
    parameters: ['source', 'rowLength', 'records', 'recordStride', 'outputRows', 'output'],
    i32: ['column', 'from', 'weights', 'pairs'],
    v128: ['upper', 'lower', 'mixed', 'low', 'high', 'first', 'second', 'third', 'fourth'],
  },
  (v) => {
    const sums = [v.first, v.second, v.third, v.fourth]
    const addHalf = (picks: readonly number[], first: Local, second: Local): Code[] => [
      v.mixed.set(shuffle(v.upper.get, v.lower.get, picks)),
      addProducts(first, op('i16x8.extend_low_i8x16_u', v.mixed.get), v.low.get, v.high.get),
      addProducts(second, op('i16x8.extend_high_i8x16_u', v.mixed.get), v.low.get, v.high.get),
    ]
    return [
      repeatWhile(
        countDown(v.outputRows),
        v.column.set(i32(0)),
        repeatWhile(
          op('i32.lt_u', v.column.get, v.rowLength.get),
          ...sums.map((sum) => sum.set(half)),
          v.from.set(op('i32.add', op('i32.add', v.source.get, v.column.get), load('i32.load', v.records.get, START))),
          v.pairs.set(load('i32.load', v.records.get, PAIRS)),
          v.weights.set(op('i32.add', v.records.get, i32(WEIGHTS))),
          repeatWhile(
            countDown(v.pairs),
            v.upper.set(load('v128.load', v.from.get)),
            advance(v.from, v.rowLength.get),
            v.lower.set(load('v128.load', v.from.get)),
            advance(v.from, v.rowLength.get),
            v.low.set(lowWeights(v.weights)),
            v.high.set(highWeights(v.weights)),
            ...addHalf(FIRST_HALVES, v.first, v.second),
            ...addHalf(SECOND_HALVES, v.third, v.fourth),
            advance(v.weights, i32(PAIR_BYTES)),
          ),
          store(op('i32.add', v.output.get, v.column.get), toBytes(sums)),
          advance(v.column, i32(16)),
        ),
        advance(v.output, v.rowLength.get),
        advance(v.records, v.recordStride.get),
      ),
    ]
  },
)

/** The module's bytes. */
export function resizeModule(): Uint8Array<ArrayBuffer> {
  return assemble([rows, columns], MEMORY_BYTES / PAGE)
}
