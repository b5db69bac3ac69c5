/** @file What a command is, and the streams and settings that it may touch. */
import type { ParseArgsConfig } from 'node:util'

/** The world as a command sees it. Nothing else in the project reads arguments, environment or terminal. */
export interface Terminal {
  /** Writes results: what a pipe carries on. */
  readonly out: (text: string) => void
  /** Writes progress, notes and errors. */
  readonly err: (text: string) => void
  readonly env: Readonly<Record<string, string | undefined>>
  /** True when errors go to a person's terminal, so that a progress bar may redraw its line. */
  readonly interactive: boolean
  /** Columns of the terminal; 80 when it is none. */
  readonly columns: number
}

/** Values of a command line, after parsing. */
export interface CommandInput {
  readonly values: Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>
  readonly positionals: readonly string[]
}

/** One command of `detrs`. */
export interface Command {
  /** Its arguments, as shown behind the name. */
  readonly usage: string
  readonly description: string
  readonly options: NonNullable<ParseArgsConfig['options']>
  /** One line of help per option. */
  readonly optionHelp: Readonly<Record<string, string>>
  /** @returns the process's exit code: 0 done, 1 failed in part or whole. */
  readonly run: (input: CommandInput, terminal: Terminal) => Promise<number>
}

/** Of this package, and so of the weights in it. */
export const PACKAGE_LICENCE = 'Apache-2.0'

/** Help of the option `--provider`. */
export const PROVIDER_HELP =
  'what computes, such as cuda or cpu, the preferred first, separated by commas; cpu unless said. detrs doctor lists those of this machine'

/** How many places of numbers are shown to people. */
export const SHOWN_DIGITS = 3
