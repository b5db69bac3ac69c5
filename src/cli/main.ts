#!/usr/bin/env node
/** @file The command `detrs`: the process's arguments, streams and environment, handed to the command. */
import type { Terminal } from './command.js'
import { runCommandLine } from './run.js'

function processTerminal(): Terminal {
  const { env, stdout, stderr } = process
  const interactive = stderr.isTTY === true && env['CI'] === undefined && env['TERM'] !== 'dumb'
  return {
    out: (text) => stdout.write(text),
    err: (text) => stderr.write(text),
    env,
    interactive,
    // 0 where a terminal does not tell.
    columns: stderr.columns || 80,
  }
}

// A closed pipe (detrs … | head) ends the program quietly.
process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
  if (code === 'EPIPE') process.exit(0)
  process.stderr.write(`detrs: standard output: expected a place that can be written, got ${code ?? message}.\n`)
  process.exit(1)
})
// Nobody can be told that messages cannot be written; the work goes on.
process.stderr.on('error', () => undefined)

process.exitCode = await runCommandLine(process.argv.slice(2), processTerminal())
