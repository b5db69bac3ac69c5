/** @file All passes of inference together, and the count of multiply-adds. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertClose, runGraph } from '../../test/support/engine.js'
import { type Dim, Graph } from '../graph/index.js'
import * as ops from '../ops/index.js'
import { fromNumbers, GraphError, sizeOfShape, type TensorData } from '../tensor/index.js'
import { countMacs, optimizeForInference } from './index.js'

const ramp = (...shape: number[]): TensorData =>
  fromNumbers(
    'float32',
    shape,
    Array.from({ length: sizeOfShape(shape) }, (_, i) => Math.sin(i)),
  )

function smallNet(height: Dim, width: Dim): { graph: Graph; weights: Map<string, TensorData> } {
  const graph = new Graph('small')
  const weights = new Map<string, TensorData>()
  const parameter = (key: string, ...shape: number[]) => {
    weights.set(
      key,
      key.endsWith('var') ? fromNumbers('float32', shape, Array(sizeOfShape(shape)).fill(2)) : ramp(...shape),
    )
    return graph.parameterTensor(key, 'float32', shape)
  }
  const x = graph.input('x', 'float32', ['batch', 3, height, width])
  const hidden = ops.conv2d(x, parameter('conv.weight', 4, 3, 3, 3), undefined, { stride: 2, padding: 1 })
  const [scale, bias, mean] = ['bn.weight', 'bn.bias', 'bn.mean'].map((key) => parameter(key, 4))
  const features = ops.relu(ops.batchNormalization(hidden, scale!, bias!, mean!, parameter('bn.var', 4), 1e-5))
  const [batch, channels, rows, columns] = features.shape
  const positions = (): ReturnType<typeof ops.rangeOf> => ops.cast(ops.rangeOf(features, rows!), 'float32')
  const steps = ops.div(ops.mul(positions(), 2), ops.add(positions(), 1))
  ops.exp(features)
  const scaled = ops.add(features, ops.unsqueeze(steps, [1]))
  const tokens = ops.reshape(scaled, [batch!, channels!, -1])
  graph.output('tokens', ops.softmax(ops.transpose(tokens, [0, 2, 1]), -1))
  graph.output('size', ops.dimensionsTensor(features, [rows!, columns!]))
  return { graph, weights }
}

test('the optimised graph computes the same values, at any size', async () => {
  for (const [height, width] of [
    ['height', 'width'],
    [6, 8],
  ] as const) {
    const net = smallNet(height, width)
    const lean = optimizeForInference(net)
    const left = lean.graph.nodes.map(({ op }) => op)
    assert.ok(left.length < net.graph.nodes.length - 3, `${left}`)
    assert.ok(!left.includes('BatchNormalization') && !left.includes('Exp'), `${left}`)
    for (const size of height === 6
      ? [[6, 8]]
      : [
          [6, 8],
          [5, 7],
          [1, 1],
        ]) {
      const feeds = { x: ramp(2, 3, ...size) }
      const before = await runGraph(net.graph, feeds, net.weights)
      const after = await runGraph(lean.graph, feeds, lean.weights)
      for (const [name, value] of Object.entries(before)) assertClose(after[name], value, `${name} at ${size}`)
    }
  }
})

test('with known sizes nothing is left that depends on sizes alone', () => {
  const { graph } = optimizeForInference(smallNet(6, 8))
  assert.deepEqual(
    graph.nodes.map(({ op }) => op),
    ['Conv', 'Relu', 'Add', 'Reshape', 'Transpose', 'Softmax'],
  )
})

test('a second round finds nothing more', () => {
  const once = optimizeForInference(smallNet('height', 'width'))
  const twice = optimizeForInference(once)
  assert.equal(twice.graph.nodes.length, once.graph.nodes.length)
  assert.deepEqual([...twice.graph.parameters.keys()], [...once.graph.parameters.keys()])
})

test('multiply-adds are counted by the formulas of textbooks', () => {
  const counted = (build: (graph: Graph) => unknown): number => {
    const graph = new Graph()
    build(graph)
    return countMacs(graph)
  }
  const input = (graph: Graph, ...shape: Dim[]) => graph.input(`in${graph.inputs.length}`, 'float32', shape)
  const image = (graph: Graph) => input(graph, 2, 8, 10, 10)
  assert.equal(
    counted((g) => ops.conv2d(image(g), input(g, 16, 8, 3, 3), undefined, { padding: 1 })),
    2 * 16 * 100 * 8 * 9,
  )
  assert.equal(
    counted((g) => ops.conv2d(image(g), input(g, 8, 1, 3, 3), undefined, { padding: 1, groups: 8 })),
    2 * 8 * 100 * 9,
  )
  assert.equal(
    counted((g) => ops.matmul(input(g, 5, 2, 3), input(g, 3, 4))),
    5 * 2 * 3 * 4,
  )
  assert.equal(
    counted((g) => ops.gemmTransposed(input(g, 2, 3), input(g, 4, 3))),
    2 * 3 * 4,
  )
  const { FusedMatMul } = ops.operators
  assert.equal(
    counted((g) => ops.addToGraph(g, 'FusedMatMul', FusedMatMul, [input(g, 3, 2), input(g, 3, 4)], { transA: 1 }, 1)),
    2 * 3 * 4,
  )
  assert.equal(
    counted((g) => ops.softmax(ops.relu(image(g)), -1)),
    0,
  )
  assert.throws(
    () => counted((g) => ops.matmul(input(g, 'batch', 3), input(g, 3, 4))),
    (error) =>
      error instanceof GraphError &&
      error.message === 'MatMul: expected sizes in numbers, got [batch, 4]. Build the graph for one input size.',
  )
})
