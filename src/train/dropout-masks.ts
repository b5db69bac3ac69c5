/**
 * @file Masks for the dropouts of a training graph. One long line of random elements per rate is drawn once; a mask is a piece
 * of it that begins where (seed, step, name) say. So a step costs nothing to draw, and a resumed run drops the same elements.
 */
import { dropoutRateOf } from '../nn/index.js'
import type { ValueInfo } from '../runtime/index.js'
import { mix, streamKey, type TensorData, uniformAt } from '../tensor/index.js'

/** Places where a mask can begin. */
const OFFSETS = 1 << 16
/** Elements between two places: a cache line. */
const APART = 16

/** The masks of a run. */
export class DropoutMasks {
  readonly #seed: number
  readonly #lines: Map<number, Float32Array> = new Map()

  constructor(seed: number) {
    this.#seed = seed
  }

  /**
   * Masks for those inputs of a graph that are dropout masks: views, not copies.
   * @param step counted from 0
   */
  feeds(inputs: readonly ValueInfo[], step: number): Record<string, TensorData> {
    const masks: Record<string, TensorData> = {}
    for (const { name, shape } of inputs) {
      const rate = dropoutRateOf(name)
      if (rate === undefined) continue
      const sizes = shape.map(Number)
      const length = sizes.reduce((product, size) => product * size, 1)
      const start = APART * (mix(streamKey(name, this.#seed) ^ mix(step)) % OFFSETS)
      masks[name] = { dtype: 'float32', shape: sizes, data: this.#line(rate, length).subarray(start, start + length) }
    }
    return masks
  }

  /** Enough elements for a mask of `length` that begins anywhere; the first ones are the same whatever the length. */
  #line(rate: number, length: number): Float32Array {
    const wanted = length + APART * OFFSETS
    const known = this.#lines.get(rate)
    if (known !== undefined && known.length >= wanted) return known
    const key = streamKey(`dropout.${rate}`, this.#seed)
    const kept = 1 / (1 - rate)
    // uniformAt is uniform in [−1, 1).
    const line = Float32Array.from({ length: wanted }, (_, i) => (uniformAt(key, i) < 2 * rate - 1 ? 0 : kept))
    this.#lines.set(rate, line)
    return line
  }
}
