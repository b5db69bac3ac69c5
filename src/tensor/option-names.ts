/** @file Options by name: an unknown one is refused, since a misspelt option would change nothing without a word. */
import { ConfigError, describeValue, nearestNames } from './errors.js'

/** Every name of an options type: the compiler sees to it that none is missing. */
export type OptionNames<Options> = Readonly<Record<keyof Options, true>>

/**
 * Refuses options that do not exist.
 * @param where what takes the options, for the error
 * @throws ConfigError naming the nearest known option, or when `options` is no object.
 */
export function checkOptionNames(where: string, options: unknown, names: Readonly<Record<string, true>>): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new ConfigError({ where, expected: 'an object of options', got: describeValue(options) })
  }
  const known = Object.keys(names)
  const unknown = Object.keys(options).find((name) => !known.includes(name))
  if (unknown === undefined) return
  const nearest = nearestNames(unknown, known)
  throw new ConfigError({
    where,
    expected: 'only options that it has',
    got: describeValue(unknown),
    next: nearest.length > 0 ? `Did you mean ${nearest.join(' or ')}?` : `It has ${known.join(', ')}.`,
  })
}

/** @throws ConfigError unless `value` is a list of texts, or undefined. */
export function checkTextList(where: string, value: unknown): void {
  if (value === undefined) return
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return
  const odd = Array.isArray(value)
    ? `${describeValue(value.find((item) => typeof item !== 'string'))} in it`
    : undefined
  throw new ConfigError({ where, expected: 'a list of names', got: odd ?? describeValue(value) })
}
