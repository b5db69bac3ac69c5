/** @file Validation pages share no words of content, no typeface and no template with training pages. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FONTS } from '../fonts.js'
import { TEMPLATES } from '../templates/index.js'
import { LANGUAGES } from './languages.js'

/** Lists whose words carry a text's subject; the others join them. */
const CONTENT = ['n', 'n2', 's', 'm', 'm2', 'f', 'o', 'v', 'w', 'a', 'a2', 'a3']

test('no word of content occurs in both splits', () => {
  const words = (split: string): Set<string> => {
    const own = LANGUAGES.filter((language) => language.split === split)
    return new Set(own.flatMap(({ words }) => CONTENT.flatMap((key) => words[key] ?? [])))
  }
  const train = words('train')
  assert.deepEqual(
    [...words('val')].filter((word) => train.has(word)),
    [],
  )
})

test('no name of a person or place occurs in both splits', () => {
  const names = (split: string): Set<string> => {
    const own = LANGUAGES.filter((language) => language.split === split)
    return new Set(own.flatMap(({ given, family, places }) => [...given, ...family, ...places]))
  }
  const train = names('train')
  assert.deepEqual(
    [...names('val')].filter((name) => train.has(name)),
    [],
  )
})

test('no typeface and no template serves both splits', () => {
  const families = FONTS.map(({ family }) => family)
  assert.equal(new Set(families).size, families.length)
  const names = [...TEMPLATES.train, ...TEMPLATES.val].map(({ name }) => name)
  assert.equal(new Set(names).size, names.length)
})

test('every pattern names lists that its language has', () => {
  for (const { code, patterns, phrases, words } of LANGUAGES) {
    for (const pattern of [...patterns, ...phrases]) {
      for (const [, key] of pattern.matchAll(/\{(\w+)\}/g))
        assert.ok(words[key!]?.length, `${code}: {${key}} in ${pattern}`)
    }
  }
})

test('every script of a split has a serif, a sans or another typeface of that split', () => {
  for (const { code, script, split } of LANGUAGES) {
    const able = FONTS.filter((font) => font.split === split && font.scripts.includes(script))
    assert.ok(
      able.some(({ role }) => role === 'serif' || role === 'sans'),
      code,
    )
  }
})
