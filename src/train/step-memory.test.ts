import assert from 'node:assert/strict'
import { test } from 'node:test'
import { learningModel } from '../../test/support/tiny-training.js'
import { parametersOf } from '../nn/index.js'
import { trainingFamilies } from './families.js'
import { fittingBatch, stepMemory } from './step-memory.js'

const GIBIBYTE = 2 ** 30

test('the wanted batch where it fits, else parts of it that do', () => {
  const memory = { perPhoto: GIBIBYTE, fixed: GIBIBYTE }
  assert.deepEqual(fittingBatch(8, memory, 16 * GIBIBYTE), { batchSize: 8, accumulate: 1 })
  assert.deepEqual(fittingBatch(8, memory, 8 * GIBIBYTE), {
    batchSize: 4,
    accumulate: 2,
    reason: 'batches of 4, 2 to a step: 8 at once need 9.0 GiB, 8.0 GiB are free',
  })
  assert.equal(fittingBatch(8, memory, 0).batchSize, 1)
})

test('a larger photo takes more memory, in proportion to its area', () => {
  const network = learningModel.create()
  const trained = parametersOf(network).filter(({ role }) => role === 'weight')
  const { criterion } = trainingFamilies[learningModel.family]
  const [small, large] = [96, 192].map((side) =>
    stepMemory(learningModel, network, criterion, trained, { height: side, width: side }),
  )
  assert.equal(small!.fixed, large!.fixed)
  // Attention grows faster than the area.
  assert.ok(large!.perPhoto > 3.5 * small!.perPhoto && large!.perPhoto < 8 * small!.perPhoto)
})
