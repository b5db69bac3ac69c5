/** @file Random choices of tests: seeded, so that a failure comes back. */
import { mix } from '../../src/tensor/index.js'

/** Numbers from a seed. */
export interface Random {
  /** A whole number from `low` to `high`, both included. */
  int(low: number, high: number): number
  pick<T>(choices: readonly T[]): T
}

/** The choices of one seed. */
export function randomOf(seed: number): Random {
  let count = 0
  const next = (): number => mix(mix(++count) ^ mix(seed)) / 2 ** 32
  const int = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1))
  return { int, pick: (choices) => choices[int(0, choices.length - 1)]! }
}
