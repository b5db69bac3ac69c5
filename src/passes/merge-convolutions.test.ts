import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { assertSameValues, opsOf, weightOf } from '../../test/support/weighted-graphs.js'
import { Graph, type Tensor } from '../graph/index.js'
import { add, conv2d } from '../ops/index.js'
import type { TensorData } from '../tensor/index.js'
import { mergeParallelConvolutions } from './merge-convolutions.js'
import type { WeightedGraph } from './rewrite.js'

/** Two convolutions of x, added up, and what else `more` adds. */
function pair(
  kernels: readonly [number, number],
  stride = 1,
  more?: (branches: readonly Tensor[]) => void,
): WeightedGraph {
  const graph = new Graph('pair')
  const x = graph.input('x', 'float32', [1, 3, 5, 6])
  const weights = new Map<string, TensorData>()
  const branches = kernels.map((kernel, i) => {
    const filters = weightOf(graph, weights, `w${i}`, 4, 3, kernel, kernel)
    return conv2d(x, filters, weightOf(graph, weights, `b${i}`, 4), { stride, padding: (kernel - 1) / 2 })
  })
  graph.output('y', add(branches[0]!, branches[1]!))
  more?.(branches)
  return { graph, weights }
}

describe('mergeParallelConvolutions', () => {
  for (const kernels of [
    [3, 1],
    [1, 3],
    [3, 3],
    [5, 3],
  ] as const) {
    test(`${kernels.join(' and ')} become one convolution of the same values`, async () => {
      const before = pair(kernels)
      const after = mergeParallelConvolutions(before)
      assert.deepEqual(opsOf(after), ['Conv'])
      await assertSameValues(before, after)
    })
  }

  test('a stride, or another reader of a branch, leaves both', () => {
    for (const graph of [pair([3, 1], 2), pair([3, 1], 1, ([first]) => first!.graph.output('also', first!))]) {
      assert.equal(mergeParallelConvolutions(graph).graph.nodes.length, 3)
    }
  })
})
