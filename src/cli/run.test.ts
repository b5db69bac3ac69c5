import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { PACKAGE_FOLDER, run, runProcess } from '../../test/support/cli.js'
import { VERSION } from './run.js'

/** Names in the overview. */
const COMMANDS = Array.from((await run(['--help'])).out.matchAll(/^ {2}(\w+) {2}/gm), ([, name]) => name!)

describe('help', () => {
  test('lists every command, on standard output', async () => {
    for (const words of [['--help'], ['-h'], ['help']]) {
      const { code, out, err } = await run(words)
      assert.deepEqual([code, err], [0, ''])
      for (const name of ['detect', 'models', 'info', 'pull', 'convert', 'export', 'doctor']) {
        assert.match(out, new RegExp(`^ {2}${name} `, 'm'))
      }
    }
  })

  test('without a command is shown, and is a failure', async () => {
    const { code, out } = await run([])
    assert.equal(code, 2)
    assert.match(out, /^Usage: detrs COMMAND/m)
  })

  for (const name of COMMANDS) {
    test(`of ${name} explains each of its options`, async () => {
      const { code, out, err } = await run([name, '--help'])
      assert.deepEqual([code, err], [0, ''])
      assert.match(out, new RegExp(`^Usage: detrs ${name} `))
      const options = out.split('\n').filter((line) => /^ {2}(-\w,| {3}) --/.test(line))
      assert.ok(options.length > 0)
      for (const line of options)
        assert.match(line, /--[\w-]+( [A-Z-]+)? {2,}\S.{5}/, 'an option without a word of help')
      assert.deepEqual(await run(['help', name]), { code, out, err })
    })
  }
})

test('the version is that of the package', async () => {
  const { version } = JSON.parse(readFileSync(join(PACKAGE_FOLDER, 'package.json'), 'utf8')) as { version: string }
  assert.equal(VERSION, version)
  assert.deepEqual(await run(['--version']), { code: 0, out: `${version}\n`, err: '' })
})

describe('what is not understood ends with 2 and one sentence', () => {
  const sentences: readonly (readonly [words: string, sentence: string | RegExp])[] = [
    ['detct', /^command line: expected a command, got 'detct'\. Did you mean detect\b.*\?$/],
    ['frobnicate', "command line: expected a command, got 'frobnicate'. See detrs --help."],
    ['help frobnicate', "command line: expected a command, got 'frobnicate'. See detrs --help."],
    ['constructor', /^command line: expected a command, got 'constructor'\. .*$/],
    ['models --jsno', 'command line: expected an option of this command, got --jsno. Did you mean --json?'],
    ['models detr-r50', "detrs models: expected nothing but options, got 'detr-r50'. See detrs models --help."],
    ['doctor now', "detrs doctor: expected nothing but options, got 'now'. See detrs doctor --help."],
    ['info', 'detrs info: expected the name of one model or weight file, got nothing. See detrs info --help.'],
    ['pull', 'detrs pull: expected the name of one model, got nothing. See detrs pull --help.'],
    ['convert a.pth', "detrs convert: expected IN and OUT.safetensors, got 'a.pth'. See detrs convert --help."],
    ['export', 'detrs export: expected NAME or FILE and OUT.onnx, got nothing. See detrs export --help.'],
    ['detect', 'detrs detect: expected a photo, folder, pattern, address or -, got nothing.'],
  ]
  for (const [words, sentence] of sentences) {
    test(words, async () => {
      const { code, out, err } = await run(words.split(' '))
      assert.deepEqual([code, out, err.slice(0, 7), err.slice(-1)], [2, '', 'detrs: ', '\n'])
      if (typeof sentence === 'string') assert.equal(err.slice(7, -1), sentence)
      else assert.match(err.slice(7, -1), sentence)
    })
  }

  test('and cannot make a terminal do things', async () => {
    const { err } = await run(['\x1b[2J\n\x07det'])
    assert.equal(err, "detrs: command line: expected a command, got '\u{fffd}[2J \u{fffd}det'. See detrs --help.\n")
  })
})

test('the process hands over words, streams and exit code', async () => {
  const [help, wrong] = await Promise.all([runProcess(['--help']), runProcess(['modls'])])
  assert.equal(help.code, 0)
  assert.match(help.out, /^Usage: detrs COMMAND/m)
  assert.deepEqual([wrong.code, wrong.out], [2, ''])
  assert.match(wrong.err, /^detrs: command line: expected a command, got 'modls'\. Did you mean models\b.*\?\n$/)
})
