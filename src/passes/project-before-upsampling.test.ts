import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { assertSameValues, opsOf, weightOf } from '../../test/support/weighted-graphs.js'
import { Graph, type Tensor } from '../graph/index.js'
import { concat, conv2d, resizeNearest } from '../ops/index.js'
import type { TensorData } from '../tensor/index.js'
import { removeDeadCode } from './dead-code.js'
import { projectBeforeUpsampling } from './project-before-upsampling.js'
import type { WeightedGraph } from './rewrite.js'

/** Two convolutions of a coarse map, enlarged to `size`, beside a fine one. */
function fused(size: readonly [number, number] = [8, 6], kernel = 1, more?: (both: Tensor) => void): WeightedGraph {
  const graph = new Graph('fused')
  const weights = new Map<string, TensorData>()
  const coarse = graph.input('coarse', 'float32', [2, 3, 4, 3])
  const fine = graph.input('fine', 'float32', [2, 5, ...size])
  const both = concat([resizeNearest(coarse, ...size), fine], 1)
  for (const name of ['a', 'b']) {
    const filters = weightOf(graph, weights, `w${name}`, 4, 8, kernel, kernel)
    graph.output(name, conv2d(both, filters, weightOf(graph, weights, `b${name}`, 4), { padding: (kernel - 1) / 2 }))
  }
  more?.(both)
  return { graph, weights }
}

function after(before: WeightedGraph): WeightedGraph {
  const { graph, weights } = projectBeforeUpsampling(before)
  return { graph: removeDeadCode(graph), weights }
}

describe('projectBeforeUpsampling', () => {
  for (const size of [
    [8, 6],
    [12, 6],
  ] as const) {
    test(`coarse pixels are projected once, where they stand ${(size[0] * size[1]) / 12} times; the values are the same`, async () => {
      const before = fused(size)
      const split = after(before)
      assert.deepEqual(opsOf(split).sort(), ['Add', 'Add', 'Conv', 'Conv', 'Conv', 'Conv', 'Resize', 'Resize'])
      await assertSameValues(before, split)
    })
  }

  test('a factor that is no whole number, a larger window, or another reader of both leaves them', () => {
    const graphs = [fused([7, 6]), fused([8, 6], 3), fused([8, 6], 1, (both) => both.graph.output('both', both))]
    for (const graph of graphs) assert.deepEqual(opsOf(after(graph)), opsOf(graph))
  })
})
