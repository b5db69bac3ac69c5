/** @file A graph's text, whole. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromNumbers, zeros } from '../tensor/index.js'
import { Graph } from './graph.js'
import { printGraph } from './print.js'
import type { Tensor } from './tensor.js'

test('every kind of tensor and attribute has its place in the text', () => {
  const graph = new Graph('demo')
  const x = graph.input('x', 'float32', ['batch', 3])
  graph.input('unused', 'bool', [])
  const weight = graph.parameterTensor('head.weight', 'float32', [3, 2])
  const add = (op: string, inputs: (Tensor | undefined)[], attributes = {}, count = 1): readonly Tensor[] =>
    graph.addNode(op, '', inputs, attributes, Array(count).fill({ dtype: 'float32', shape: ['batch', 2] })).outputs
  const [y] = graph.scoped('head', () => add('MatMul', [x, weight]))
  const [z] = add('Clip', [y, undefined, graph.constant(fromNumbers('float32', [], [-0]))], {
    alpha: 0.5,
    axes: [1, -1],
    mode: 'linear',
    names: ['a', 'b'],
    value: zeros('int64', [1]),
    wide: 5n,
  })
  const [first, second] = add('Split', [z, graph.constant(fromNumbers('int64', [2], [1, 2 ** 53]))], {}, 2)
  const [half] = add('Mul', [first, graph.constant(fromNumbers('float16', [2], [0.5, -1]))])
  const [sum] = add('Add', [half, graph.constant(zeros('float32', [9]))])
  graph.output('sum', sum!)
  graph.output('second', second!)
  graph.output('x again', x)
  graph.output('weight', weight)
  assert.equal(
    printGraph(graph),
    `graph demo
  input @x : float32[batch, 3]
  input @unused : bool[]
  %0 : float32[batch, 2] = MatMul(@x, head.weight)  # head/MatMul
  %1 : float32[batch, 2] = Clip(%0, _, -0) {alpha=0.5, axes=[1, -1], mode=linear, names=[a, b], value=int64[1], wide=5}  # Clip
  %2 : float32[batch, 2], %3 : float32[batch, 2] = Split(%1, [1, 9007199254740992])  # Split
  %4 : float32[batch, 2] = Mul(%2, [0.5, -1])  # Mul
  %5 : float32[batch, 2] = Add(%4, constant float32[9])  # Add
  output sum = %5 : float32[batch, 2]
  output second = %3 : float32[batch, 2]
  output x again = @x : float32[batch, 3]
  output weight = head.weight : float32[3, 2]
`,
  )
})

test('an empty graph is its name', () => {
  assert.equal(printGraph(new Graph()), 'graph graph\n')
})
