/** @file Graphs to bytes and back: nothing is lost, and ONNX Runtime takes what is written. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertClose, runModel } from '../../test/support/engine.js'
import { type Attributes, Graph, printGraph, type Tensor } from '../graph/index.js'
import * as ops from '../ops/index.js'
import {
  arrayFromBytes,
  bytesOf,
  bytesPerElement,
  DTYPES,
  type DType,
  fromNumbers,
  GraphError,
  OnnxFormatError,
  ShapeError,
  type TensorData,
} from '../tensor/index.js'
import { decodeModel } from './decode.js'
import { type EncodeOptions, encodeModel } from './encode.js'

function node(graph: Graph, op: ops.OpType, inputs: (Tensor | undefined)[], attributes: Attributes = {}): Tensor {
  return ops.addToGraph(graph, op, ops.operators[op], inputs, attributes, 1).outputs[0]!
}

/** Bytes that are no zeros, so that a lost or swapped one shows: NaN payloads, extremes, -0 among them. */
function oddTensor(dtype: DType, elements = 6): TensorData {
  const bytes = Uint8Array.from({ length: elements * bytesPerElement(dtype) }, (_, i) => (i * 73 + 129) & 255)
  const valid = dtype === 'bool' ? bytes.map((byte) => byte & 1) : bytes
  return { dtype, shape: [elements], data: arrayFromBytes(dtype, valid) }
}

function constantsOf(graph: Graph): readonly TensorData[] {
  return graph.nodes.flatMap(({ inputs }) =>
    inputs.flatMap((input) => (input?.source.kind === 'constant' ? [input.source.data] : [])),
  )
}

test('every kind of attribute that an operator has comes back as it was', () => {
  const graph = new Graph('attributes')
  const x = graph.input('x', 'float32', ['batch', 4, 'height', 'width'])
  const weight = graph.input('weight', 'float32', [4, 2, 3, 3])
  const wide = 2n ** 63n - 1n
  const lists = node(graph, 'Conv', [x, weight], { auto_pad: 'SAME_UPPER', group: 2, strides: [2, 1] })
  node(graph, 'Transpose', [lists], { perm: [3, 2, 1, 0] })
  node(graph, 'HardSigmoid', [lists], { alpha: Math.fround(0.1), beta: -1 })
  node(graph, 'Shape', [x], { start: -3, end: wide })
  const shape = node(graph, 'Shape', [x])
  const filled = node(graph, 'ConstantOfShape', [shape], { value: fromNumbers('int64', [1], [-5]) })
  graph.output('y', filled)
  const again = decodeModel(encodeModel(graph).bytes).graph
  assert.equal(printGraph(again), printGraph(graph))
  assert.deepEqual(
    again.nodes.map(({ attributes }) => attributes),
    graph.nodes.map(({ attributes }) => attributes),
  )
  assert.equal(again.nodes[3]!.attributes['end'], wide)
})

test('tensors of every type come back bit for bit: constants, attributes, data beside the file', () => {
  for (const dtype of DTYPES) {
    for (const externalFromBytes of [undefined, 0, 7]) {
      const graph = new Graph('types')
      const data = oddTensor(dtype)
      const value = oddTensor(dtype, 1)
      const shape = graph.constant(fromNumbers('int64', [1], [2]))
      const filled = node(graph, 'ConstantOfShape', [shape], { value })
      graph.output('y', node(graph, 'Concat', [graph.constant(data), filled], { axis: 0 }))
      const encoded = encodeModel(graph, externalFromBytes === undefined ? {} : { externalFromBytes })
      const files = new Map(encoded.externalData.map((file) => [file.path, file.data]))
      const again = decodeModel(encoded.bytes, 'model', files).graph
      assert.equal(printGraph(again), printGraph(graph))
      const found = constantsOf(again).find((constant) => constant.data.length === 6)!
      assert.equal(found.dtype, dtype)
      assert.deepEqual(Buffer.from(bytesOf(found)), Buffer.from(bytesOf(data)), dtype)
      const attribute = again.nodes[0]!.attributes['value'] as TensorData
      assert.deepEqual(Buffer.from(bytesOf(attribute)), Buffer.from(bytesOf(value)), dtype)
      assert.equal(encoded.externalData.length > 0, externalFromBytes !== undefined && externalFromBytes < 48)
    }
  }
})

test('tensors without elements, scalars and symbolic inputs come back', () => {
  const graph = new Graph('shapes')
  const x = graph.input('x', 'float32', ['batch', 'floor((height+1)/2)', 0])
  const empty = graph.constant(fromNumbers('float32', [0], []))
  const scalar = graph.constant(fromNumbers('float32', [], [2]))
  graph.output('y', ops.mul(ops.add(x, empty), scalar))
  graph.output('z', graph.input('flag', 'bool', []))
  const again = decodeModel(encodeModel(graph).bytes).graph
  assert.deepEqual(again.inputs[0]!.shape, ['batch', 'floor((height+1)/2)', 0])
  assert.deepEqual(again.inputs[1]!.shape, [])
  assert.match(printGraph(again), /= Mul\(%0, 2\)/)
})

test('metadata come back in order', () => {
  const graph = new Graph()
  graph.output('y', ops.relu(graph.input('x', 'float32', [1])))
  const metadata = { classes: '["Katze","猫"]', empty: '', 'key with spaces': 'a=b' }
  const again = decodeModel(encodeModel(graph, { metadata }).bytes)
  assert.deepEqual(Object.fromEntries(again.metadata), metadata)
  assert.equal(decodeModel(encodeModel(graph).bytes).metadata.size, 0)
})

test('parameters with values are weights, the others inputs', async () => {
  const graph = new Graph('parameters')
  const x = graph.input('x', 'float32', ['n', 2])
  const weight = graph.parameterTensor('linear.weight', 'float32', [2, 2])
  const bias = graph.parameterTensor('linear.bias', 'float32', [2])
  graph.output('y', ops.add(ops.matmul(x, weight), bias))
  const values = fromNumbers('float32', [2, 2], [1, 2, 3, 4])
  const feeds = { x: fromNumbers('float32', [1, 2], [1, 1]), 'linear.bias': fromNumbers('float32', [2], [10, 20]) }
  const expected = fromNumbers('float32', [1, 2], [14, 26])
  const cases: [EncodeOptions, number][] = [
    [{ weights: new Map([['linear.weight', values]]) }, 0],
    [{ weights: new Map([['linear.weight', values]]), externalFromBytes: 16 }, 1],
  ]
  for (const [options, outside] of cases) {
    const { bytes, externalData } = encodeModel(graph, options)
    assert.equal(externalData.length, outside)
    const { y } = await runModel(bytes, feeds, { externalData })
    assertClose(y, expected, 'y')
  }
  const named = decodeModel(encodeModel(graph).bytes).graph.inputs.map(
    ({ source }) => source.kind === 'input' && source.name,
  )
  assert.deepEqual(named, ['x', 'linear.weight', 'linear.bias'])
  assert.throws(
    () => encodeModel(graph, { weights: new Map([['linear.bias', fromNumbers('float32', [3], [1, 2, 3])]]) }),
    (error) => error instanceof ShapeError && error.message === 'linear.bias: expected float32[2], got float32[3].',
  )
})

test('paths of data beside the file never leave its folder and never meet', () => {
  const graph = new Graph()
  const names = ['../../etc/passwd', '/root', '.hidden', 'a/b', 'a_b', 'a\\b', 'C:']
  const tensors = names.map((name) => graph.constant(fromNumbers('float32', [1], [1]), name))
  graph.output(
    'y',
    tensors.reduce((a, b) => ops.add(a, b)),
  )
  const { externalData } = encodeModel(graph, { externalFromBytes: 1 })
  const paths = externalData.map(({ path }) => path)
  assert.equal(new Set(paths).size, names.length)
  for (const path of paths) assert.match(path, /^[\w-][\w.-]*$/)
})

test('outputs that are inputs, weights, constants or one tensor twice are written and run', async () => {
  const graph = new Graph('outputs')
  const x = graph.input('x', 'float32', [2])
  const weight = graph.parameterTensor('w', 'float32', [2])
  const sum = ops.add(x, weight)
  const table = graph.constant(fromNumbers('float32', [2], [7, 8]), 'table')
  const outputs = { x, again: x, w: weight, weight, sum, total: sum, table, constant: table }
  for (const [name, tensor] of Object.entries(outputs)) graph.output(name, tensor)
  const weights = new Map([['w', fromNumbers('float32', [2], [10, 20])]])
  const { bytes } = encodeModel(graph, { weights })
  const results = await runModel(bytes, { x: fromNumbers('float32', [2], [1, 2]) })
  const values = (name: string): readonly number[] => Array.from(results[name]!.data as Float32Array)
  const expected = { x: [1, 2], w: [10, 20], sum: [11, 22], table: [7, 8] }
  assert.deepEqual(values('again'), expected.x)
  assert.deepEqual([values('w'), values('weight')], [expected.w, expected.w])
  assert.deepEqual([values('sum'), values('total')], [expected.sum, expected.sum])
  assert.deepEqual([values('table'), values('constant')], [expected.table, expected.table])
  assert.deepEqual([...decodeModel(bytes).graph.outputs.keys()], Object.keys(outputs))
})

test('values keep apart however their names look', async () => {
  const graph = new Graph('names')
  const x = graph.input('Relu:0', 'float32', [1])
  const constant = graph.constant(fromNumbers('float32', [1], [5]), 'y')
  const hidden = ops.relu(x)
  graph.output('y', ops.add(hidden, constant))
  graph.output('Add:0', ops.neg(hidden))
  const results = await runModel(encodeModel(graph).bytes, { 'Relu:0': fromNumbers('float32', [1], [-3]) })
  assert.deepEqual([results['y']!.data[0], Math.abs(Number(results['Add:0']!.data[0]))], [5, 0])
})

test('what cannot be written is refused', () => {
  const refused = (graph: Graph, pattern: RegExp): void => {
    assert.throws(
      () => encodeModel(graph),
      (error) => {
        assert.ok(error instanceof GraphError)
        assert.match(error.message, pattern)
        return true
      },
    )
  }
  refused(new Graph('empty'), /^empty: expected at least one output, got none\.$/)

  const twice = new Graph('twice')
  const x = twice.input('x', 'float32', [1])
  twice.output('x', ops.relu(x))
  refused(twice, /^twice: expected a name for each value, got 'x' for two\.$/)

  const types = [{ dtype: 'float32', shape: [1] }] as const
  for (const [op, domain, attributes, pattern] of [
    ['Detach', '', {}, /^Detach: expected an operator that ONNX Runtime has, got Detach\.$/],
    ['Relu', 'custom', {}, /got custom\.Relu\.$/],
    ['Relu', '', { slope: 1 }, /^Relu: expected an attribute that Relu has, got 'slope'\.$/],
  ] as const) {
    const graph = new Graph()
    const added = graph.addNode(op, domain, [graph.input('x', 'float32', [1])], attributes, types)
    graph.output('y', added.outputs[0]!)
    refused(graph, pattern)
  }
})

test('the operators of ONNX Runtime bring their operator set with them', async () => {
  const graph = new Graph('fused')
  const x = graph.input('x', 'float32', [2, 2])
  graph.output('y', node(graph, 'FusedMatMul', [x, x], { transB: 1, alpha: 2 }))
  const { bytes } = encodeModel(graph)
  const { y } = await runModel(bytes, { x: fromNumbers('float32', [2, 2], [1, 2, 3, 4]) })
  assertClose(y, fromNumbers('float32', [2, 2], [10, 22, 22, 50]), 'y')
  assert.equal(printGraph(decodeModel(bytes).graph), printGraph(graph))
})

test('data beside the file are found by path, offset and length, or missed with a sentence', () => {
  const graph = new Graph('outside')
  const x = graph.input('x', 'float32', [4])
  graph.output('y', ops.add(x, graph.constant(fromNumbers('float32', [4], [1, 2, 3, 4]), 'table')))
  const { bytes, externalData } = encodeModel(graph, { externalFromBytes: 16 })
  const [file] = externalData
  assert.equal(file!.path, 'table')
  const decoded = (files: ReadonlyMap<string, Uint8Array>): readonly TensorData[] =>
    constantsOf(decodeModel(bytes, 'outside.onnx', files).graph)
  // A view at an odd address, as a file's bytes may be.
  const shifted = new Uint8Array(17)
  shifted.set(file!.data, 1)
  assert.deepEqual(decoded(new Map([['table', shifted.subarray(1)]]))[0]!.data, Float32Array.of(1, 2, 3, 4))
  const refused = (files: ReadonlyMap<string, Uint8Array>, pattern: RegExp): void => {
    assert.throws(
      () => decoded(files),
      (error) => error instanceof OnnxFormatError && pattern.test(error.message),
    )
  }
  refused(
    new Map(),
    /^outside\.onnx: tensor 'table': expected the external data 'table' beside the model, got none of that name\.$/,
  )
  refused(new Map([['table', new Uint8Array(15)]]), /expected a range inside the 15 bytes of 'table', got 0 \+ 16\.$/)
})
