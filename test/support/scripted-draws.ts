/** @file Random decisions from a list, in place of random ones. */
import type { DrawStreams, Draws } from '../../src/data/index.js'

/** `chance` and `fraction`: u in 0..1; `integer` and `value`: the decision itself. Made by reference/transforms.py. */
export type Decision = readonly [kind: 'chance' | 'integer' | 'fraction' | 'value', value: number]

/** Streams that all take from one list, and how many of its decisions are left. */
export function scriptedStreams(decisions: readonly Decision[]): { streams: DrawStreams; left: () => number } {
  let used = 0
  const take = (...kinds: Decision[0][]): Decision => {
    const decision = decisions[used++]
    if (decision === undefined || !kinds.includes(decision[0])) {
      throw new Error(`decision ${used}: expected ${kinds.join(' or ')}, got ${decision?.join(' ')}`)
    }
    return decision
  }
  const draws: Draws = {
    chance: (probability) => take('chance', 'fraction')[1] < probability,
    integer(first, last) {
      const [, value] = take('integer')
      if (value < first || value > last) throw new Error(`decision ${used}: ${value} is not in ${first}..${last}`)
      return value
    },
    real(low, high) {
      const [kind, value] = take('fraction', 'value')
      return kind === 'value' ? value : low + value * (high - low)
    },
  }
  return { streams: () => draws, left: () => decisions.length - used }
}
