import assert from 'node:assert/strict'
import { test } from 'node:test'
import { engine } from '../../test/support/engine.js'
import { Graph } from '../graph/index.js'
import { encodeModel } from '../onnx/index.js'
import { fromNumbers, toNumbers } from '../tensor/index.js'
import { add, batchNormalizationInTraining, mul } from './index.js'

test('statistics of a batch that stay inside the graph are mean and variance, each its own', async () => {
  const graph = new Graph('statistics')
  const x = graph.input('x', 'float32', [1, 1, 1, 4])
  const one = graph.input('one', 'float32', [1])
  const { mean, variance } = batchNormalizationInTraining(x, one, one, 1e-5)
  // Several readers and no output: the engine may then write results over its inputs.
  graph.output('mean', add(mul(mean, one), 10))
  graph.output('variance', add(mul(variance, one), 10))
  graph.output('both', add(mul(mean, variance), one))
  const session = await (await engine()).createSession(encodeModel(graph).bytes)
  const feeds = { x: fromNumbers('float32', [1, 1, 1, 4], [1, 2, 3, 6]), one: fromNumbers('float32', [1], [1]) }
  for (let run = 0; run < 2; run++) {
    const results = await session.run(feeds)
    assert.deepEqual(
      ['mean', 'variance', 'both'].map((name) => toNumbers(results[name]!)[0]),
      [13, 13.5, 11.5],
    )
  }
  await session.dispose()
})
