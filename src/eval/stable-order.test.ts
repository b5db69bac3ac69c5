/** @file Sorting keeps the order of equals, whatever the length. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { streamKey, uniformAt } from '../tensor/index.js'
import { indicesUpTo, orderByKey, sortByScore } from './stable-order.js'

test('scores fall, and equal ones keep their order', () => {
  const key = streamKey('stable-order', 1)
  for (const count of [0, 1, 2, 15, 16, 17, 31, 32, 33, 100, 1000]) {
    for (const levels of [1, 3, 1e6]) {
      const scores = Float64Array.from({ length: count }, (_, i) => Math.floor(uniformAt(key, i) * levels))
      const sorted = indicesUpTo(count)
      sortByScore(sorted, scores)
      const expected = [...indicesUpTo(count)].sort((a, b) => scores[b]! - scores[a]! || a - b)
      assert.deepEqual([...sorted], expected, `${count} scores of ${levels} levels`)
    }
  }
})

test('keys rise, equal ones keep their order, negative ones fall out', () => {
  const keys = Int32Array.of(2, -1, 0, 2, 1, 0)
  assert.deepEqual([...orderByKey(indicesUpTo(6), keys, 3)], [2, 5, 4, 0, 3])
  assert.deepEqual([...orderByKey(Int32Array.of(5, 3, 2, 0), keys, 4)], [5, 2, 3, 0])
  assert.deepEqual([...orderByKey(new Int32Array(0), keys, 0)], [])
})
