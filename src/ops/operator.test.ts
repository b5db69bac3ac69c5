/** @file How operators are applied: operands, what is refused and with which words, broadcasting of free dimensions. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Attributes, type Dim, formatTensor, Graph, Parameter, type Tensor } from '../graph/index.js'
import { type DetrsError, DtypeError, fromNumbers, GraphError, ShapeError, zeros } from '../tensor/index.js'
import { add, div, greater, maximum, mul, where } from './arithmetic.js'
import { relu } from './elementwise.js'
import { matmul } from './matrix.js'
import { addToGraph } from './operator.js'
import { findOperator, type OpType, operators } from './table.js'
import { onnxTypeCode } from './type-codes.js'

function apply(graph: Graph, op: OpType, inputs: readonly (Tensor | undefined)[], attributes: Attributes = {}): Tensor {
  return addToGraph(graph, op, operators[op], inputs, attributes, 1).outputs[0]!
}

function refused(action: () => unknown, kind: new (...args: never[]) => DetrsError, message: string): void {
  assert.throws(action, (error) => {
    assert.ok(error instanceof kind, String(error))
    assert.equal(error.message, message)
    return true
  })
}

const shapeOf = (tensor: Tensor): string => formatTensor(tensor)

test('operators have the names and attributes of ONNX, and nothing else is found', () => {
  for (const [op, operator] of Object.entries(operators)) {
    assert.match(op, /^[A-Z][A-Za-z]+$/)
    assert.ok(operator.since >= 1 && operator.since <= 18, op)
    assert.ok(
      operator.inputs.every((input) => /^\w+(\?|\.\.\.)?$/.test(input)),
      op,
    )
    assert.equal(findOperator(op), operator)
  }
  for (const name of ['toString', 'constructor', '__proto__', 'relu', '']) assert.equal(findOperator(name), undefined)
})

test('a number takes the type of the tensor beside it', () => {
  const graph = new Graph()
  for (const dtype of ['float32', 'float16', 'int64', 'int32', 'float64'] as const) {
    const x = graph.input(dtype, dtype, [2])
    const sum = add(x, 2)
    assert.equal(sum.dtype, dtype)
    const { source } = graph.nodes.at(-1)!.inputs[1]!
    assert.deepEqual(source.kind === 'constant' && source.data, fromNumbers(dtype, [], [2]))
    assert.equal(add(2, x).dtype, dtype)
  }
  refused(() => add(graph.inputs[2]!, 0.5), DtypeError, 'fromNumbers: expected whole numbers for int64, got 0.5.')
})

test('where gives numbers the type of the other branch, and float32 to two numbers', () => {
  const graph = new Graph()
  const condition = graph.input('condition', 'bool', ['n'])
  const counts = graph.input('counts', 'int64', ['n'])
  assert.equal(shapeOf(where(condition, counts, 0)), 'int64[n]')
  assert.equal(shapeOf(where(condition, 1, counts)), 'int64[n]')
  assert.equal(shapeOf(where(condition, 1, 0)), 'float32[n]')
  refused(() => where(counts, 1, 0), DtypeError, 'Where: expected bool, got int64.')
})

test('parameters become tensors of the graph; numbers alone belong to none', () => {
  const graph = new Graph()
  const weight = new Parameter([3, 3], { kind: 'constant', value: 0 })
  weight.key = 'weight'
  const x = graph.input('x', 'float32', ['n', 3])
  assert.equal(shapeOf(matmul(x, weight)), 'float32[n, 3]')
  assert.equal(add(weight, x).graph, graph)
  refused(() => add(1, 2), GraphError, 'Add: expected at least one tensor among the operands, got none.')
  refused(() => add(weight, 2), GraphError, 'Add: expected at least one tensor among the operands, got none.')
})

test('an error names the module path and the operator', () => {
  const graph = new Graph()
  const x = graph.input('x', 'float32', [2, 3])
  refused(
    () => graph.scoped('head.layers.0', () => matmul(x, x)),
    ShapeError,
    'head.layers.0 (MatMul): expected 3 rows in the right factor, got [2, 3].',
  )
  refused(
    () => add(x, graph.input('y', 'int64', [3])),
    DtypeError,
    'Add: expected inputs of one element type, got float32[2, 3] and int64[3]. Cast one of them.',
  )
})

test('inputs and attributes are checked against the record', () => {
  const graph = new Graph()
  const x = graph.input('x', 'float32', [1, 4, 8, 8])
  const axes = graph.constant(fromNumbers('int64', [1], [0]))
  const cases: [OpType, (Tensor | undefined)[], Attributes, string][] = [
    ['Add', [x], {}, 'Add: expected inputs (a, b), got 1 of them.'],
    ['Relu', [x, x], {}, 'Relu: expected inputs (x), got 2 of them.'],
    ['Concat', [], { axis: 0 }, 'Concat: expected inputs (data...), got 0 of them.'],
    ['Max', [x, undefined, x], {}, "Max: expected input 'data', got nothing."],
    ['Concat', [x], {}, "Concat: expected attribute 'axis', got nothing."],
    ['Concat', [x], { axis: 1.5 }, "Concat: expected attribute 'axis' of kind int, got number 1.5."],
    ['Concat', [x], { axis: [1] }, "Concat: expected attribute 'axis' of kind int, got [1]."],
    ['Concat', [x], { axis: 4 }, 'Concat: expected an axis of a rank-4 tensor, got 4.'],
    ['Relu', [x], { alpha: 1 }, "Relu: expected attributes among (none), got 'alpha'."],
    ['Softmax', [x], { beta: 1 }, "Softmax: expected attributes among (axis), got 'beta'."],
    ['Transpose', [x], { perm: 'abc' }, "Transpose: expected attribute 'perm' of kind ints, got string abc."],
    ['Transpose', [x], { perm: [0, 1, 1, 3] }, 'Transpose: expected an order of 4 axes, got [0, 1, 1, 3].'],
    [
      'ConstantOfShape',
      [axes],
      { value: zeros('float32', [2]) },
      "ConstantOfShape: expected an attribute 'value' of one element, got [2].",
    ],
    ['HardSigmoid', [x], { alpha: 1n }, "HardSigmoid: expected attribute 'alpha' of kind float, got bigint 1."],
  ]
  for (const [op, inputs, attributes, message] of cases) {
    refused(() => apply(graph, op, inputs, attributes), ShapeError, message)
  }
  const weight = graph.constant(zeros('float32', [8, 3, 3, 3]), 'weight')
  refused(
    () => apply(graph, 'Conv', [x, weight]),
    ShapeError,
    'Conv: expected input with 3 channels, got [1, 4, 8, 8].',
  )
})

test('sizes that cannot be are refused', () => {
  const graph = new Graph()
  const x = graph.input('x', 'float32', [2, 3])
  const vector = (...values: number[]): Tensor => graph.constant(fromNumbers('int64', [values.length], values))
  const cases: [OpType, (Tensor | undefined)[], Attributes, string][] = [
    ['Reshape', [x, vector(4, 2)], {}, 'Reshape: expected a shape of 6 elements like [2, 3], got [4, 2].'],
    ['Reshape', [x, vector(4, -1)], {}, 'Reshape: expected a shape whose sizes divide 6, got 4 elements beside -1.'],
    ['Reshape', [x, vector(-1, -1)], {}, 'Reshape: expected sizes from 0 up and at most one -1, got [-1, -1].'],
    ['Reshape', [x, vector(-2, 3)], {}, 'Reshape: expected sizes from 0 up and at most one -1, got [-2, 3].'],
    ['Reshape', [x, vector(2, 3, 0)], {}, 'Reshape: expected no 0 at axis 2, got [2, 3, 0].'],
    ['Expand', [x, vector(2, 4)], {}, 'Expand: expected shapes that broadcast, got [2, 3] and [2, 4].'],
    ['ConstantOfShape', [vector(-1)], {}, 'ConstantOfShape: expected inputs that give sizes from 0 up, got [-1].'],
    [
      'ConstantOfShape',
      [vector(2 ** 53)],
      {},
      `ConstantOfShape: expected inputs that give sizes from 0 up, got [${2 ** 53}].`,
    ],
    ['Tile', [x, vector(1)], {}, "Tile: expected 2 entries of input 'repeats', got 1."],
    ['Pad', [x, vector(0, 0, -3, 0)], {}, 'Pad: expected inputs that give sizes from 0 up, got [-1, 3].'],
    ['Pad', [x, vector(1, 1)], {}, "Pad: expected 4 entries of input 'pads', got 2."],
    ['Squeeze', [x, vector(0)], {}, 'Squeeze: expected axes of size 1, got [2, 3].'],
    ['Unsqueeze', [x, vector(0, 0)], {}, 'Unsqueeze: expected axes that differ, got [0, 0].'],
    ['Split', [x, vector(1, 3)], { axis: 1 }, "Split: expected 1 entries of input 'split', got 2."],
    ['Split', [x], { num_outputs: 1, axis: 2 }, 'Split: expected an axis of a rank-2 tensor, got 2.'],
    ['Split', [x], { num_outputs: 2 }, 'Split: expected 2 outputs, got 1.'],
    ['Split', [x, vector(2)], { num_outputs: 1 }, 'Split: expected either sizes or num_outputs, got both.'],
    ['Slice', [x, vector(0), vector(1), vector(0), vector(0)], {}, 'Slice: expected a step other than 0, got 0.'],
    ['TopK', [x, vector(4)], {}, 'TopK: expected k of at most 3, got 4.'],
    ['Flatten', [x], { axis: 3 }, 'Flatten: expected an axis from 0 to 2, got 3.'],
    ['Gemm', [x, x], {}, 'Gemm: expected 3 rows in the right factor, got [2, 3].'],
    ['Gemm', [x, x, graph.input('c', 'float32', [3, 3])], { transA: 1 }, ''],
    ['Unsqueeze', [x, vector(...Array(63).keys())], {}, 'Unsqueeze: expected at most 64 axes, got 65.'],
  ]
  for (const [op, inputs, attributes, message] of cases) {
    if (message === '') assert.equal(shapeOf(apply(graph, op, inputs, attributes)), 'float32[3, 3]')
    else refused(() => apply(graph, op, inputs, attributes), ShapeError, message)
  }
})

test('an axis is not split into more pieces than it has', () => {
  const graph = new Graph()
  const pieces = (size: number, count: number): readonly string[] =>
    addToGraph(
      graph,
      'Split',
      operators.Split,
      [graph.input(`x${size}${count}`, 'float32', [size])],
      { num_outputs: count },
      count,
    ).outputs.map(shapeOf)
  assert.deepEqual(pieces(7, 3), ['float32[3]', 'float32[3]', 'float32[1]'])
  refused(() => pieces(2, 3), ShapeError, 'Split: expected an axis of 3 pieces, got 2.')
  refused(() => pieces(5, 4), ShapeError, 'Split: expected an axis of 4 pieces, got 5.')
})

test('free dimensions broadcast with themselves, with 1 and with numbers, not with each other', () => {
  const graph = new Graph()
  const cases: [Dim[], Dim[], string][] = [
    [['n', 1], ['m'], '[n, m]'],
    [['n'], ['n'], '[n]'],
    [['n'], [1], '[n]'],
    [['n'], [7], '[7]'],
    [[7], ['n'], '[7]'],
    [[], ['n', 'm'], '[n, m]'],
    [['2*n'], ['(n+n)'], '[2*n]'],
  ]
  cases.forEach(([a, b, expected], i) => {
    const sum = add(graph.input(`a${i}`, 'float32', a), graph.input(`b${i}`, 'float32', b))
    assert.equal(shapeOf(sum), `float32${expected}`)
  })
  const [a, b] = [graph.input('a', 'float32', ['n']), graph.input('b', 'float32', ['m'])]
  refused(() => add(a, b), ShapeError, 'Add: expected shapes that broadcast, got [n] and [m].')
  refused(
    () => maximum(a, 3, graph.input('c', 'float32', [2]), graph.input('d', 'float32', [3])),
    ShapeError,
    'Max: expected shapes that broadcast, got [n] and [] and [2] and [3].',
  )
})

test('the arithmetic of shapes is followed while building', () => {
  const graph = new Graph()
  const x = graph.input('x', 'float32', ['batch', 3, 'height', 'width'])
  const shape = apply(graph, 'Shape', [x])
  assert.deepEqual(shape.content, ['batch', 3, 'height', 'width'])
  const vector = (...values: number[]): Tensor => graph.constant(fromNumbers('int64', [values.length], values))
  const spatial = apply(graph, 'Slice', [shape, vector(2), vector(4), vector(0)])
  assert.deepEqual(spatial.content, ['height', 'width'])
  assert.deepEqual(mul(spatial, vector(2, 3)).content, ['2*height', '3*width'])
  assert.deepEqual(add(spatial, 1).content, ['(height+1)', '(width+1)'])
  assert.deepEqual(div(mul(spatial, 4), 2).content, ['2*height', '2*width'])
  assert.equal(div(spatial, 2).content, undefined)
  assert.deepEqual(apply(graph, 'Sub', [mul(spatial, 2), spatial]).content, ['height', 'width'])
  const batch = apply(graph, 'Gather', [shape, graph.constant(fromNumbers('int64', [], [0]))])
  assert.deepEqual([batch.shape, batch.content], [[], ['batch']])
  const target = apply(graph, 'Concat', [apply(graph, 'Unsqueeze', [batch, vector(0)]), vector(3, -1)], { axis: 0 })
  assert.deepEqual(target.content, ['batch', 3, -1])
  assert.equal(shapeOf(apply(graph, 'Reshape', [x, target])), 'float32[batch, 3, height*width]')
  assert.equal(shapeOf(apply(graph, 'ConstantOfShape', [mul(spatial, 2)])), 'float32[2*height, 2*width]')
  const narrow = apply(graph, 'Cast', [spatial], { to: onnxTypeCode('int32') })
  assert.deepEqual(apply(graph, 'Cast', [narrow], { to: onnxTypeCode('int64') }).content, ['height', 'width'])
  assert.equal(apply(graph, 'Cast', [vector(2 ** 40)], { to: onnxTypeCode('int32') }).content, undefined)
  assert.equal(apply(graph, 'Cast', [vector(300)], { to: onnxTypeCode('uint8') }).content, undefined)
  assert.deepEqual(div(vector(0), -3).content, [0])
  assert.deepEqual(div(vector(7), 0).content, undefined)
  assert.deepEqual(mul(vector(2 ** 40), 2 ** 40).content, undefined)
  assert.equal(apply(graph, 'Gather', [shape, vector(9)]).content, undefined)
})

test('a dimension known only at run time has a name of its own, in a graph cut out of another too', () => {
  const graph = new Graph()
  const x = graph.input('x', 'float32', ['Slice0_0', 4])
  const count = graph.input('count', 'int64', [1])
  const start = graph.constant(fromNumbers('int64', [1], [0]))
  const cut = apply(graph, 'Slice', [x, start, count])
  assert.equal(shapeOf(cut), 'float32[Slice0_0_, Slice0_1]')
  refused(
    () => add(cut, x),
    ShapeError,
    'Add: expected shapes that broadcast, got [Slice0_0_, Slice0_1] and [Slice0_0, 4].',
  )
  assert.equal(shapeOf(relu(cut)), shapeOf(cut))
  assert.equal(greater(cut, cut).dtype, 'bool')
})

test('a size on which ONNX and ONNX Runtime differ is left open', () => {
  const graph = new Graph()
  const scale = (value: number): Tensor => graph.constant(fromNumbers('float32', [1], [value]))
  const resized = (size: number, value: number): string =>
    shapeOf(apply(graph, 'Resize', [graph.input(`x${size}`, 'float32', [size]), undefined, scale(value)]))
  // 0.7 in float32 is a little less than 0.7, and 10 times that is 7 again in float32.
  assert.equal(resized(10, 0.7), 'float32[Resize0_0]')
  assert.equal(resized(20, 0.5), 'float32[10]')
})
