/** @file Constants are folded to the very values that ONNX Runtime computes, or left alone. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runGraph } from '../../test/support/engine.js'
import { type Attributes, Graph, type Tensor } from '../graph/index.js'
import { examples } from '../ops/all.examples.js'
import * as ops from '../ops/index.js'
import { bytesOf, fromNumbers, type TensorData } from '../tensor/index.js'
import { foldConstants } from './index.js'

const { NaN: nan, POSITIVE_INFINITY: infinity } = Number

function graphOf(
  op: ops.OpType,
  inputs: readonly (TensorData | undefined)[],
  attributes: Attributes,
  outputs = 1,
): Graph {
  const graph = new Graph(op)
  const constants = inputs.map((data) => (data === undefined ? undefined : graph.constant(data)))
  const node = ops.addToGraph(graph, op, ops.operators[op], constants, attributes, outputs)
  node.outputs.forEach((tensor, i) => {
    graph.output(`y${i}`, tensor)
  })
  return graph
}

const single = (op: ops.OpType, inputs: readonly TensorData[], attributes: Attributes = {}): Graph =>
  graphOf(op, inputs, attributes)

/** The nodes left after folding, once it is certain that folding changes no bit of the values. */
async function leftAfterFolding(graph: Graph, message: string): Promise<number> {
  const folded = foldConstants(graph)
  const [before, after] = [await runGraph(graph, {}), await runGraph(folded, {})]
  for (const [name, value] of Object.entries(before)) {
    assert.deepEqual([after[name]!.dtype, after[name]!.shape], [value.dtype, value.shape], message)
    const [a, b] = [Buffer.from(bytesOf(value)), Buffer.from(bytesOf(after[name]!))]
    assert.ok(a.equals(b), `${message}: ${value.data} became ${after[name]!.data}`)
  }
  return folded.nodes.length
}

const float = (...values: number[]): TensorData => fromNumbers('float32', [values.length], values)
const int64 = (...values: number[]): TensorData => fromNumbers('int64', [values.length], values)

test("every operator's examples have the same bits after folding", async () => {
  for (const [op, list] of Object.entries(examples)) {
    for (const [i, { inputs, attributes = {}, outputs, notRun }] of list.entries()) {
      if (notRun !== undefined) continue
      await leftAfterFolding(graphOf(op as ops.OpType, inputs, attributes, outputs.length), `${op} ${i}`)
    }
  }
})

test('float arithmetic is folded to the bit, in all corners', async () => {
  const odd = [0, -0, 1e-45, -1e-40, 0.1, 1 / 3, -2.5, 3e38, infinity, -infinity, nan, 16777217]
  const columns = fromNumbers('float32', [odd.length, 1], odd)
  for (const op of ['Add', 'Sub', 'Mul', 'Div'] as const) {
    const graph = single(op, [columns, float(...odd)])
    const folded = foldConstants(graph)
    assert.equal(folded.nodes.length, 0)
    const [before, after] = [await runGraph(graph, {}), await runGraph(folded, {})]
    const [a, b] = [before['y0']!.data as Float32Array, after['y0']!.data as Float32Array]
    // NaN has many bit patterns; all other values have one.
    a.forEach((value, i) => {
      assert.ok(Object.is(value, b[i]), `${op} ${i}: ${value} became ${b[i]}`)
    })
  }
  assert.equal(await leftAfterFolding(single('Floor', [float(0.5, -0.5, 1e10, -3, infinity)]), 'Floor'), 0)
  assert.equal(await leftAfterFolding(single('Sqrt', [float(2, 0.1, 1e-45, infinity, 0)]), 'Sqrt'), 0)
})

test('broadcast operands, moved and reshaped elements are folded', async () => {
  const block = fromNumbers('float32', [2, 1, 3], [1, 2, 3, 4, 5, 6])
  const cases: [ops.OpType, TensorData[], Attributes][] = [
    ['Mul', [block, fromNumbers('float32', [4, 1], [1, 10, 100, 1000])], {}],
    ['Add', [fromNumbers('float32', [], [7]), block], {}],
    ['Transpose', [block], {}],
    ['Transpose', [block], { perm: [2, 0, 1] }],
    ['Transpose', [fromNumbers('int64', [2, 2], [1, 2, 3, 2 ** 53])], { perm: [1, 0] }],
    ['Reshape', [block, int64(3, -1)], {}],
    ['Squeeze', [block, int64(1)], {}],
    ['Unsqueeze', [block, int64(-1)], {}],
    ['Cast', [int64(3, -4)], { to: 1 }],
    ['Cast', [float(2.9, -2.9)], { to: 7 }],
    ['Cast', [float(2 ** 31 - 200, -(2 ** 31))], { to: 6 }],
    ['Range', [0, 6, 2].map((value) => fromNumbers('int64', [], [value])), {}],
    ['Range', [0.3, 30, 0.1].map((value) => fromNumbers('float32', [], [value])), {}],
    ['Shape', [block], {}],
    ['Size', [block], {}],
    ['Gather', [int64(5, 6, 7), fromNumbers('int64', [], [1])], {}],
  ]
  for (const [op, inputs, attributes] of cases) {
    assert.equal(await leftAfterFolding(single(op, inputs, attributes), op), 0, op)
  }
})

test('what would come out different is left to the runtime', async () => {
  const cases: [string, Graph][] = [
    ['fractions of 16 bits', single('Cast', [float(0.1)], { to: 10 })],
    ['NaN to an integer', single('Cast', [float(nan)], { to: 7 })],
    ['infinity to an integer', single('Cast', [float(infinity)], { to: 6 })],
    ['beyond 32 bits', single('Cast', [float(3e9)], { to: 6 })],
    [
      '64-bit integers beyond 2^53',
      single('Identity', [{ dtype: 'int64', shape: [1], data: BigInt64Array.of(2n ** 63n - 1n) }]),
    ],
    ['their cast', single('Cast', [{ dtype: 'int64', shape: [1], data: BigInt64Array.of(2n ** 60n + 1n) }], { to: 7 })],
    ['their product', single('Mul', [int64(2 ** 40), int64(2 ** 40)])],
    ['double precision', single('Add', [fromNumbers('float64', [1], [0.1]), fromNumbers('float64', [1], [0.2])])],
    ['more than 65,536 elements', single('Add', [fromNumbers('float32', [65537], Array(65537).fill(1)), float(1)])],
    ['unknown operators', single('Exp', [float(1)])],
  ]
  for (const [name, graph] of cases) {
    const folded = foldConstants(graph)
    assert.equal(folded.nodes.length, 1, name)
    if (!name.includes('NaN') && !name.includes('infinity') && name !== 'beyond 32 bits') {
      assert.equal(await leftAfterFolding(graph, name), 1)
    }
  }
})

test('shape arithmetic on known sizes disappears; on free ones it stays', () => {
  const shapes = (height: number | string): readonly string[] => {
    const graph = new Graph()
    const x = graph.input('x', 'float32', [2, 3, height, 8])
    const like = ops.addToGraph(graph, 'Shape', ops.operators.Shape, [x], {}, 1).outputs[0]!
    const doubled: Tensor = ops.mul(ops.slice(like, 0, 2, 4), 2)
    graph.output(
      'y',
      ops.addToGraph(graph, 'ConstantOfShape', ops.operators.ConstantOfShape, [doubled], {}, 1).outputs[0]!,
    )
    return foldConstants(graph).nodes.map(({ op }) => op)
  }
  assert.deepEqual(shapes(4), ['ConstantOfShape'])
  assert.deepEqual(shapes('height'), ['Shape', 'Slice', 'Mul', 'ConstantOfShape'])
})
