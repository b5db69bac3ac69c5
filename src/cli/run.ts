/** @file Runs one command line: finds the command, parses its words, turns errors into one sentence and an exit code. */
import { parseCommandLine } from './arguments.js'
import type { Command, Terminal } from './command.js'
import { printable } from './plain-text.js'

/** The package's version; a test compares it with package.json. */
export const VERSION: string = '0.1.0'

interface Entry {
  readonly summary: string
  readonly load: () => Promise<{ readonly command: Command }>
}

/** Modules are loaded when their command runs, so that help costs nothing. */
const COMMANDS: Readonly<Record<string, Entry>> = {
  detect: { summary: 'find objects in photos', load: () => import('./detect.js') },
  eval: { summary: 'how good detections are: COCO AP and AR', load: () => import('./eval.js') },
  data: { summary: 'check, convert and show labelled photos', load: () => import('./data.js') },
  train: { summary: 'train a detector on labelled photos', load: () => import('./train.js') },
  models: { summary: 'list the models that can be named', load: () => import('./models.js') },
  info: { summary: 'size, input and layers of a model', load: () => import('./info.js') },
  pull: { summary: "download a model's official weights", load: () => import('./pull.js') },
  convert: { summary: 'turn a checkpoint into safetensors', load: () => import('./convert.js') },
  export: { summary: 'write an ONNX file', load: () => import('./export.js') },
  doctor: { summary: 'say what works on this machine', load: () => import('./doctor.js') },
}

/** Runs one command line and returns the exit code: 0 done, 1 failed, 2 not understood. */
export async function runCommandLine(words: readonly string[], terminal: Terminal): Promise<number> {
  // `detrs help detect` is `detrs detect --help`.
  const [name, ...rest] = words[0] === 'help' && words.length > 1 ? [words[1]!, '--help'] : words
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    terminal.out(overview())
    return name === undefined ? 2 : 0
  }
  if (name === '--version' || name === '-v') {
    terminal.out(`${VERSION}\n`)
    return 0
  }
  try {
    const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
    if (entry === undefined) throw await unknownCommand(name)
    const { command } = await entry.load()
    const input = parseCommandLine(command, rest)
    if (input.values['help'] === true) {
      terminal.out(helpOf(name, command))
      return 0
    }
    return await command.run(input, terminal)
  } catch (error) {
    const { DetrsError, ConfigError } = await import('../tensor/index.js')
    if (!(error instanceof DetrsError)) throw error
    terminal.err(`detrs: ${printable(error.message)}\n`)
    return error instanceof ConfigError ? 2 : 1
  }
}

function overview(): string {
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length))
  const lines = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`)
  return [
    'detrs: detection transformers in TypeScript',
    '',
    'Usage: detrs COMMAND [options]',
    '',
    ...lines,
    '',
    'detrs COMMAND --help tells more about one of them.',
    '',
  ].join('\n')
}

function helpOf(name: string, command: Command): string {
  const names = Object.entries(command.options).map(([option, { type, short }]) => {
    const value = type === 'string' ? ` ${option.toUpperCase()}` : ''
    return { option, shown: `${short === undefined ? '    ' : `-${short}, `}--${option}${value}` }
  })
  const width = Math.max(0, ...names.map(({ shown }) => shown.length))
  const lines = names.map(({ option, shown }) => `  ${shown.padEnd(width)}  ${command.optionHelp[option] ?? ''}`)
  return [`Usage: detrs ${name} ${command.usage}`, '', command.description, '', ...lines, ''].join('\n')
}

async function unknownCommand(name: string): Promise<Error> {
  const { ConfigError, nearestNames } = await import('../tensor/index.js')
  const nearest = nearestNames(name, Object.keys(COMMANDS))
  const next = nearest.length > 0 ? `Did you mean ${nearest.join(' or ')}?` : 'See detrs --help.'
  return new ConfigError({ where: 'command line', expected: 'a command', got: `'${name}'`, next })
}
