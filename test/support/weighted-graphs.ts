/** @file Small graphs with weights, for tests of passes: the same values before and after. */
import assert from 'node:assert/strict'
import type { Graph, Tensor } from '../../src/graph/index.js'
import { encodeModel } from '../../src/onnx/index.js'
import type { WeightedGraph } from '../../src/passes/index.js'
import { fromNumbers, streamKey, type TensorData, toNumbers, uniformAt } from '../../src/tensor/index.js'
import { engine } from './engine.js'

/** Values in 0..1 that follow from the name. */
export function randomTensor(name: string, ...shape: number[]): TensorData {
  const size = shape.reduce((a, b) => a * b)
  const values = Array.from({ length: size }, (_, i) => uniformAt(streamKey(name, 0), i))
  return fromNumbers('float32', shape, values)
}

/** A parameter with values, of the graph under construction. */
export function weightOf(graph: Graph, weights: Map<string, TensorData>, key: string, ...shape: number[]): Tensor {
  weights.set(key, randomTensor(key, ...shape))
  return graph.parameterTensor(key, 'float32', shape)
}

/** Outputs for random inputs of the graph's shapes. */
export async function runWeighted({ graph, weights }: WeightedGraph): Promise<Map<string, number[]>> {
  const session = await (await engine()).createSession(encodeModel(graph, { weights }).bytes)
  try {
    const feeds = graph.inputs.map(({ source, shape }) => {
      const name = source.kind === 'input' ? source.name : ''
      return [name, randomTensor(name, ...(shape as readonly number[]))] as const
    })
    const outputs = await session.run(Object.fromEntries(feeds))
    return new Map(Object.entries(outputs).map(([name, value]) => [name, toNumbers(value)]))
  } finally {
    await session.dispose()
  }
}

/** Holds a pass to what it was given: the same outputs, but for rounding. */
export async function assertSameValues(before: WeightedGraph, after: WeightedGraph): Promise<void> {
  const [expected, ours] = [await runWeighted(before), await runWeighted(after)]
  assert.deepEqual([...ours.keys()], [...expected.keys()])
  for (const [name, values] of expected) {
    const largest = Math.max(...values.map(Math.abs))
    const worst = Math.max(...ours.get(name)!.map((value, i) => Math.abs(value - values[i]!)))
    assert.ok(worst <= 1e-5 * largest, `${name}: off by ${worst} of ${largest}`)
  }
}

/** Operators in order. */
export const opsOf = ({ graph }: WeightedGraph): string[] => graph.nodes.map(({ op }) => op)
