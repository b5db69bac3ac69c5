/** @file Models made by hand: what older exporters write is read, and what is wrong is refused with a sentence. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatTensor, type Graph } from '../graph/index.js'
import { type DType, fromNumbers, OnnxFormatError, type TensorData, toNumbers } from '../tensor/index.js'
import { decodeModel } from './decode.js'
import { decodeTensor } from './decode-tensor.js'
import { attribute, type Build, message, model, node, type Parts, tensor, value } from './model.test.fixture.js'
import {
  AttributeField,
  AttributeType,
  Entry,
  GraphField,
  Model,
  NodeField,
  TensorField,
  ValueInfoField,
} from './schema.js'

const decoded = (parts: Parts): Graph => decodeModel(model(parts)).graph

function refused(parts: Parts | Uint8Array, pattern: RegExp): void {
  assert.throws(
    () => decodeModel(parts instanceof Uint8Array ? parts : model(parts), 'm.onnx'),
    (error) => {
      assert.ok(error instanceof OnnxFormatError, String(error))
      assert.match(error.message, pattern)
      return true
    },
  )
}

const ints = (name: string, values: readonly number[]): Build =>
  attribute(name, (writer) => {
    writer.ints(AttributeField.ints, values)
    writer.int(AttributeField.type, AttributeType.ints)
  })
const int = (name: string, number: number): Build =>
  attribute(name, (writer) => {
    writer.int(AttributeField.int, number)
    writer.int(AttributeField.type, AttributeType.int)
  })

test('the plain model is read', () => {
  const graph = decoded({})
  assert.equal(graph.name, 'hand-made')
  assert.deepEqual(
    graph.nodes.map(({ op, name }) => [op, name]),
    [['Relu', 'Relu']],
  )
  assert.deepEqual([...graph.outputs.keys()], ['y'])
})

test('initializers listed among the inputs are no inputs, constants become constants', () => {
  const data: Build = tensor('w', 'float32', [2], (writer) => writer.floats(TensorField.floatData, [1, 2]))
  const constant = node(
    'Constant',
    [],
    ['c'],
    [attribute('value', (writer) => writer.message(AttributeField.tensor, data))],
  )
  const graph = decoded({
    nodes: [constant, node('Add', ['x', 'w'], ['s']), node('Mul', ['s', 'c'], ['y'])],
    inputs: [value('x'), value('w')],
    initializers: [data],
  })
  assert.equal(graph.inputs.length, 1)
  assert.deepEqual(
    graph.nodes.map(({ op }) => op),
    ['Add', 'Mul'],
  )
  const { source } = graph.nodes[1]!.inputs[1]!
  assert.deepEqual(source.kind === 'constant' && toNumbers(source.data), [1, 2])
})

test('elements are read from the list field of their type', () => {
  const bits = { float16: [0x3c00, 0x8000], bfloat16: [0x3f80, 0xbf80] } as const
  const cases: [DType, Build, number[]][] = [
    ['float32', (writer) => writer.floats(TensorField.floatData, [0.5, -2]), [0.5, -2]],
    [
      'float64',
      (writer) => writer.bytes(TensorField.doubleData, new Uint8Array(Float64Array.of(0.1, -2).buffer)),
      [0.1, -2],
    ],
    ['float16', (writer) => writer.ints(TensorField.int32Data, bits.float16), [1, -0]],
    ['bfloat16', (writer) => writer.ints(TensorField.int32Data, bits.bfloat16), [1, -1]],
    ['bool', (writer) => writer.ints(TensorField.int32Data, [1, 0]), [1, 0]],
    ['int8', (writer) => writer.ints(TensorField.int32Data, [-128, 127]), [-128, 127]],
    ['uint8', (writer) => writer.ints(TensorField.int32Data, [0, 255]), [0, 255]],
    ['int16', (writer) => writer.ints(TensorField.int32Data, [-5, 5]), [-5, 5]],
    ['uint16', (writer) => writer.ints(TensorField.int32Data, [65535, 5]), [65535, 5]],
    ['int32', (writer) => writer.ints(TensorField.int32Data, [-7, 7]), [-7, 7]],
    ['uint32', (writer) => writer.ints(TensorField.uint64Data, [2 ** 32 - 1, 7]), [2 ** 32 - 1, 7]],
    ['int64', (writer) => void [-9, 9].map((each) => writer.int(TensorField.int64Data, each)), [-9, 9]],
    ['uint64', (writer) => writer.ints(TensorField.uint64Data, [1, 2n ** 63n]), [1, 2 ** 63]],
  ]
  for (const [dtype, build, values] of cases) {
    const { name, data } = decodeTensor(message(tensor('t', dtype, [2], build)), 'test')
    assert.deepEqual([name, data.dtype, toNumbers(data)], ['t', dtype, values])
  }
})

test('a tensor whose elements do not fit its shape or type is refused', () => {
  const none: Build = () => undefined
  const cases: [Build, RegExp][] = [
    [
      tensor('t', 'float32', [3], (w) => w.floats(TensorField.floatData, [1, 2])),
      /^f: tensor 't': expected 3 elements for shape \[3\], got 2\.$/,
    ],
    [
      tensor('t', 'float32', [2], (w) => w.bytes(TensorField.rawData, new Uint8Array(7))),
      /expected 2 elements for shape \[2\], got 1\.75\.$/,
    ],
    [
      tensor('t', 'int64', [2], (w) => w.floats(TensorField.floatData, [1.5, 2.5])),
      /expected 2 elements for shape \[2\], got 0\.$/,
    ],
    [
      tensor('t', 'int64', [2], (w) => w.ints(TensorField.int64Data, [1])),
      /expected 2 elements for shape \[2\], got 1\.$/,
    ],
    [tensor('t', 'float32', [1e9, 1e6], none), /expected 1000000000000000 elements .*, got 0\.$/],
    [
      tensor('t', 'float32', [2 ** 40, 2 ** 40], none),
      /expected sizes from 0 up, got \[1099511627776, 1099511627776\]\.$/,
    ],
    [tensor('t', 'float32', [-1], none), /expected sizes from 0 up, got \[-1\]\.$/],
    [tensor('t', 'float32', new Array<number>(65).fill(1), none), /expected at most 64 axes, got 65\.$/],
    [tensor('t', 8, [1], none), /expected a numeric element type, got type code 8\.$/],
    [tensor('t', 0, [1], none), /expected a numeric element type, got type code 0\.$/],
    [tensor('t', 99, [1], none), /expected a numeric element type, got type code 99\.$/],
    [tensor('t', 'float32', [1], (w) => w.int(TensorField.floatData, 3)), /expected bytes in field 4, got varint\.$/],
    [tensor('t', 'float32', [1], (w) => w.int(TensorField.rawData, 3)), /expected bytes in field 9, got varint\.$/],
  ]
  for (const [build, pattern] of cases) {
    assert.throws(
      () => decodeTensor(message(build), 'f'),
      (error) => error instanceof OnnxFormatError && pattern.test(error.message),
    )
  }
})

test('ranges of the data beside the file must lie inside it', () => {
  const files = new Map([['w.bin', new Uint8Array(16)]])
  const external = (entries: Record<string, string>): Uint8Array =>
    message(
      tensor('t', 'float32', [2], (writer) => {
        for (const [key, text] of Object.entries(entries)) {
          writer.message(TensorField.externalData, (entry) => {
            entry.text(Entry.key, key)
            entry.text(Entry.value, text)
          })
        }
      }),
    )
  const good: Record<string, string>[] = [
    { location: 'w.bin', offset: '8', length: '8' },
    { location: 'w.bin', offset: '8' },
    { location: 'w.bin', length: '8', checksum: 'ignored' },
  ]
  for (const entries of good) assert.equal(decodeTensor(external(entries), 'f', files).data.data.length, 2)
  const bad: [Record<string, string>, RegExp][] = [
    [{ location: 'w.bin' }, /expected 2 elements for shape \[2\], got 4\.$/],
    [{ location: '../w.bin', length: '8' }, /expected the external data '..\/w\.bin' beside the model/],
    [{ location: 'w.bin', offset: '9', length: '8' }, /a range inside the 16 bytes of 'w\.bin', got 9 \+ 8\.$/],
    [{ location: 'w.bin', offset: '-8', length: '8' }, /got -8 \+ 8\.$/],
    [{ location: 'w.bin', offset: '8', length: '-8' }, /got 8 \+ -8\.$/],
    [{ location: 'w.bin', offset: '1e99', length: '8' }, /got 1e\+99 \+ 8\.$/],
    [{ location: 'w.bin', offset: 'x' }, /got NaN \+ NaN\.$/],
    [{ offset: '0' }, /expected the external data '' beside the model/],
  ]
  for (const [entries, pattern] of bad) {
    assert.throws(
      () => decodeTensor(external(entries), 'f', files),
      (error) => error instanceof OnnxFormatError && pattern.test(error.message),
    )
  }
})

test('what is no model is refused', () => {
  refused(new Uint8Array(0), /^m\.onnx: expected an ONNX graph, got none\. Is it an ONNX file\?$/)
  refused(new TextEncoder().encode('<!DOCTYPE html><html>'), /^m\.onnx/)
  refused(new TextEncoder().encode('{"a": 1}'), /^m\.onnx/)
  refused(Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a), /^m\.onnx at byte/)
  refused({ opsets: [] }, /expected opset 1 to 18, got opset 0\. Export the model with opset 18\.$/)
  refused({ opsets: [['', 21]] }, /expected opset 1 to 18, got opset 21\./)
  refused({ opsets: [['com.microsoft', 1]] }, /got opset 0\./)
  refused({ opsets: [['ai.onnx', 19]] }, /got opset 19\./)
  refused(
    { graph: (writer) => writer.bytes(GraphField.sparseInitializer, new Uint8Array(0)) },
    /dense initializers, got a sparse one/,
  )
  refused(
    message((writer) => writer.int(Model.graph, 1)),
    /expected bytes in field 7, got varint\.$/,
  )
  assert.doesNotThrow(() => decodeModel(model({ opsets: [['ai.onnx', 18]] })))
  assert.doesNotThrow(() =>
    decodeModel(
      model({
        opsets: [
          ['', 18],
          ['custom', 3],
        ],
      }),
    ),
  )
})

test('unknown operators, domains, old forms and attributes are named', () => {
  refused(
    { nodes: [node('Einsum', ['x'], ['y'])] },
    /^m\.onnx: node 'Einsum': expected an operator that detrs knows, got Einsum\.$/,
  )
  const domain =
    (name: string): Build =>
    (writer) =>
      writer.text(NodeField.domain, name)
  refused({ nodes: [node('Relu', ['x'], ['y'], [domain('custom')])] }, /got custom\.Relu\.$/)
  refused({ nodes: [node('FusedMatMul', ['x', 'x'], ['y'])] }, /got FusedMatMul\.$/)
  refused({ nodes: [node('Constant', [], ['y'], [domain('custom')])] }, /got custom\.Constant\.$/)
  refused({ nodes: [node('toString', ['x'], ['y'])] }, /got toString\.$/)
  refused({ nodes: [node('__proto__', ['x'], ['y'])] }, /got __proto__\.$/)
  refused({ nodes: [node('Constant', [], ['y'])] }, /expected a Constant with a tensor 'value', got another kind\.$/)
  const softmax = { nodes: [node('Softmax', ['x'], ['y'])], opsets: [['', 12]] } as const
  refused(
    softmax,
    /^m\.onnx: node 'Softmax': expected Softmax of opset 13 or later, got opset 12\. Export the model with opset 18\.$/,
  )
  refused(
    { nodes: [node('Relu', ['x'], ['y'], [int('alpha', 1)])] },
    /Relu: expected attributes among \(none\), got 'alpha'\.$/,
  )
  refused(
    { nodes: [node('Softmax', ['x'], ['y'], [int('__proto__', 1)])] },
    /attributes among \(axis\), got '__proto__'\.$/,
  )
  assert.doesNotThrow(() => decoded({ nodes: [node('Relu', ['x'], ['y'], [domain('ai.onnx')])] }))
})

test('attributes of another kind are refused, and all kinds are read for that', () => {
  const transpose = (build: Build): Parts => ({ nodes: [node('Transpose', ['x'], ['y'], [attribute('perm', build)])] })
  const kind = (number: number, build: Build): Parts =>
    transpose((writer) => {
      build(writer)
      writer.int(AttributeField.type, number)
    })
  const { floats, strings, int: one, float, string, tensor: tensors } = AttributeType
  refused(
    kind(one, (w) => w.int(AttributeField.int, 3)),
    /attribute 'perm' of kind ints, got number 3\.$/,
  )
  refused(
    kind(float, (w) => w.float(AttributeField.float, 0.5)),
    /of kind ints, got number 0\.5\.$/,
  )
  refused(
    kind(string, (w) => w.text(AttributeField.string, 'abc')),
    /of kind ints, got string abc\.$/,
  )
  refused(
    kind(floats, (w) => w.floats(AttributeField.floats, [0.5, 1.5])),
    /of kind ints, got \[0\.5, 1\.5\]\.$/,
  )
  refused(
    kind(strings, (w) => w.text(AttributeField.strings, 'a')),
    /of kind ints, got \[a\]\.$/,
  )
  const data = tensor('', 'float32', [1], (w) => w.floats(TensorField.floatData, [1]))
  refused(
    kind(tensors, (w) => w.message(AttributeField.tensor, data)),
    /of kind ints, got float32\[1\]\.$/,
  )
  refused(
    kind(5, () => undefined),
    /attribute 'perm': expected a number, text, list or tensor, got an attribute of type 5\.$/,
  )
  refused(
    kind(0, () => undefined),
    /got an attribute of type 0\.$/,
  )
  refused(
    kind(7, (w) => w.text(AttributeField.int, 'x')),
    /expected an integer in field 3, got 1 bytes\.$/,
  )
  refused(
    kind(7, (w) => w.int(AttributeField.ints, 2n ** 62n)),
    /attribute 'perm' of kind ints/,
  )
  // The type field came with IR version 4; a zero is not written by every exporter.
  const [relu] = decoded(transpose((w) => w.ints(AttributeField.ints, [0]))).nodes
  assert.deepEqual(relu!.attributes['perm'], [0])
  const softmax = decoded({
    nodes: [node('Softmax', ['x'], ['y'], [attribute('axis', (w) => w.int(AttributeField.type, one))])],
  })
  assert.equal(softmax.nodes[0]!.attributes['axis'], 0)
})

test('a list of a hundred thousand entries is read', () => {
  const long = new Array<number>(200_000).fill(1)
  refused({ nodes: [node('Conv', ['x', 'x'], ['y'], [ints('pads', long)])] }, /input and weight of equal rank/)
  const wide = tensor('w', 'float32', long, () => undefined)
  refused({ initializers: [wide] }, /expected at most 64 axes, got 200000\.$/)
  const names = Array.from({ length: 200_000 }, () => 'x')
  assert.equal(decoded({ nodes: [node('Max', names, ['y'])] }).nodes[0]!.inputs.length, 200_000)
})

test('values must be defined once, before they are used, and have names', () => {
  refused(
    { nodes: [node('Relu', ['z'], ['y'])] },
    /expected a value 'z' computed before it is used, got none\. The graph is cyclic or incomplete\.$/,
  )
  refused({ nodes: [node('Relu', ['b'], ['a']), node('Relu', ['a'], ['b'])] }, /'b' computed before it is used/)
  refused({ nodes: [node('Relu', ['y'], ['y'])] }, /'y' computed before it is used/)
  refused({ nodes: [] }, /output: expected a value 'y' computed before it is used/)
  refused({ nodes: [node('Relu', ['x'], ['x'])] }, /expected one definition of each value, got 'x' twice\.$/)
  refused({ inputs: [value('x'), value('x')] }, /'x' twice/)
  refused({ outputs: [value('y'), value('y')] }, /expected outputs of different names, got 'y' twice/)
  refused({ inputs: [value('')] }, /expected values with names, got one without\.$|'' twice/)
  refused(
    {
      nodes: [
        node(
          'Constant',
          [],
          [],
          [
            attribute('value', (w) =>
              w.message(
                AttributeField.tensor,
                tensor('', 'float32', [0], () => undefined),
              ),
            ),
          ],
        ),
      ],
    },
    /expected values with names/,
  )
  refused({ nodes: [node('Relu', [], ['y'])] }, /Relu: expected inputs \(x\), got 0 of them\.$/)
  refused({ nodes: [node('Relu', [''], ['y'])] }, /Relu: expected inputs \(x\), got 0 of them\.$/)
  refused({ nodes: [node('Add', ['', 'x'], ['y'])] }, /Add: expected input 'a', got nothing\.$/)
  refused({ nodes: [node('Relu', ['x', 'x'], ['y'])] }, /Relu: expected inputs \(x\), got 2 of them\.$/)
  refused({ nodes: [node('Relu', ['x'], ['y', 'z'])] }, /node 'Relu': expected 1 outputs, got 2\.$/)
})

test("inputs need a tensor type with a known rank; shapes that do not fit are the file's fault", () => {
  refused(
    { inputs: [value('x', 'float32', 'unknown')] },
    /input 'x': expected a shape of known rank, at most 64, got none\.$/,
  )
  refused({ inputs: [value('x', 8)] }, /input 'x': expected a numeric element type, got type code 8\.$/)
  refused({ inputs: [value('x', 'float32', [-1])] }, /expected a size from 0 up, got -1\.$/)
  refused({ inputs: [value('x', 'float32', [2 ** 60])] }, /expected a size from 0 up/)
  refused({ inputs: [value('x', 'float32', new Array<number>(65).fill(1))] }, /at most 64, got 65\.$/)
  refused({ inputs: [(w) => w.text(ValueInfoField.name, 'x')] }, /input 'x': expected a tensor, got another type\.$/)
  const mismatch = { nodes: [node('Add', ['x', 'z'], ['y'])], inputs: [value('x'), value('z', 'float32', [3])] }
  refused(
    mismatch,
    /^m\.onnx: node 'Add': expected values that fit, got Add: expected shapes that broadcast, got \[2\] and \[3\]\.$/,
  )
})

test('free dimensions may have any text or none, and stay apart', () => {
  const shape = ['batch', '', '?', 'sequence length', '?', 'past + 1', '3', '_', 'h//2', 'x_1', 'a'.repeat(5000)]
  const graph = decoded({ inputs: [value('x', 'float32', shape)] })
  const dims = graph.inputs[0]!.shape
  assert.deepEqual(dims.slice(0, 10), [
    'batch',
    'x_1_2',
    '__2',
    'sequence_length',
    '__2',
    '(past+1)',
    '_3',
    '_',
    'h__2',
    'x_1',
  ])
  assert.equal(String(dims[10]).length, 1000)
  assert.equal(formatTensor([...graph.outputs.values()][0]!), `float32[${dims.join(', ')}]`)
})

test('dimensions that grow without end are given up, not the memory', () => {
  const doubling = (op: string): Build[] => {
    const axis = op === 'Concat' ? [int('axis', 0)] : []
    return Array.from({ length: 200 }, (_, i) => node(op, [`v${i}`, `v${i}`], [`v${i + 1}`], axis))
  }
  const start = [node('Relu', ['x'], ['v0'])]
  const outputs = [value('v200')]
  refused(
    { nodes: [...start, ...doubling('Concat')], outputs, inputs: [value('x', 'float32', [3])] },
    /sizes from 0 up/,
  )
  refused(
    { nodes: [...start, ...doubling('Concat')], outputs, inputs: [value('x', 'float32', ['a'])] },
    /sizes from 0 up/,
  )
  const shape = [node('Shape', ['x'], ['v0'])]
  const inputs = [value('x', 'float32', ['a', 'b', 'c'])]
  assert.doesNotThrow(() => decoded({ nodes: [...shape, ...doubling('Mul')], outputs, inputs }))
  assert.doesNotThrow(() => decoded({ nodes: [...shape, ...doubling('Add')], outputs, inputs }))
  refused({ nodes: [...shape, ...doubling('Concat')], outputs, inputs }, /sizes from 0 up/)
  const rows = Array.from({ length: 12 }, (_, i) => `(${String.fromCharCode(97 + i)}+1)`)
  const flatten = [node('Flatten', ['x'], ['y'], [int('axis', 6)])]
  assert.doesNotThrow(() => decoded({ nodes: flatten, inputs: [value('x', 'float32', [...rows, ...rows, ...rows])] }))
})

test('a Squeeze, Unsqueeze, Reduce or Split of an older opset gets the form of opset 18', () => {
  const cases: [op: string, opset: number, attributes: Build[], shape: number[], types: string[]][] = [
    ['Unsqueeze', 11, [ints('axes', [0, 3])], [2, 3], ['float32[1, 2, 3, 1]']],
    ['Squeeze', 12, [ints('axes', [-2])], [2, 1, 3], ['float32[2, 3]']],
    ['Squeeze', 12, [], [2, 1, 3], ['float32[2, 3]']],
    ['ReduceMean', 13, [ints('axes', [1]), int('keepdims', 0)], [2, 3], ['float32[2]']],
    ['ReduceMax', 17, [], [2, 3], ['float32[1, 1]']],
    ['Split', 13, [int('axis', 1)], [2, 4], ['float32[2, 2]', 'float32[2, 2]']],
  ]
  for (const [op, opset, attributes, shape, types] of cases) {
    const names = types.map((_, i) => `y${i}`)
    const graph = decoded({
      nodes: [node(op, ['x'], names, attributes)],
      inputs: [value('x', 'float32', shape)],
      outputs: names.map((name) => value(name)),
      opsets: [['', opset]],
    })
    assert.deepEqual([...graph.outputs.values()].map(formatTensor), types, `${op} ${opset}`)
    assert.equal('axes' in graph.nodes[0]!.attributes, false)
  }
  refused({ nodes: [node('Squeeze', ['x'], ['y'])], opsets: [['', 1]] }, /of opset 13 or later, got opset 1\./)
})

test('weights of a model are the very bytes of the file where they are aligned', () => {
  const data: TensorData = fromNumbers('float32', [2], [3, 4])
  const bytes = model({
    nodes: [node('Add', ['x', 'w'], ['y'])],
    initializers: [tensor('w', 'float32', [2], (w) => w.bytes(TensorField.rawData, new Uint8Array(data.data.buffer)))],
  })
  for (let shift = 0; shift < 4; shift++) {
    const moved = new Uint8Array(bytes.length + shift)
    moved.set(bytes, shift)
    const { source } = decodeModel(moved.subarray(shift)).graph.nodes[0]!.inputs[1]!
    assert.deepEqual(source.kind === 'constant' && toNumbers(source.data), [3, 4])
  }
})
