/** @file The functions that build nodes: each adds the operator and attributes that its sentence promises. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertClose, runGraph } from '../../test/support/engine.js'
import { Graph, type Tensor } from '../graph/index.js'
import { type DType, fromNumbers, GraphError, type TensorData } from '../tensor/index.js'
import * as ops from './index.js'
import { bool, float32, int32, int64 } from './operator.examples.js'

/** Builds with float32 x = [[1, 2, 3], [4, 5, 6]] and compares what comes out. */
type Case = readonly [name: string, build: (x: Tensor, graph: Graph) => Tensor, expected: TensorData]

const image = float32([1, 1, 2, 2], 1, 2, 3, 4)
const constant = (graph: Graph, data: TensorData): Tensor => graph.constant(data)

const CASES: readonly Case[] = [
  ['maximum', (x) => ops.maximum(x, 3, 2), float32([2, 3], 3, 3, 3, 4, 5, 6)],
  ['minimum', (x) => ops.minimum(x, 3), float32([2, 3], 1, 2, 3, 3, 3, 3)],
  ['pow', (x) => ops.pow(x, 2), float32([2, 3], 1, 4, 9, 16, 25, 36)],
  ['sub', (x) => ops.sub(7, x), float32([2, 3], 6, 5, 4, 3, 2, 1)],
  ['less', (x) => ops.less(x, 2), bool([2, 3], 1, 0, 0, 0, 0, 0)],
  ['lessOrEqual', (x) => ops.lessOrEqual(x, 2), bool([2, 3], 1, 1, 0, 0, 0, 0)],
  ['greater', (x) => ops.greater(x, 5), bool([2, 3], 0, 0, 0, 0, 0, 1)],
  ['greaterOrEqual', (x) => ops.greaterOrEqual(x, 5), bool([2, 3], 0, 0, 0, 0, 1, 1)],
  ['and', (x) => ops.and(ops.greater(x, 1), ops.less(x, 3)), bool([2, 3], 0, 1, 0, 0, 0, 0)],
  ['or', (x) => ops.or(ops.greater(x, 5), ops.less(x, 2)), bool([2, 3], 1, 0, 0, 0, 0, 1)],
  ['not', (x) => ops.not(ops.equal(x, 3)), bool([2, 3], 1, 1, 0, 1, 1, 1)],
  ['where', (x) => ops.where(ops.greater(x, 3), x, 0), float32([2, 3], 0, 0, 0, 4, 5, 6)],
  ['mod', (x) => ops.mod(ops.cast(x, 'int64'), 4), int64([2, 3], 1, 2, 3, 0, 1, 2)],
  ['clip below', (x) => ops.clip(x, 2), float32([2, 3], 2, 2, 3, 4, 5, 6)],
  ['clip above', (x) => ops.clip(x, undefined, 2), float32([2, 3], 1, 2, 2, 2, 2, 2)],
  ['cumSum', (x) => ops.cumSum(x, 1), float32([2, 3], 1, 3, 6, 4, 9, 15)],
  ['gather', (x, g) => ops.gather(x, constant(g, int64([1], 2)), 1), float32([2, 1], 3, 6)],
  ['gatherElements', (x, g) => ops.gatherElements(x, constant(g, int64([2, 1], 2, 0)), 1), float32([2, 1], 3, 4)],
  ['topK values', (x) => ops.topK(x, 2, 1)[0], float32([2, 2], 3, 2, 6, 5)],
  ['topK places', (x) => ops.topK(x, 1, 0)[1], int64([1, 3], 1, 1, 1)],
  ['matmul', (x) => ops.matmul(x, ops.transpose(x, [1, 0])), float32([2, 2], 14, 32, 32, 77)],
  ['gemmTransposed', (x) => ops.gemmTransposed(x, x, 1), float32([2, 2], 15, 33, 33, 78)],
  ['softmax', (x) => ops.softmax(ops.mul(x, 0), 0), float32([2, 3], 0.5, 0.5, 0.5, 0.5, 0.5, 0.5)],
  ['logSoftmax', (x) => ops.exp(ops.logSoftmax(ops.mul(x, 0), 0)), float32([2, 3], 0.5, 0.5, 0.5, 0.5, 0.5, 0.5)],
  [
    'layerNormalization',
    (x, g) => ops.layerNormalization(x, constant(g, float32([3], 1, 1, 1)), constant(g, float32([3], 0, 1, 2)), 1 / 3),
    float32([2, 3], -1, 1, 3, -1, 1, 3),
  ],
  [
    'batchNormalization',
    (x, g) => {
      const [three, zero] = [constant(g, float32([3], 3, 3, 3)), constant(g, float32([3], 0, 0, 0))]
      return ops.batchNormalization(x, three, zero, zero, zero, 9)
    },
    float32([2, 3], 1, 2, 3, 4, 5, 6),
  ],
  ['reduceSum', (x) => ops.reduceSum(x, [0]), float32([3], 5, 7, 9)],
  ['reduceSum of no axis is the sum of all', (x) => ops.reduceSum(x, []), float32([], 21)],
  ['reduceMean', (x) => ops.reduceMean(x, [-1], { keepDims: true }), float32([2, 1], 2, 5)],
  ['reduceMax', (x) => ops.reduceMax(x, [0, 1]), float32([], 6)],
  ['reduceMin', (x) => ops.reduceMin(x, [1]), float32([2], 1, 4)],
  ['argMax', (x) => ops.argMax(x, 1), int64([2], 2, 2)],
  ['argMax kept', (x) => ops.argMax(x, 0, { keepDims: true }), int64([1, 3], 1, 1, 1)],
  ['cast', (x) => ops.cast(x, 'int32'), int32([2, 3], 1, 2, 3, 4, 5, 6)],
  ['concat', (x) => ops.concat([x, x], 0), float32([4, 3], 1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6)],
  ['unsqueeze', (x) => ops.unsqueeze(x, [1]), float32([2, 1, 3], 1, 2, 3, 4, 5, 6)],
  ['squeeze', (x) => ops.squeeze(ops.slice(x, 0, 1), [0]), float32([3], 4, 5, 6)],
  ['slice from the end', (x) => ops.slice(x, 1, -2), float32([2, 2], 2, 3, 5, 6)],
  ['slice', (x) => ops.slice(x, 1, 0, -1), float32([2, 2], 1, 2, 4, 5)],
  ['split', (x) => ops.split(x, [1, 2], 1)[1]!, float32([2, 2], 2, 3, 5, 6)],
  ['reshape', (x) => ops.reshape(x, [3, -1]), float32([3, 2], 1, 2, 3, 4, 5, 6)],
  ['expand', (x) => ops.expand(ops.slice(x, 0, 0, 1), [2, 3]), float32([2, 3], 1, 2, 3, 1, 2, 3)],
  ['rangeOf', (x) => ops.rangeOf(x, 3), int64([3], 0, 1, 2)],
  ['fill', (x) => ops.fill(x, [2, 1], 0.5), float32([2, 1], 0.5, 0.5)],
  [
    'conv2d',
    (_, g) => {
      const [weight, bias] = [constant(g, float32([1, 1, 2, 2], 1, 1, 1, 1)), constant(g, float32([1], 100))]
      return ops.conv2d(constant(g, image), weight, bias, { stride: 2, padding: 1 })
    },
    float32([1, 1, 2, 2], 101, 102, 103, 104),
  ],
  [
    'conv2d in groups, dilated',
    (_, g) =>
      ops.conv2d(
        constant(g, float32([1, 2, 1, 3], 1, 2, 3, 4, 5, 6)),
        constant(g, float32([2, 1, 1, 2], 1, 10, 1, 100)),
        undefined,
        { dilation: 2, groups: 2 },
      ),
    float32([1, 2, 1, 1], 31, 604),
  ],
  ['maxPool2d', (_, g) => ops.maxPool2d(constant(g, image), 3, { stride: 2, padding: 1 }), float32([1, 1, 1, 1], 4)],
  [
    'resizeNearest',
    (_, g) => ops.resizeNearest(constant(g, image), 3, 3),
    float32([1, 1, 3, 3], 1, 1, 2, 1, 1, 2, 3, 3, 4),
  ],
  [
    'resizeAntialiased',
    (_, g) =>
      ops.resizeAntialiased(constant(g, float32([1, 1, 1, 4], 0, 2, 4, 6)), constant(g, int64([4], 1, 1, 1, 2))),
    float32([1, 1, 1, 2], 10 / 7, 32 / 7),
  ],
]

test('every function gives the values of its sentence', async () => {
  for (const [name, build, expected] of CASES) {
    const graph = new Graph(name)
    const x = graph.input('x', 'float32', [2, 3])
    graph.output('y', build(x, graph))
    const { y } = await runGraph(graph, { x: float32([2, 3], 1, 2, 3, 4, 5, 6) })
    assertClose(y, expected, name)
  }
})

test('elementwise functions add the operator of their name', () => {
  const { abs, ceil, cos, erf, exp, floor, identity, log, neg, reciprocal, relu, round, sigmoid, sign, sin } = ops
  const halves = [abs, ceil, cos, erf, exp, floor, identity, log, neg, reciprocal, relu, round]
  for (const build of [...halves, sigmoid, sign, sin, ops.sqrt, ops.tanh]) {
    const graph = new Graph()
    assert.deepEqual(build(graph.input('x', 'float32', ['n'])).shape, ['n'])
    assert.equal(graph.nodes[0]!.op.toLowerCase(), build.name)
  }
})

test('casting to the type that a tensor has adds nothing', () => {
  const graph = new Graph()
  const x = graph.input('x', 'int64', [2])
  assert.equal(ops.cast(x, 'int64'), x)
  assert.equal(graph.nodes.length, 0)
})

test('free dimensions cost nothing where the runtime can copy or infer them', async () => {
  const graph = new Graph()
  const x = graph.input('x', 'float32', ['batch', 4, 'height', 'width'])
  const tokens = ops.reshape(x, ['batch', 4, 'height*width'])
  assert.deepEqual(tokens.shape, ['batch', 4, 'height*width'])
  const heads = ops.reshape(ops.transpose(tokens, [0, 2, 1]), ['batch', 'height*width', 2, 2])
  assert.deepEqual(heads.shape, ['batch', 'height*width', 2, 2])
  assert.equal(
    graph.nodes.some(({ op }) => op === 'Shape'),
    false,
  )
  graph.output('y', heads)
  const data = Array.from({ length: 24 }, (_, i) => i)
  const { y } = await runGraph(graph, { x: float32([1, 4, 3, 2], ...data) })
  assertClose(y, float32([1, 6, 2, 2], ...data.map((i) => (i % 4) * 6 + Math.floor(i / 4))), 'heads')
})

test('other free dimensions are read where they stand', async () => {
  const graph = new Graph()
  const x = graph.input('x', 'float32', ['batch', 3, 'height', 'width'])
  const pooled = ops.maxPool2d(x, 2, { stride: 2 })
  const [, , height, width] = pooled.shape
  graph.output('dims', ops.dimensionsTensor(x, [7, 'batch', height!, width!, 9]))
  graph.output('range', ops.rangeOf(x, width!))
  graph.output('filled', ops.fill(x, [height!, 'width'], 3))
  graph.output('grid', ops.expand(ops.unsqueeze(ops.rangeOf(x, height!), [1]), [height!, width!]))
  graph.output('resized', ops.resizeNearest(pooled, 'height', 'width'))
  assert.deepEqual(
    [...graph.outputs.values()].map(({ shape }) => shape.join()),
    ['5', 'floor(width/2)', 'floor(height/2),width', 'floor(height/2),floor(width/2)', 'batch,3,height,width'],
  )
  const results = await runGraph(graph, { x: fromNumbers('float32', [1, 3, 5, 4], Array(60).fill(1)) })
  assertClose(results['dims'], int64([5], 7, 1, 2, 2, 9), 'dims')
  assertClose(results['range'], int64([2], 0, 1), 'range')
  assertClose(results['filled'], float32([2, 4], 3, 3, 3, 3, 3, 3, 3, 3), 'filled')
  assertClose(results['grid'], int64([2, 2], 0, 0, 1, 1), 'grid')
  assertClose(results['resized'], fromNumbers('float32', [1, 3, 5, 4], Array(60).fill(1)), 'resized')
  assert.throws(
    () => graph.scoped('head', () => ops.fill(x, ['depth'], 0)),
    (error) =>
      error instanceof GraphError &&
      error.message === 'head: expected a tensor whose shape has this dimension, got depth, which none has.',
  )
})

test("ONNX's numbers of the element types go there and back", () => {
  const codes: Partial<Record<DType, number>> = {
    float32: 1,
    int64: 7,
    bool: 9,
    float16: 10,
    float64: 11,
    bfloat16: 16,
  }
  for (const [dtype, code] of Object.entries(codes)) {
    assert.equal(ops.onnxTypeCode(dtype as DType), code)
    assert.equal(ops.dtypeOfCode(code), dtype)
  }
  for (const code of [0, 8, 14, 15, 17, 22, -1, 1.5]) assert.equal(ops.dtypeOfCode(code), undefined)
})
