/** @file Expansions go where arithmetic broadcasts by itself, and stay where they give a result its shape. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertClose, runGraph } from '../../test/support/engine.js'
import { Graph } from '../graph/index.js'
import { add, div, expand, matmul, mul, sub } from '../ops/index.js'
import { fromNumbers } from '../tensor/index.js'
import { eraseExpansions } from './expansions.js'
import { removeDeadCode } from './index.js'

test('arithmetic reads what would have been repeated, on either side, and gives the same', async () => {
  const graph = new Graph('net')
  const x = graph.input('x', 'float32', [2, 3])
  const column = graph.input('column', 'float32', [2, 1])
  const wide = expand(column, [2, 3])
  graph.output('product', mul(x, wide))
  graph.output('difference', sub(wide, x))
  graph.output('quotient', div(x, wide))
  const lean = removeDeadCode(eraseExpansions(graph))
  assert.deepEqual(
    lean.nodes.map(({ op }) => op),
    ['Mul', 'Sub', 'Div'],
  )
  const feeds = {
    x: fromNumbers('float32', [2, 3], [1, 2, 3, 4, 5, 6]),
    column: fromNumbers('float32', [2, 1], [2, 4]),
  }
  const [before, after] = [await runGraph(graph, feeds), await runGraph(lean, feeds)]
  for (const name of ['product', 'difference', 'quotient']) assertClose(after[name], before[name]!, name)
})

test('two operands that span the result together need no expansion', async () => {
  const graph = new Graph('net')
  const column = graph.input('column', 'float32', [2, 1])
  const row = graph.input('row', 'float32', [3])
  graph.output('outer', mul(expand(column, [2, 3]), row))
  const lean = removeDeadCode(eraseExpansions(graph))
  assert.deepEqual(
    lean.nodes.map(({ op }) => op),
    ['Mul'],
  )
  const feeds = { column: fromNumbers('float32', [2, 1], [2, 4]), row: fromNumbers('float32', [3], [1, 2, 3]) }
  assertClose((await runGraph(lean, feeds))['outer'], fromNumbers('float32', [2, 3], [2, 4, 6, 4, 8, 12]), 'outer')
})

test('an expansion stays where it gives the result its shape, and in front of what does not broadcast', () => {
  const graph = new Graph('net')
  const column = graph.input('column', 'float32', [2, 1])
  const wide = expand(column, [2, 3])
  graph.output('larger', add(wide, graph.input('one', 'float32', [1, 1])))
  graph.output('product', matmul(wide, graph.input('right', 'float32', [3, 2])))
  graph.output('square', mul(wide, wide))
  const lean = removeDeadCode(eraseExpansions(graph))
  assert.deepEqual(
    lean.nodes.map(({ op }) => op),
    ['Expand', 'Add', 'MatMul', 'Mul'],
  )
  assert.deepEqual(lean.outputs.get('square')!.shape, [2, 3])
})
