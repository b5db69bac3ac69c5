/** @file Every template draws, the same page for the same seed, with regions of known classes only. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PAGE_CLASSES, SPLITS } from '../classes.js'
import { composePage, TEMPLATES } from './index.js'

for (const split of SPLITS) {
  for (const template of TEMPLATES[split]) {
    test(`${split}: ${template.name}`, () => {
      for (const seed of ['a', 'b']) {
        const page = composePage(template, split, seed)
        const names = [...page.html.matchAll(/data-c="([^"]*)"/g)].map(([, name]) => name!)
        assert.ok(names.length > 0)
        for (const name of names)
          assert.ok(
            PAGE_CLASSES.some((known) => known === name),
            name,
          )
        assert.ok(names.filter((name) => name === 'Title').length <= 1, 'a title occurs once')
        assert.ok(!/undefined|NaN|\[object/.test(page.html), 'a value is missing')
        for (const [, i] of page.html.matchAll(/"photo:(\d+)"/g)) assert.ok(Number(i) < page.photos.length)
        if (seed === 'a') assert.equal(composePage(template, split, seed).html, page.html)
      }
    })
  }
}

test('there are many templates, and every class has one', () => {
  assert.ok(TEMPLATES.train.length >= 60 && TEMPLATES.val.length >= 15)
})
