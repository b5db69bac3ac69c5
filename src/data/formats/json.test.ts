/** @file The JSON reader that takes over where JavaScript's gives up. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { uniformAt } from '../../tensor/index.js'
import { parseJson } from './json.js'

const parse = (text: string): unknown => parseJson(new TextEncoder().encode(text), 'x.json')
/** NaN behind the text sends it through our own parser. */
const parseSlowly = (text: string): unknown => (parse(`[${text}, NaN]`) as unknown[])[0]

test('our own parser agrees with JavaScript where both can read', () => {
  const texts = [
    '{"a": [1, -2.5e-3, 0, 1E+2], "b": {"c": null, "d": true, "e": false}}',
    '"\\u00e9\\n\\"\\\\ é 猫 \\ud83d\\ude00"',
    ' [ ] ',
    '{ }',
    '[[[[1]]]]',
    '""',
    '12345678901234567890',
    '[0.1, 23.34, 214.15, -0, -0.0, 0.30000000000000004, 123456789012345, 9007199254740993, 1.0, 0.000001]',
    '{"a": {"b": 1, "\\u0062": 2, "b\\"": 3}, "b": [{"b": 4}, {"ba": 5}], "": 6, "é": 7}',
  ]
  for (const text of texts) assert.deepEqual(parseSlowly(text), JSON.parse(text), text)
})

test('numbers come out as JavaScript reads them, to the last bit', () => {
  const texts = Array.from({ length: 5000 }, (_, i) => {
    const digits = String(uniformAt(1, i)).replace('-', '')
    return `${i % 2 === 0 ? '-' : ''}${i % 977}${digits.slice(1, 2 + (i % 17))}`.replace(/\.$/, '')
  })
  for (const text of texts) assert.ok(Object.is(parseSlowly(text), JSON.parse(text)), text)
})

test('numbers that JSON lacks', () => {
  assert.deepEqual(parse('[NaN, Infinity, -Infinity, 1]'), [Number.NaN, Infinity, -Infinity, 1])
})

test('__proto__ is a name like any other', () => {
  const value = parseSlowly('{"__proto__": {"x": 1}, "y": 2}') as object
  assert.equal(Object.getPrototypeOf(value), Object.prototype)
  assert.deepEqual(Object.keys(value), ['__proto__', 'y'])
})

test('faults have a line and a column', () => {
  const faults: [string, RegExp][] = [
    ['{"a": 1,\n  b: 2}', /a name in double quotes, got 'b: 2}' at line 2, column 3/],
    ['[1, 2', /a comma or \], got the end of the file at line 1, column 6/],
    ['[1, 2] x', /nothing behind the end .*got 'x' at line 1, column 8/],
    ['[01]', /a value, got '01\]'/],
    ['[.5]', /a value, got '.5\]'/],
    ['[5.]', /a value, got '5.\]'/],
    ['[1.2.3]', /a value, got '1.2.3\]'/],
    ['[-]', /a value, got '-\]'/],
    ['{"a', /closing quotes/],
    ['[1,]', /a value, got '\]'/],
    ['["a\nb"]', /a text without line breaks/],
    ['["a]', /closing quotes/],
    ['["\\x"]', /escapes of JSON/],
    ['{"a" 1}', /a colon/],
    ['[1;]', /a comma or \]/],
    ['[1e]', /a value/],
    [`${'['.repeat(100_000)}`, /nested at most 500 deep/],
  ]
  for (const [text, message] of faults) assert.throws(() => parse(text), message, text.slice(0, 20))
})

test('bytes that are no UTF-8 are named', () => {
  assert.throws(() => parseJson(new Uint8Array([0x5b, 0x22, 0xff, 0x22, 0x5d]), 'x.json'), /a text in UTF-8/)
})
