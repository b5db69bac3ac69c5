/**
 * @file All numbers of one kind (weights, gradients, moments) in one flat array, each parameter a view into it: what
 * touches every parameter then runs over a few large chunks instead of hundreds of small tensors.
 */
import { ShapeError, sizeOfShape, type TensorData } from '../tensor/index.js'

/** Views start at multiples of a cache line, as the engine's kernels like them. */
const ALIGNMENT_FLOATS = 16

/** A parameter's place in every slab of a layout. */
export interface SlabEntry {
  readonly key: string
  readonly shape: readonly number[]
  /** First element. */
  readonly offset: number
  readonly length: number
  /** Index of the parameter group. */
  readonly group: number
}

/** Where each parameter lies; parameters of one group lie together. */
export interface SlabLayout {
  readonly entries: readonly SlabEntry[]
  /** Elements of a slab, gaps included. */
  readonly length: number
  /** First and last element (exclusive) of each group. */
  readonly groups: readonly { readonly start: number; readonly end: number }[]
}

/** A parameter to be placed. */
export interface SlabParameter {
  readonly key: string
  readonly shape: readonly number[]
  readonly group: number
}

/** Places parameters in a slab, group by group. */
export function layOutSlab(parameters: readonly SlabParameter[]): SlabLayout {
  const entries: SlabEntry[] = []
  const groups: { start: number; end: number }[] = []
  let offset = 0
  const count = Math.max(0, ...parameters.map(({ group }) => group + 1))
  for (let group = 0; group < count; group++) {
    const start = offset
    for (const { key, shape } of parameters.filter((parameter) => parameter.group === group)) {
      const length = sizeOfShape(shape)
      entries.push({ key, shape, offset, length, group })
      offset += Math.ceil(length / ALIGNMENT_FLOATS) * ALIGNMENT_FLOATS
    }
    groups.push({ start, end: offset })
  }
  return { entries, length: offset, groups }
}

/** One flat array and its views. Gaps between parameters hold zeros and stay zeros. */
export class Slab {
  readonly layout: SlabLayout
  readonly data: Float32Array
  readonly views: ReadonlyMap<string, TensorData<'float32'>>

  constructor(layout: SlabLayout) {
    this.layout = layout
    this.data = new Float32Array(layout.length)
    this.views = new Map(
      layout.entries.map(({ key, shape, offset, length }) => [
        key,
        { dtype: 'float32', shape, data: this.data.subarray(offset, offset + length) },
      ]),
    )
  }

  /** Copies values in by key. @throws ShapeError when a key is missing or has another size. */
  fill(values: ReadonlyMap<string, TensorData>): void {
    for (const [key, view] of this.views) {
      const value = values.get(key)
      if (value?.dtype !== 'float32' || value.data.length !== view.data.length) {
        throw new ShapeError({
          where: key,
          expected: `float32 values of shape [${view.shape.join(', ')}]`,
          got: value === undefined ? 'nothing' : `${value.dtype} [${value.shape.join(', ')}]`,
        })
      }
      view.data.set(value.data as Float32Array)
    }
  }
}

/** Elements of a chunk: large enough that a run's overhead vanishes, small enough to stay in the cache with its moments. */
const CHUNK = 1 << 19

/** The range from `start` to `end` (exclusive) in pieces that one run of an update graph takes. */
export function* chunksOf(start: number, end: number): Generator<readonly [from: number, to: number]> {
  for (let from = start; from < end; from += CHUNK) yield [from, Math.min(end, from + CHUNK)]
}

/** Part of a slab as a vector, a view. */
export function vector(slab: Slab, from: number, to: number): TensorData<'float32'> {
  return { dtype: 'float32', shape: [to - from], data: slab.data.subarray(from, to) }
}

/** A number as a tensor. */
export function scalar(value: number): TensorData<'float32'> {
  return { dtype: 'float32', shape: [], data: Float32Array.of(value) }
}
