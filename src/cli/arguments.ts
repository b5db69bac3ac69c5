/** @file From the words of a command line to checked values. */
import { parseArgs } from 'node:util'
import { ConfigError, nearestNames } from '../tensor/index.js'
import type { Command, CommandInput } from './command.js'

/**
 * Parses the words behind a command's name.
 * @throws ConfigError for an unknown option (naming the nearest), or one without its value.
 */
export function parseCommandLine(command: Command, words: readonly string[]): CommandInput {
  const known = { help: { type: 'boolean' as const, short: 'h' }, ...command.options }
  try {
    const { values, positionals } = parseArgs({ args: [...words], options: known, allowPositionals: true })
    return { values, positionals }
  } catch (error) {
    throw readableError(error, Object.keys(known))
  }
}

function readableError(error: unknown, names: readonly string[]): unknown {
  if (!(error instanceof TypeError)) return error
  const unknown = /Unknown option '(-{1,2})([^']+)'/.exec(error.message)
  if (unknown !== null) {
    const nearest = nearestNames(unknown[2]!, names).map((name) => `--${name}`)
    return new ConfigError({
      where: 'command line',
      expected: 'an option of this command',
      got: `${unknown[1]}${unknown[2]}`,
      next: nearest.length > 0 ? `Did you mean ${nearest.join(' or ')}?` : 'See --help.',
    })
  }
  const [sentence] = error.message.split('\n')
  return new ConfigError({ where: 'command line', expected: 'options as in --help', got: sentence ?? error.message })
}

/** An option's text; undefined when it was not given. */
export function textOption(input: CommandInput, name: string): string | undefined {
  const value = input.values[name]
  return typeof value === 'string' ? value : undefined
}

/** All texts of an option that may repeat, and whose values may be lists with commas. */
export function listOption(input: CommandInput, name: string): readonly string[] | undefined {
  const value = input.values[name]
  if (value === undefined) return undefined
  const texts = Array.isArray(value) ? value.map(String) : [String(value)]
  const items = texts.flatMap((text) => text.split(',')).map((text) => text.trim())
  return items.filter((text) => text !== '')
}

/**
 * An option's number; undefined when it was not given.
 * @throws ConfigError when it is not a number, or not a whole one where that is asked for.
 */
export function numberOption(input: CommandInput, name: string, kind: 'whole' | 'any' = 'any'): number | undefined {
  const text = textOption(input, name)
  if (text === undefined) return undefined
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (!Number.isFinite(value) || (kind === 'whole' && !Number.isInteger(value))) {
    throw new ConfigError({
      where: `--${name}`,
      expected: kind === 'whole' ? 'a whole number' : 'a number',
      got: `'${text}'`,
    })
  }
  return value
}

/** Whether a flag was given. */
export function flag(input: CommandInput, name: string): boolean {
  return input.values[name] === true
}
