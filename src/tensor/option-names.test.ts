import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeValue } from './errors.js'
import { checkOptionNames, checkTextList, type OptionNames } from './option-names.js'

interface Choices {
  readonly threshold?: number
  readonly topK?: number
}
const NAMES: OptionNames<Choices> = { threshold: true, topK: true }

test('an unknown option is refused, with the nearest name or with all', () => {
  checkOptionNames('detect', {}, NAMES)
  checkOptionNames('detect', { topK: 1, threshold: undefined }, NAMES)
  const cases: [unknown, string][] = [
    [{ treshold: 1 }, "detect: expected only options that it has, got 'treshold'. Did you mean threshold?"],
    [{ xyz: 1 }, "detect: expected only options that it has, got 'xyz'. It has threshold, topK."],
    [{ constructor: 1 }, "detect: expected only options that it has, got 'constructor'. It has threshold, topK."],
    [null, 'detect: expected an object of options, got null.'],
    [0.5, 'detect: expected an object of options, got 0.5.'],
    [['a'], 'detect: expected an object of options, got a list.'],
  ]
  for (const [options, message] of cases) {
    assert.throws(() => checkOptionNames('detect', options, NAMES), { name: 'ConfigError', message })
  }
})

test('a list of names is a list of texts', () => {
  for (const value of [undefined, [], ['a']]) checkTextList('classes', value)
  assert.throws(() => checkTextList('classes', 'Text'), {
    name: 'ConfigError',
    message: "classes: expected a list of names, got 'Text'.",
  })
  assert.throws(() => checkTextList('classes', ['a', null]), {
    message: 'classes: expected a list of names, got null in it.',
  })
})

test('values are described shortly, whatever they are', () => {
  const cases: [unknown, string][] = [
    [undefined, 'undefined'],
    ['0.5', "'0.5'"],
    ['x'.repeat(100), `'${'x'.repeat(60)}…'`],
    [Number.NaN, 'NaN'],
    [[1], 'a list'],
    [{}, 'an empty object'],
    [{ width: 1, height: 2 }, 'an object with width, height'],
    [Object.fromEntries(Array.from('abcdefghi', (name) => [name, 1])), 'an object with a, b, c, d, e, f, …'],
    [new ArrayBuffer(3), 'ArrayBuffer'],
    [new Float32Array(3), 'Float32Array'],
    [Object.create(null), 'an empty object'],
    [() => 1, 'a function'],
    [Symbol('a'), 'Symbol(a)'],
    [1n, '1'],
  ]
  for (const [value, text] of cases) assert.equal(describeValue(value), text)
})
