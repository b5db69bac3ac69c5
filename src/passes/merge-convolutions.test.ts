import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { engine } from '../../test/support/engine.js'
import { Graph, type Tensor } from '../graph/index.js'
import { encodeModel } from '../onnx/index.js'
import { add, conv2d } from '../ops/index.js'
import { fromNumbers, streamKey, type TensorData, toNumbers, uniformAt } from '../tensor/index.js'
import { mergeParallelConvolutions } from './merge-convolutions.js'
import type { WeightedGraph } from './rewrite.js'

function random(name: string, ...shape: number[]): TensorData {
  const size = shape.reduce((a, b) => a * b)
  return fromNumbers(
    'float32',
    shape,
    Array.from({ length: size }, (_, i) => uniformAt(streamKey(name, 0), i)),
  )
}

/** Two convolutions of x, added up, and what else `more` adds. */
function pair(
  kernels: readonly [number, number],
  stride = 1,
  more?: (branches: readonly Tensor[]) => void,
): WeightedGraph {
  const graph = new Graph('pair')
  const x = graph.input('x', 'float32', [1, 3, 5, 6])
  const weights = new Map<string, TensorData>()
  const branches = kernels.map((kernel, i) => {
    weights.set(`w${i}`, random(`w${i}`, 4, 3, kernel, kernel))
    weights.set(`b${i}`, random(`b${i}`, 4))
    const [w, b] = [`w${i}`, `b${i}`].map((key) => graph.parameterTensor(key, 'float32', weights.get(key)!.shape))
    return conv2d(x, w!, b!, { stride, padding: (kernel - 1) / 2 })
  })
  graph.output('y', add(branches[0]!, branches[1]!))
  more?.(branches)
  return { graph, weights }
}

async function run({ graph, weights }: WeightedGraph): Promise<number[]> {
  const session = await (await engine()).createSession(encodeModel(graph, { weights }).bytes)
  const { y } = await session.run({ x: random('x', 1, 3, 5, 6) })
  await session.dispose()
  return toNumbers(y!)
}

describe('mergeParallelConvolutions', () => {
  for (const kernels of [
    [3, 1],
    [1, 3],
    [3, 3],
    [5, 3],
  ] as const) {
    test(`${kernels.join(' and ')} become one convolution of the same values`, async () => {
      const before = pair(kernels)
      const after = mergeParallelConvolutions(before)
      assert.deepEqual(
        after.graph.nodes.map(({ op }) => op),
        ['Conv'],
      )
      const [ours, expected] = [await run(after), await run(before)]
      assert.ok(ours.every((value, i) => Math.abs(value - expected[i]!) < 1e-5))
    })
  }

  test('a stride, or another reader of a branch, leaves both', () => {
    for (const graph of [pair([3, 1], 2), pair([3, 1], 1, ([first]) => first!.graph.output('also', first!))]) {
      assert.equal(mergeParallelConvolutions(graph).graph.nodes.length, 3)
    }
  })
})
