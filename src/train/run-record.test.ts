import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TrainingSettings } from './recipe.js'
import { changedSettings, checkSettings } from './run-record.js'

const settings = { epochs: 5, batchSize: 4, learningRate: 1e-4 } as TrainingSettings

test('stored settings that are incomplete or no such values are refused by name', () => {
  checkSettings(JSON.parse(JSON.stringify(settings)), settings, 'args.json')
  const { learningRate: _, ...without } = settings
  for (const [stored, message] of [
    [
      without,
      /^FileError: args\.json: expected settings\.learningRate: a number, got nothing\. The file is damaged, or of/,
    ],
    [{ ...settings, learningRate: '1e-4' }, /expected settings\.learningRate: a number, got "1e-4"/],
    [{ ...settings, batchSize: null }, /expected settings\.batchSize: a number, got null/],
    [{ ...settings, epochs: [] }, /expected settings\.epochs: a number, got \[\]/],
  ] as const) {
    assert.throws(() => checkSettings(stored, settings, 'args.json'), message)
  }
})

test('settings that are others than before are told, whatever their form', () => {
  assert.deepEqual(changedSettings(settings, JSON.parse(JSON.stringify(settings))), [])
  assert.deepEqual(changedSettings({ a: 1, b: { c: [1] }, d: 2, e: [] }, { a: 2, b: { c: [1] }, f: 'x', e: [3] }), [
    'a is 2 from here on; it was 1',
    'd is nothing from here on; it was 2',
    'e is [3] from here on; it was []',
    'f is "x" from here on; it was nothing',
  ])
})
