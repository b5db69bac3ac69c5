/** @file Which parameters of a network are learned. */
import type { Parameter } from '../graph/index.js'
import type { Network } from '../models/index.js'
import { parametersOf } from '../nn/index.js'
import { ConfigError } from '../tensor/index.js'

/**
 * Its weights but those whose keys begin with one of `freeze`.
 * @throws ConfigError for a beginning that no parameter has, and when nothing is left to learn.
 */
export function learnedOf(network: Network, freeze: readonly string[]): Parameter[] {
  const weights = parametersOf(network).filter(({ role }) => role === 'weight')
  const unknown = freeze.find((beginning) => !weights.some(({ key }) => key.startsWith(beginning)))
  if (unknown !== undefined) {
    const parts = [...new Set(weights.map(({ key }) => key.slice(0, key.indexOf('.') + 1)))]
    const next = `They begin with ${parts.join(', ')}.`
    throw new ConfigError({ where: 'freeze', expected: "beginnings of parameters' names", got: `'${unknown}'`, next })
  }
  const learned = weights.filter(({ key }) => !freeze.some((beginning) => key.startsWith(beginning)))
  if (learned.length > 0) return learned
  throw new ConfigError({ where: 'freeze', expected: 'something left to learn', got: freeze.join(', ') })
}
