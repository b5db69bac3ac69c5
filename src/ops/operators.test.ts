/**
 * @file The contract of every operator: on its examples, the inferred types are the examples', ONNX Runtime gives their
 * values, and with free dimensions the inferred expressions are worth the real sizes.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attempt } from '../../test/support/attempt.js'
import { evaluateDim, type Sizes } from '../../test/support/dimensions.js'
import { assertClose, runGraph } from '../../test/support/engine.js'
import { type Dim, formatTensor, Graph, type Node, type Tensor } from '../graph/index.js'
import type { NamedTensors } from '../runtime/session.js'
import type { TensorData } from '../tensor/index.js'
import { examples } from './all.examples.js'
import type { Example } from './operator.examples.js'
import { addToGraph } from './operator.js'
import { type OpType, operators } from './table.js'

const OPS = Object.keys(operators) as OpType[]

/** The example as a graph of one node; `shapeOf` gives an input's shape, or says that it is a constant. */
function build(op: OpType, example: Example, shapeOf: (index: number) => readonly Dim[] | 'constant'): Node {
  const graph = new Graph(op)
  const inputs = example.inputs.map((data, i): Tensor | undefined => {
    if (data === undefined) return undefined
    const shape = shapeOf(i)
    return shape === 'constant' ? graph.constant(data, `in${i}`) : graph.input(`in${i}`, data.dtype, shape)
  })
  const node = addToGraph(graph, op, operators[op], inputs, example.attributes ?? {}, example.outputs.length)
  node.outputs.forEach((output, i) => {
    graph.output(`out${i}`, output)
  })
  return node
}

const isConstant = (example: Example, index: number): boolean => example.constants?.includes(index) ?? false

async function checkValues(node: Node, example: Example, message: string): Promise<void> {
  if (example.notRun !== undefined) return
  const graph = node.outputs[0]!.graph
  const feeds: Record<string, TensorData> = {}
  for (const input of graph.inputs) {
    if (input.source.kind === 'input') feeds[input.source.name] = example.inputs[Number(input.source.name.slice(2))]!
  }
  const results = await runGraph(graph, feeds satisfies NamedTensors)
  example.outputs.forEach((expected, i) => {
    assertClose(results[`out${i}`], expected, `${message}, output ${i}`)
  })
}

/** Sizes of the free dimensions that stand alone in `shape`. */
function bind(shape: readonly Dim[], real: readonly number[], sizes: Record<string, number>): void {
  shape.forEach((dim, axis) => {
    if (typeof dim === 'string') sizes[dim] = real[axis]!
  })
}

/** Real sizes of inferred shapes; dimensions named by the operator are known only at run time. */
function checkSizes(node: Node, example: Example, sizes: Sizes, message: string): void {
  assert.equal(node.outputs.length, example.outputs.length, message)
  node.outputs.forEach((output, i) => {
    const real = example.outputs[i]!
    assert.equal(output.dtype, real.dtype, message)
    assert.equal(output.shape.length, real.shape.length, `${message}: ${formatTensor(output)}`)
    output.shape.forEach((dim, axis) => {
      if (typeof dim === 'string' && dim.startsWith(node.op)) return
      assert.equal(evaluateDim(dim, sizes), real.shape[axis], `${message}, output ${i}: ${dim}`)
    })
    const known = output.content?.map((entry) => evaluateDim(entry, sizes))
    if (known !== undefined) assert.deepEqual(known, Array.from(real.data as BigInt64Array, Number), message)
  })
}

for (const op of OPS) {
  test(`${op}: every example has the inferred types and ONNX Runtime's values`, async () => {
    assert.ok(examples[op].length > 0)
    for (const [i, example] of examples[op].entries()) {
      const message = `${op} example ${i}`
      const node = build(op, example, (index) =>
        isConstant(example, index) ? 'constant' : example.inputs[index]!.shape,
      )
      assert.deepEqual(node.outputs.map(formatTensor), example.outputs.map(formatTensor), message)
      checkSizes(node, example, {}, message)
      await checkValues(node, example, message)
    }
  })

  test(`${op}: with free dimensions the example's expressions are inferred, and they are worth the real sizes`, async () => {
    const symbolic = examples[op].filter((example) => example.symbolic !== undefined)
    assert.ok(symbolic.length > 0, `${op} has no example with free dimensions`)
    for (const [i, example] of symbolic.entries()) {
      const [inputs, outputs] = example.symbolic!
      const message = `${op} symbolic example ${i}`
      const shapes = inputs.map((text) => text.split(' ').filter((dim) => dim !== ''))
      const node = build(op, example, (index) => (isConstant(example, index) ? 'constant' : shapes[index]!))
      assert.deepEqual(
        node.outputs.map(({ shape }) => shape.join(' ')),
        outputs,
        message,
      )
      const sizes: Record<string, number> = {}
      example.inputs.forEach((data, index) => {
        if (data !== undefined && !isConstant(example, index)) bind(shapes[index]!, data.shape, sizes)
      })
      checkSizes(node, example, sizes, message)
      await checkValues(node, example, message)
    }
  })

  test(`${op}: one free axis at a time, and computed shapes, are inferred rightly or refused`, async () => {
    for (const [i, example] of examples[op].entries()) {
      for (const [free, data] of example.inputs.entries()) {
        if (data === undefined) continue
        const axes = isConstant(example, free) ? [-1] : data.shape.keys()
        for (const freeAxis of axes) {
          const shapeOf = (index: number): readonly Dim[] | 'constant' => {
            if (index !== free && isConstant(example, index)) return 'constant'
            return example.inputs[index]!.shape.map((dim, axis) => (index === free && axis === freeAxis ? 'open' : dim))
          }
          const message = `${op} example ${i}, input ${free}, axis ${freeAxis}`
          const node = attempt(() => build(op, example, shapeOf))
          if (node === undefined) continue
          checkSizes(node, example, { open: data.shape[freeAxis] ?? Number.NaN }, message)
          await checkValues(node, example, message)
        }
      }
    }
  })
}
