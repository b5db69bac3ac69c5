import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findModel } from '../models/index.js'
import { rtdetrCriterion } from '../models/rtdetr/criterion.js'
import { buildJointGraph } from './joint-graph.js'
import { learnedOf } from './learned.js'

const network = findModel('rtdetr-small').create(3)

test('what is frozen is not learned, and buffers never are', () => {
  const [all, rest] = [learnedOf(network, []), learnedOf(network, ['backbone.', 'encoder.'])]
  assert.ok(all.every(({ role }) => role === 'weight') && all.some(({ key }) => key.startsWith('backbone.')))
  assert.ok(rest.length > 0 && rest.every(({ key }) => key.startsWith('decoder.')))
})

test('a beginning that nothing has, and a network without anything to learn, are refused', () => {
  assert.throws(
    () => learnedOf(network, ['backbon.']),
    /got 'backbon\.'\. They begin with backbone\., encoder\., decoder\.\./,
  )
  assert.throws(() => learnedOf(network, ['backbone.', 'encoder.', 'decoder.']), /expected something left to learn/)
})

test('norms that are frozen keep their statistics', () => {
  const model = { ...findModel('rtdetr-small'), classNames: ['a', 'b', 'c'] }
  const updated = (freeze: readonly string[]): string[] => {
    const shape = { batch: 1, height: 96, width: 96, denoising: 0 }
    const { graph } = buildJointGraph(model, network, rtdetrCriterion, learnedOf(network, freeze), shape)
    return [...graph.outputs.keys()].filter((name) => name.startsWith('update/'))
  }
  assert.ok(updated([]).some((name) => name.startsWith('update/backbone.')))
  const rest = updated(['backbone.'])
  assert.ok(rest.length > 0 && !rest.some((name) => name.startsWith('update/backbone.')))
})
