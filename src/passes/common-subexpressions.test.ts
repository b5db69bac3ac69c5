/** @file Equal computations become one, and different ones stay apart. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertClose, runGraph } from '../../test/support/engine.js'
import { type Attributes, Graph, type Tensor } from '../graph/index.js'
import {
  add,
  addToGraph,
  div,
  exp,
  type OpType,
  operators,
  relu,
  softmax,
  split,
  sub,
  transpose,
} from '../ops/index.js'
import { type DType, fromNumbers } from '../tensor/index.js'
import { mergeCommonSubexpressions } from './index.js'

/** How many nodes are left of what `build` adds. */
function leftOf(build: (graph: Graph, x: Tensor) => readonly Tensor[]): number {
  const graph = new Graph()
  const x = graph.input('x', 'float32', [2, 4])
  build(graph, x).forEach((tensor, i) => {
    graph.output(`y${i}`, tensor)
  })
  return mergeCommonSubexpressions(graph).nodes.length
}

const node = (graph: Graph, op: OpType, inputs: Tensor[], attributes: Attributes): Tensor =>
  addToGraph(graph, op, operators[op], inputs, attributes, 1).outputs[0]!

const constant = (graph: Graph, values: number[], dtype: DType = 'float32', shape = [values.length]): Tensor =>
  graph.constant(fromNumbers(dtype, shape, values))

test('equal chains are computed once, with the same values', async () => {
  const graph = new Graph()
  const x = graph.input('x', 'float32', ['n', 4])
  const chain = (): Tensor => softmax(add(exp(x), constant(graph, [1, 2, 3, 4])), -1)
  graph.output('a', chain())
  graph.output('b', add(chain(), chain()))
  const merged = mergeCommonSubexpressions(graph)
  assert.deepEqual(
    merged.nodes.map(({ op }) => op),
    ['Exp', 'Add', 'Softmax', 'Add'],
  )
  const feeds = { x: fromNumbers('float32', [1, 4], [0.1, -2, 3, 0.5]) }
  const [before, after] = [await runGraph(graph, feeds), await runGraph(merged, feeds)]
  for (const name of ['a', 'b']) assertClose(after[name], before[name]!, name)
})

test('every output of a node with several is merged', () => {
  const left = leftOf((_, x) => {
    const [a, b] = split(x, [1, 3], 1)
    const [c, d] = split(x, [1, 3], 1)
    return [add(a!, c!), add(b!, d!)]
  })
  assert.equal(left, 3)
})

test('other operators, inputs, orders, attributes and counts stay apart', () => {
  assert.equal(
    leftOf((_, x) => [exp(x), relu(x)]),
    2,
  )
  assert.equal(
    leftOf((_, x) => [sub(x, exp(x)), sub(exp(x), x)]),
    3,
  )
  assert.equal(
    leftOf((_, x) => [softmax(x, 0), softmax(x, 1)]),
    2,
  )
  assert.equal(
    leftOf((_, x) => [softmax(x, 1), softmax(x, -1)]),
    2,
  )
  assert.equal(
    leftOf((_, x) => [transpose(x, [0, 1]), transpose(x, [1, 0])]),
    2,
  )
  assert.equal(
    leftOf((g, x) => [node(g, 'LeakyRelu', [x], { alpha: 0 }), node(g, 'LeakyRelu', [x], { alpha: -0 })]),
    2,
  )
  assert.equal(
    leftOf((g, x) => [node(g, 'LeakyRelu', [x], { alpha: 0.5 }), node(g, 'LeakyRelu', [x], { alpha: 0.5 })]),
    1,
  )
  const filled = (g: Graph, value: number, dtype: DType): Tensor =>
    node(g, 'ConstantOfShape', [constant(g, [2], 'int64')], { value: fromNumbers(dtype, [1], [value]) })
  assert.equal(
    leftOf((g) => [filled(g, 0, 'float32'), filled(g, -0, 'float32'), filled(g, 0, 'int32')]),
    3,
  )
  assert.equal(
    leftOf((g) => [filled(g, 5, 'float32'), filled(g, 5, 'float32')]),
    1,
  )
  const text = (g: Graph, x: Tensor, names: readonly string[] | string): Tensor =>
    g.addNode('Named', '', [x], { names }, [{ dtype: 'float32', shape: [1] }]).outputs[0]!
  assert.equal(
    leftOf((g, x) => [text(g, x, ['a,b']), text(g, x, ['a', 'b']), text(g, x, 'a,b')]),
    3,
  )
  assert.equal(
    leftOf((g, x) => [text(g, x, ['a', 'b']), text(g, x, ['a', 'b'])]),
    1,
  )
  const domain = (g: Graph, x: Tensor, name: string): Tensor =>
    g.addNode('Op', name, [x], {}, [{ dtype: 'float32', shape: [1] }]).outputs[0]!
  assert.equal(
    leftOf((g, x) => [domain(g, x, ''), domain(g, x, 'custom')]),
    2,
  )
})

test('constants are equal when type, shape and bits are', () => {
  const divided = (...pairs: [number[], DType?, number[]?][]): number =>
    leftOf((g) => pairs.map(([values, dtype, shape]) => node(g, 'Identity', [constant(g, values, dtype, shape)], {})))
  assert.equal(divided([[1, 2]], [[1, 2]]), 1)
  assert.equal(divided([[1, 2]], [[1, 3]]), 2)
  assert.equal(divided([[1, 2]], [[1, 2], 'float64'], [[1, 2], 'int64']), 3)
  assert.equal(divided([[1, 2]], [[1, 2], 'float32', [2, 1]], [[1, 2], 'float32', [1, 2]]), 3)
  assert.equal(divided([[0, 1]], [[-0, 1]]), 2)
  assert.equal(divided([[Number.NaN]], [[Number.NaN]]), 1)
  const wide = Array.from({ length: 300 }, (_, i) => i)
  // Large tables are not compared; the same one is.
  assert.equal(divided([wide], [wide]), 2)
  assert.equal(
    leftOf((g) => ((table) => [exp(table), exp(table)])(constant(g, wide))),
    1,
  )
})

test('1/0 and 1/-0 keep their signs', async () => {
  const graph = new Graph()
  const x = graph.input('x', 'float32', [1])
  graph.output('up', div(x, constant(graph, [0])))
  graph.output('down', div(x, constant(graph, [-0])))
  graph.output('scalar up', div(x, 0))
  graph.output('scalar down', div(x, -0))
  const results = await runGraph(mergeCommonSubexpressions(graph), { x: fromNumbers('float32', [1], [1]) })
  const signs = Object.values(results).map(({ data }) => Math.sign(Number(data[0])))
  assert.deepEqual(signs, [1, -1, 1, -1])
})

test('parameters and inputs are themselves only', () => {
  assert.equal(
    leftOf((g, x) => {
      const [a, b] = [g.parameterTensor('a', 'float32', [4]), g.parameterTensor('b', 'float32', [4])]
      return [add(x, a), add(x, b), add(x, a), exp(a), exp(b)]
    }),
    4,
  )
})
