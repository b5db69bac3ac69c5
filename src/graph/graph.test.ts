/** @file Graphs under construction: names, scopes, shared constants, what is refused. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromNumbers, GraphError, zeros } from '../tensor/index.js'
import { Graph } from './graph.js'
import { formatTensor, Parameter, type Tensor } from './tensor.js'

function relu(graph: Graph, x: Tensor): Tensor {
  return graph.addNode('Relu', '', [x], {}, [{ dtype: x.dtype, shape: x.shape }]).outputs[0]!
}

function graphError(pattern: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof GraphError)
    assert.match(error.message, pattern)
    return true
  }
}

test('nodes carry the path of the scope in which they are built', () => {
  const graph = new Graph('net')
  const x = graph.input('x', 'float32', ['batch', 4])
  relu(graph, x)
  const result = graph.scoped('backbone', () => {
    relu(graph, x)
    graph.scoped('backbone.conv1', () => relu(graph, x))
    relu(graph, x)
    return 'built'
  })
  relu(graph, x)
  assert.equal(result, 'built')
  assert.deepEqual(
    graph.nodes.map((node) => node.name),
    ['Relu', 'backbone/Relu', 'backbone.conv1/Relu', 'backbone/Relu_2', 'Relu_2'],
  )
})

test('a scope ends when its builder throws', () => {
  const graph = new Graph()
  const fail = (): never => {
    throw new Error('stop')
  }
  assert.throws(() => graph.scoped('a', () => graph.scoped('a.b', fail)), /stop/)
  assert.equal(graph.scope, '')
})

test('names are unique even when a suffixed name is taken already', () => {
  const graph = new Graph()
  const x = graph.input('x', 'float32', [1])
  const type = { dtype: 'float32' as const, shape: [1] }
  const names = ['Add', 'Add_2', 'Add', 'Add', 'Add_2'].map(
    (name) => graph.addNode('Add', '', [x, x], {}, [type], name).name,
  )
  assert.equal(new Set(names).size, 5, names.join())
})

test('inputs keep their order, their types and the canonical form of their dimensions', () => {
  const graph = new Graph()
  graph.input('images', 'float32', ['batch', 3, ' height', 'width + 1', '2'])
  graph.input('sizes', 'int32', ['batch', 2])
  assert.deepEqual(graph.inputs.map(formatTensor), ['float32[batch, 3, height, (width+1), 2]', 'int32[batch, 2]'])
})

test('an input has a name of its own and dimensions that mean something', () => {
  const graph = new Graph('net')
  graph.input('x', 'float32', [1])
  graph.constant(zeros('float32', [3]), 'table')
  graph.parameterTensor('weight', 'float32', [3])
  for (const name of ['x', 'table', 'weight']) {
    assert.throws(
      () => graph.input(name, 'bool', [2]),
      graphError(new RegExp(`^net: expected names of their own, got '${name}' twice\\.$`)),
    )
  }
  for (const dim of [-1, 1.5, Number.NaN, 2 ** 53, 'a b', '', '?']) {
    assert.throws(
      () => graph.input(`y${dim}`, 'float32', [2, dim]),
      graphError(/^input 'y.*': expected sizes from 0 up, names or expressions, got \[2, .*\]\.$/),
    )
  }
})

test('a parameter is one tensor however often it is used, and needs a key', () => {
  const graph = new Graph('net')
  const parameter = new Parameter([4, 3], { kind: 'constant', value: 0 })
  assert.equal(parameter.role, 'weight')
  assert.throws(
    () => graph.parameter(parameter),
    graphError(/^net: expected a parameter with a key, got one of shape \[4, 3\] without\. Walk the model with/),
  )
  parameter.key = 'layers.0.weight'
  const tensor = graph.parameter(parameter)
  assert.equal(graph.parameter(parameter), tensor)
  assert.equal(formatTensor(tensor), 'float32[4, 3]')
  assert.deepEqual([...graph.parameters.keys()], ['layers.0.weight'])
})

test('a parameter cannot have two types, nor the name of an input', () => {
  const graph = new Graph('net')
  graph.input('x', 'float32', [1])
  graph.parameterTensor('w', 'float32', [4])
  assert.throws(
    () => graph.parameterTensor('w', 'float32', [5]),
    graphError(/^w: expected float32\[4\], got float32\[5\]\.$/),
  )
  assert.throws(() => graph.parameterTensor('x', 'float32', [1]), graphError(/'x' twice/))
})

test('scalars of equal type and value are one constant; -0, NaN and other types are their own', () => {
  const graph = new Graph()
  const scalar = (value: number, dtype: 'float32' | 'float16' | 'int64' = 'float32'): Tensor =>
    graph.constant(fromNumbers(dtype, [], [value]))
  const distinct = [
    scalar(0),
    scalar(-0),
    scalar(1),
    scalar(Number.NaN),
    scalar(1, 'int64'),
    scalar(0, 'float16'),
    scalar(-0, 'float16'),
    graph.constant(fromNumbers('float32', [1], [1])),
    graph.constant(fromNumbers('float32', [], [1]), 'one'),
  ]
  assert.equal(new Set(distinct).size, distinct.length)
  assert.equal(scalar(0), distinct[0])
  assert.equal(scalar(-0), distinct[1])
  assert.equal(scalar(Number.NaN), distinct[3])
  assert.equal(scalar(-0, 'float16'), distinct[6])
  const names = distinct.map(({ source }) => (source.kind === 'constant' ? source.name : ''))
  assert.equal(new Set(names).size, names.length)
})

test('the entries of small integer vectors are known while building', () => {
  const graph = new Graph()
  const contentOf = (length: number, dtype: 'int64' | 'int32' | 'float32', shape = [length]): unknown =>
    graph.constant(zeros(dtype, shape)).content?.length
  assert.equal(contentOf(64, 'int64'), 64)
  assert.equal(contentOf(65, 'int64'), undefined)
  assert.equal(contentOf(3, 'int32'), 3)
  assert.equal(contentOf(3, 'float32'), undefined)
  assert.equal(contentOf(4, 'int64', [2, 2]), undefined)
  assert.deepEqual(graph.constant(fromNumbers('int64', [2], [7, -1])).content, [7, -1])
})

test('tensors of two graphs do not meet', () => {
  const [left, right] = [new Graph('left'), new Graph('right')]
  const x = left.input('x', 'float32', [1])
  assert.throws(
    () => relu(right, x),
    graphError(/^Relu: expected tensors of graph 'right', got one of another graph\.$/),
  )
  assert.throws(
    () => right.scoped('head', () => relu(right, x)),
    graphError(/^head \(Relu\): expected tensors of graph 'right'/),
  )
  assert.throws(() => right.output('y', x), graphError(/^output 'y': expected tensors of graph 'right'/))
})

test('outputs have different names; one tensor may have several', () => {
  const graph = new Graph('net')
  const x = graph.input('x', 'float32', [1])
  graph.output('a', x)
  graph.output('b', x)
  assert.throws(() => graph.output('a', x), graphError(/^net: expected outputs of different names, got 'a' twice\.$/))
  assert.deepEqual([...graph.outputs.keys()], ['a', 'b'])
})

test('a symbolic dimension is read from the first tensor that has it', () => {
  const graph = new Graph()
  const x = graph.input('x', 'float32', ['batch', 3, 'height'])
  graph.input('y', 'float32', ['height', 'width'])
  assert.deepEqual(graph.dimSource('height'), { tensor: x, axis: 2 })
  assert.equal(graph.dimSource('width')?.axis, 1)
  assert.equal(graph.dimSource('depth'), undefined)
  const [y] = graph.addNode('Pad', '', [x], {}, [{ dtype: 'float32', shape: ['(height+1)'] }]).outputs
  assert.deepEqual(graph.dimSource('(height+1)'), { tensor: y, axis: 0 })
})
