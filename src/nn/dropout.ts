/** @file Dropout (Srivastava et al., JMLR 15, 2014) whose masks come from outside: the graph itself holds no randomness. */
import type { Tensor } from '../graph/index.js'
import { mul } from '../ops/index.js'

const PREFIX = 'dropout/'

/**
 * In a training graph, `x` times an input of its shape named `dropout/{rate}/{scope}.{name}`, whose elements are 0 with
 * probability `rate` and 1 / (1 − rate) otherwise; `x` itself elsewhere.
 * @param name distinguishes dropouts of one layer
 */
export function dropout(x: Tensor, rate: number, name: string): Tensor {
  if (rate === 0 || !x.graph.training) return x
  return mul(x, x.graph.input(`${PREFIX}${rate}/${x.graph.scope}.${name}`, 'float32', x.shape))
}

/** The rate of the dropout mask that a graph's input of this name is, or undefined where it is none. */
export function dropoutRateOf(input: string): number | undefined {
  return input.startsWith(PREFIX) ? Number(input.split('/')[1]) : undefined
}
