/** @file Dead code goes, and only dead code. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertClose, runGraph } from '../../test/support/engine.js'
import { Graph, printGraph, type Tensor } from '../graph/index.js'
import { add, exp, matmul, mul, neg, relu, split } from '../ops/index.js'
import { fromNumbers, zeros } from '../tensor/index.js'
import { removeDeadCode } from './index.js'
import { rewrite } from './rewrite.js'

const names = (graph: Graph): string[] => graph.nodes.map(({ op }) => op)

test('nodes, parameters and constants that no output needs are gone; inputs stay', async () => {
  const graph = new Graph('net')
  const x = graph.input('x', 'float32', ['n', 4])
  graph.input('unused', 'bool', [])
  const weight = graph.parameterTensor('weight', 'float32', [4, 4])
  graph.parameterTensor('never', 'float32', [9])
  const dead = add(matmul(x, graph.parameterTensor('dead', 'float32', [4, 4])), graph.constant(zeros('float32', [4])))
  exp(neg(dead))
  const [left, right] = split(matmul(x, weight), [1, 3], 1)
  relu(right!)
  graph.output('y', mul(left!, 2))
  const lean = removeDeadCode(graph)
  assert.deepEqual(names(lean), ['MatMul', 'Split', 'Mul'])
  assert.deepEqual([...lean.parameters.keys()], ['weight'])
  assert.deepEqual(
    lean.inputs.map(({ source }) => source.kind === 'input' && source.name),
    ['x', 'unused'],
  )
  assert.equal(names(graph).length, 8)
  const feeds = { x: fromNumbers('float32', [1, 4], [1, 2, 3, 4]), unused: fromNumbers('bool', [], [1]) }
  const weights = new Map([
    [
      'weight',
      fromNumbers(
        'float32',
        [4, 4],
        Array.from({ length: 16 }, (_, i) => i),
      ),
    ],
  ])
  const { y } = await runGraph(lean, feeds, weights)
  assertClose(y, fromNumbers('float32', [1, 1], [2 * (4 * 2 + 8 * 3 + 12 * 4)]), 'y')
})

test('a graph in which everything is needed keeps everything but unused parameters', () => {
  const graph = new Graph()
  const x = graph.input('x', 'float32', ['n'])
  graph.parameterTensor('unused', 'float32', [1])
  const kept = graph.parameterTensor('kept', 'float32', [1])
  graph.output('y', relu(x))
  graph.output('kept', kept)
  graph.output('x', x)
  const lean = removeDeadCode(graph)
  assert.equal(printGraph(lean), printGraph(graph))
  assert.deepEqual([...lean.parameters.keys()], ['kept'])
})

test('a chain of a hundred thousand nodes is walked', () => {
  const graph = new Graph()
  let x: Tensor = graph.input('x', 'float32', [1])
  for (let i = 0; i < 100_000; i++) {
    x = graph.addNode('Neg', '', [x], {}, [{ dtype: 'float32', shape: [1] }], `n${i}`).outputs[0]!
  }
  graph.output('y', x)
  assert.equal(removeDeadCode(graph).nodes.length, 100_000)
})

test('rewriting copies names, attributes, types and order', () => {
  const graph = new Graph('net')
  const x = graph.input('x', 'float32', ['n', 6])
  const [left, right] = graph.scoped('head', () => split(x, [2, 4], 1))
  graph.output('right', neg(right!))
  graph.output('left', left!)
  const copy = rewrite(graph, () => undefined)
  assert.notEqual(copy, graph)
  assert.equal(printGraph(copy), printGraph(graph))
  const swapped = rewrite(graph, (node, inputs) => (node.op === 'Neg' ? [inputs[0]!] : undefined))
  assert.deepEqual(names(swapped), ['Split'])
  assert.equal(swapped.outputs.get('right'), swapped.nodes[0]!.outputs[1])
})
