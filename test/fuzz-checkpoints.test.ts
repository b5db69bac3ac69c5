/** @file The first 2,000 mutants of the weight file fuzzer; `npm run fuzz` reads 100,000. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fuzzCheckpoints } from './fuzz-checkpoints.js'

test('2,000 damaged weight files are read or refused, and nothing else', () => {
  const { read, refused, failures } = fuzzCheckpoints(2000, 1)
  assert.deepEqual(failures, [])
  assert.equal(read + refused, 2000)
  // Mutants that are all refused, or all read, would test nothing.
  assert.ok(read > 100 && refused > 100, `${read} read, ${refused} refused`)
})
