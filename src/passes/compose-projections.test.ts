import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { assertSameValues, opsOf, weightOf } from '../../test/support/weighted-graphs.js'
import { Graph, type Tensor } from '../graph/index.js'
import { conv2d, relu, unsqueeze } from '../ops/index.js'
import type { TensorData } from '../tensor/index.js'
import { composeProjections } from './compose-projections.js'
import { removeDeadCode } from './dead-code.js'
import type { WeightedGraph } from './rewrite.js'

interface Chain {
  /** Channels: of the input, between the two, and of each end. */
  readonly sizes?: readonly [number, number, ...number[]]
  readonly kernel?: number
  readonly strideOfSecond?: number
  readonly bias?: boolean
  readonly between?: (values: Tensor) => Tensor
}

/** Convolutions of x, and convolutions of their values. */
function chain({
  sizes = [4, 4, 3],
  kernel = 1,
  strideOfSecond = 1,
  bias = true,
  between = (x) => x,
}: Chain = {}): WeightedGraph {
  const [inputs, middle, ...ends] = sizes
  const graph = new Graph('chain')
  const weights = new Map<string, TensorData>()
  const x = graph.input('x', 'float32', [1, inputs, 9, 10])
  const first = conv2d(
    x,
    weightOf(graph, weights, 'w', middle, inputs, kernel, kernel),
    weightOf(graph, weights, 'b', middle),
  )
  for (const [i, end] of ends.entries()) {
    // As `Linear.overMap` has its weights.
    const filters = unsqueeze(weightOf(graph, weights, `w${i}`, end, middle), [2, 3])
    const shift = bias ? weightOf(graph, weights, `b${i}`, end) : undefined
    graph.output(`y${i}`, conv2d(between(first), filters, shift, { stride: strideOfSecond }))
  }
  return { graph, weights }
}

const convolutions = (weighted: WeightedGraph): number => opsOf(weighted).filter((op) => op === 'Conv').length

describe('composeProjections', () => {
  for (const [what, options, left] of [
    ['one after another become one', {}, 1],
    ['several after one become one each', { sizes: [4, 4, 3, 5, 2] }, 3],
    ['without a second bias', { bias: false }, 1],
  ] as const satisfies readonly (readonly [string, Chain, number])[]) {
    test(`${what}, of the same values`, async () => {
      const before = chain(options)
      const after = composeProjections(before)
      assert.equal(convolutions(after), left)
      await assertSameValues(before, after)
    })
  }

  test('filters that are a matrix become a parameter of their own', async () => {
    const before = chain({ between: relu })
    const after = composeProjections(before)
    assert.deepEqual(opsOf({ ...after, graph: removeDeadCode(after.graph) }), ['Conv', 'Relu', 'Conv'])
    await assertSameValues(before, after)
  })

  test('filters that follow two projections are composed with each', async () => {
    const graph = new Graph('shared')
    const weights = new Map<string, TensorData>()
    const shared = unsqueeze(weightOf(graph, weights, 'shared', 2, 3), [2, 3])
    for (const name of ['p', 'q']) {
      const x = graph.input(`x${name}`, 'float32', [1, 3, 4, 4])
      const first = conv2d(x, weightOf(graph, weights, name, 3, 3, 1, 1), undefined)
      graph.output(`y${name}`, conv2d(first, shared, undefined))
    }
    const after = composeProjections({ graph, weights })
    assert.equal(convolutions(after), 2)
    await assertSameValues({ graph, weights }, after)
  })

  test('a wider input than middle, for which the product costs more, leaves both', () => {
    assert.equal(convolutions(composeProjections(chain({ sizes: [16, 2, 16] }))), 2)
  })

  test('so do images too small to pay for the product of the filters', () => {
    assert.equal(convolutions(composeProjections(chain({ sizes: [64, 64, 64] }))), 2)
  })

  test('so do a window of several pixels, a stride, and anything in between', () => {
    for (const options of [{ kernel: 3 }, { strideOfSecond: 2 }, { between: relu }]) {
      assert.equal(convolutions(composeProjections(chain(options))), 2)
    }
  })

  test('so does another reader of the values between', () => {
    const read = chain()
    read.graph.output('also', read.graph.nodes.find(({ op }) => op === 'Conv')!.outputs[0]!)
    assert.equal(convolutions(composeProjections(read)), 2)
  })
})
