import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError, ImageError } from '../tensor/index.js'
import { choosePages, MAX_LISTED_PAGES, parsePages, splitPages } from './pdf-page.js'

test('lists of pages are numbers and ranges, open ones too', () => {
  assert.deepEqual(parsePages('1-3,7', 'x'), [
    { first: 1, last: 3 },
    { first: 7, last: 7 },
  ])
  assert.deepEqual(parsePages(' 5 - , 2 ', 'x'), [{ first: 5 }, { first: 2, last: 2 }])
  for (const text of ['', '0', '3-1', '-3', 'a', '1,,2', '1.5', '1-2-3', '99999999999', '1;2', '0x3']) {
    assert.throws(
      () => parsePages(text, '--pages'),
      (error: unknown) => error instanceof ConfigError && error.message.endsWith(`or 5-, got '${text}'.`),
      text,
    )
  }
})

test('chosen pages come once each, in the order of the list; what begins behind the end is missing', () => {
  const choose = (text: string, count: number): unknown => choosePages(parsePages(text, 'x'), count, 'x')
  assert.deepEqual(choose('7,1-3,2-', 7), { pages: [7, 1, 2, 3, 4, 5, 6], missing: [] })
  assert.deepEqual(choose('1-999999999', 2), { pages: [1, 2], missing: [] })
  assert.deepEqual(choose('1-3,7,9-,7', 2), { pages: [1, 2], missing: [7, 9] })
})

test('a document that claims a million pages is not listed whole', () => {
  const all = [{ first: 1 }]
  assert.equal(choosePages(all, MAX_LISTED_PAGES, 'x').pages.length, MAX_LISTED_PAGES)
  assert.throws(
    () => choosePages(all, 1e6, 'x.pdf'),
    (error: unknown) =>
      error instanceof ImageError &&
      error.message ===
        'x.pdf: expected at most 20000 pages, got more, of a document of 1000000. Choose some, for example: x.pdf#page=1-100',
  )
  assert.deepEqual(choosePages([{ first: 999_999 }], 1e6, 'x').pages, [999_999, 1_000_000])
})

test('names are divided at the last #page=', () => {
  assert.deepEqual(splitPages('a b.pdf#page=2-4'), { name: 'a b.pdf', pages: '2-4' })
  assert.deepEqual(splitPages('a#page=1#page=2'), { name: 'a#page=1', pages: '2' })
  for (const name of ['a.pdf', 'a#page', '#page=2', 'a#page=1#x']) assert.deepEqual(splitPages(name), { name })
})
