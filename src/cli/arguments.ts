/** @file From the words of a command line to checked values. */
import { parseArgs } from 'node:util'
import { ConfigError, nearestNames } from '../tensor/index.js'
import type { Command, CommandInput } from './command.js'

/**
 * Parses the words behind a command's name.
 * @throws ConfigError for an unknown option (naming the nearest), one without its value, or a flag with one.
 */
export function parseCommandLine(command: Command, words: readonly string[]): CommandInput {
  const options: Command['options'] = { help: { type: 'boolean', short: 'h' }, ...command.options }
  // Not strict: node's own refusals differ between its versions and span several lines.
  const { values, positionals, tokens } = parseArgs({
    args: [...words],
    options,
    allowPositionals: true,
    strict: false,
    tokens: true,
  })
  for (const token of tokens) if (token.kind === 'option') checkOption(token, options, words)
  return { values, positionals }
}

interface OptionToken {
  readonly name: string
  /** As it was written: `--model`, `-m`. */
  readonly rawName: string
  /** Position of its word. */
  readonly index: number
  readonly value: string | undefined
  readonly inlineValue: boolean | undefined
}

function checkOption(token: OptionToken, options: Command['options'], words: readonly string[]): void {
  const { name, rawName, value } = token
  const option = Object.hasOwn(options, name) ? options[name] : undefined
  if (option === undefined) throw unknownOption(token, Object.keys(options), words[token.index] ?? rawName)
  if (option.type === 'boolean') {
    if (value !== undefined) throw new ConfigError({ where: rawName, expected: 'no value', got: `'${value}'` })
  } else if (value === undefined) {
    throw new ConfigError({ where: rawName, expected: 'a value behind it', got: 'none' })
  } else if (token.inlineValue !== true && /^-[^\d.]/.test(value)) {
    const next = `If it is meant, write '--${name}=${value}'.`
    throw new ConfigError({ where: rawName, expected: 'a value behind it', got: `the option ${value}`, next })
  }
}

function unknownOption(token: OptionToken, names: readonly string[], word: string): ConfigError {
  const nearest = nearestNames(token.name, names).map((name) => `--${name}`)
  const isFile = /^-[^=]*[.\\/]/.test(word)
  return new ConfigError({
    where: 'command line',
    expected: 'an option of this command',
    got: token.rawName,
    next:
      nearest.length > 0
        ? `Did you mean ${nearest.join(' or ')}?`
        : isFile
          ? `For a file of that name, write './${word}'.`
          : 'See --help.',
  })
}

/**
 * The words that are no options: as many as `names`.
 * @param command the command's name, for errors
 * @throws ConfigError when there are more or fewer.
 */
export function operands(input: CommandInput, command: string, names: readonly string[]): readonly string[] {
  const { positionals } = input
  if (positionals.length === names.length) return positionals
  const shown = positionals.slice(0, 5).map((word) => `'${word}'`)
  if (positionals.length > shown.length) shown.push(`… ${positionals.length - shown.length} more`)
  throw new ConfigError({
    where: `detrs ${command}`,
    expected: names.length === 0 ? 'nothing but options' : names.join(' and '),
    got: shown.length === 0 ? 'nothing' : shown.join(', '),
    next: `See detrs ${command} --help.`,
  })
}

/**
 * An option's text; undefined when it was not given.
 * @throws ConfigError when it was given and is empty, as where a variable of the shell was.
 */
export function textOption(input: CommandInput, name: string): string | undefined {
  const value = input.values[name]
  if (value === '') throw new ConfigError({ where: `--${name}`, expected: 'a value', got: 'an empty one' })
  return typeof value === 'string' ? value : undefined
}

/**
 * All texts of an option that may repeat, and whose values may be lists with commas; undefined when it was not given.
 * @throws ConfigError when it was given and holds nothing.
 */
export function listOption(input: CommandInput, name: string): readonly string[] | undefined {
  const value = input.values[name]
  if (value === undefined) return undefined
  const texts = Array.isArray(value) ? value.map(String) : [String(value)]
  const items = texts.flatMap((text) => text.split(',')).map((text) => text.trim())
  const named = items.filter((text) => text !== '')
  if (named.length === 0) throw new ConfigError({ where: `--${name}`, expected: 'at least one name', got: 'none' })
  return named
}

/** What an option's number may be. */
export interface NumberRange {
  readonly min: number
  readonly max: number
  readonly whole?: boolean
}

/**
 * An option's number; undefined when it was not given.
 * @throws ConfigError when it is not a number of the range.
 */
export function numberOption(input: CommandInput, name: string, range: NumberRange): number | undefined {
  const text = input.values[name]
  if (typeof text !== 'string') return undefined
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (value >= range.min && value <= range.max && (range.whole !== true || Number.isInteger(value))) return value
  const kind = range.whole === true ? 'a whole number' : 'a number'
  const upTo = range.max === Number.MAX_SAFE_INTEGER ? 'up' : `to ${range.max}`
  throw new ConfigError({ where: `--${name}`, expected: `${kind} from ${range.min} ${upTo}`, got: `'${text}'` })
}

/** Whether a flag was given. */
export function flag(input: CommandInput, name: string): boolean {
  return input.values[name] === true
}
