import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printable } from './plain-text.js'

test('text stays as it is, but for line ends and control characters', () => {
  assert.equal(printable('a photo – 写真 ☃.jpg'), 'a photo – 写真 ☃.jpg')
  assert.equal(printable('one \r\n  two\nthree'), 'one two three')
  assert.equal(printable('\x1b[31mred\x07\x7f\x9b\t'), '\u{fffd}[31mred\u{fffd}\u{fffd}\u{fffd}\u{fffd}')
})
