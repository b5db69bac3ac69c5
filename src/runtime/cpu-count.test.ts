import assert from 'node:assert/strict'
import { availableParallelism } from 'node:os'
import { it } from 'node:test'
import { defaultThreads, distinctCores, quotaOf } from './cpu-count.node.js'

it('counts a core with two hardware threads once', () => {
  assert.equal(distinctCores(['0,4\n', '1,5\n', '0,4\n', '1,5\n']), 2)
  assert.equal(distinctCores(['0\n', '1\n']), 2)
})

it("reads a container's quota", () => {
  assert.equal(quotaOf('max 100000\n'), undefined)
  assert.equal(quotaOf('200000 100000\n'), 2)
  assert.equal(quotaOf('150000 100000\n'), 2)
  assert.equal(quotaOf('10000 100000\n'), 1)
  assert.equal(quotaOf('100000 0\n'), undefined)
  assert.equal(quotaOf(''), undefined)
})

it('takes no more threads than there are processors', () => {
  assert.ok(defaultThreads() >= 1 && defaultThreads() <= availableParallelism())
})
