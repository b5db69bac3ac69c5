import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { flag, listOption, numberOption, operands, parseCommandLine, textOption } from './arguments.js'
import type { Command, CommandInput } from './command.js'

const command: Command = {
  usage: '',
  description: '',
  options: {
    model: { type: 'string', short: 'm' },
    threshold: { type: 'string' },
    classes: { type: 'string', multiple: true },
    json: { type: 'boolean' },
  },
  optionHelp: {},
  run: async () => 0,
}

const parse = (...words: string[]): CommandInput => parseCommandLine(command, words)

describe('a command line', () => {
  test('is parsed into options and operands', () => {
    const input = parse('a.jpg', '--model=x', '-', '--json', '--classes', 'cat, dog', '--classes=cow', '--', '--b.jpg')
    assert.deepEqual(input.positionals, ['a.jpg', '-', '--b.jpg'])
    assert.equal(textOption(input, 'model'), 'x')
    assert.equal(flag(input, 'json'), true)
    assert.deepEqual(listOption(input, 'classes'), ['cat', 'dog', 'cow'])
    assert.equal(textOption(input, 'threshold'), undefined)
    assert.equal(listOption(parse(), 'classes'), undefined)
  })

  const refusals: readonly (readonly [words: string, message: string])[] = [
    ['--jsn', 'command line: expected an option of this command, got --jsn. Did you mean --json?'],
    ['--treshold=1', 'command line: expected an option of this command, got --treshold. Did you mean --threshold?'],
    ['-x', 'command line: expected an option of this command, got -x. See --help.'],
    [
      '-photo.jpg',
      "command line: expected an option of this command, got -p. For a file of that name, write './-photo.jpg'.",
    ],
    ['--constructor', 'command line: expected an option of this command, got --constructor. See --help.'],
    ['--model', '--model: expected a value behind it, got none.'],
    ['-m', '-m: expected a value behind it, got none.'],
    [
      '--model --json',
      "--model: expected a value behind it, got the option --json. If it is meant, write '--model=--json'.",
    ],
    ['--json=yes', "--json: expected no value, got 'yes'."],
  ]
  for (const [words, message] of refusals) {
    test(`${words} is refused`, () => {
      assert.throws(() => parse(...words.split(' ')), { name: 'ConfigError', message })
    })
  }
})

describe('numbers', () => {
  const threshold = (text: string): number | undefined =>
    numberOption(parse('--threshold', text), 'threshold', { min: 0, max: 1 })
  const whole = (text: string): number | undefined =>
    numberOption(parse('--threshold', text), 'threshold', { min: 1, max: Number.MAX_SAFE_INTEGER, whole: true })

  test('within their range are taken, its ends included', () => {
    assert.deepEqual(['0', '1', '.25', '1e-3'].map(threshold), [0, 1, 0.25, 0.001])
    assert.deepEqual(['1', '1e3'].map(whole), [1, 1000])
  })

  test('out of it, and what is no number, are refused', () => {
    for (const text of ['-0.1', '-1', '1.1', 'NaN', 'Infinity', '', ' ', 'half', '0,5', '1_0']) {
      const message = `--threshold: expected a number from 0 to 1, got '${text}'.`
      assert.throws(() => threshold(text), { name: 'ConfigError', message })
    }
    for (const text of ['0', '1.5', '1e300']) {
      const message = `--threshold: expected a whole number from 1 up, got '${text}'.`
      assert.throws(() => whole(text), { name: 'ConfigError', message })
    }
  })
})

test('a list that holds nothing is refused', () => {
  for (const text of ['', ',', ' , ']) {
    assert.throws(() => listOption(parse('--classes', text), 'classes'), {
      message: '--classes: expected at least one name, got none.',
    })
  }
})

test('operands are counted', () => {
  assert.deepEqual(operands(parse('a', 'b'), 'convert', ['IN', 'OUT']), ['a', 'b'])
  assert.throws(() => operands(parse('a'), 'convert', ['IN', 'OUT']), {
    name: 'ConfigError',
    message: "detrs convert: expected IN and OUT, got 'a'. See detrs convert --help.",
  })
  assert.throws(() => operands(parse(...'abcdefg'), 'models', []), {
    message:
      "detrs models: expected nothing but options, got 'a', 'b', 'c', 'd', 'e', … 2 more. See detrs models --help.",
  })
})
