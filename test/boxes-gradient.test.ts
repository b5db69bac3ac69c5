/** @file Gradients of IoU and generalised IoU: against central differences of the host's, and finite on extreme boxes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gradient } from '../src/autodiff/index.js'
import {
  type Boxes,
  boxesOf,
  generalizedIou,
  generalizedIouPairs,
  iou,
  iouPairs,
  type OverlapOptions,
} from '../src/boxes/index.js'
import { Graph } from '../src/graph/index.js'
import { add, mul, reduceSum } from '../src/ops/index.js'
import { type TensorData, tensorData } from '../src/tensor/index.js'
import { runGraph } from './support/engine.js'
import { randomOf } from './support/random.js'

const GIOU_SHARE = 2

/** Corners of `count` boxes from intervals, one per axis. */
function cornersOf(count: number, interval: () => readonly [low: number, high: number]): Float32Array {
  const corners = new Float32Array(4 * count)
  for (let at = 0; at < corners.length; at += 4) {
    const [x, y] = [interval(), interval()]
    corners.set([x[0], y[0], x[1], y[1]], at)
  }
  return corners
}

/** Gradient of sum(iou + 2 giou) by both sides, [2][n * 4]. */
async function gradients(a: Float32Array, b: Float32Array, options: OverlapOptions): Promise<Float32Array[]> {
  const graph = new Graph()
  const shape = [a.length / 4, 4]
  const sides = [graph.input('a', 'float32', shape), graph.input('b', 'float32', shape)] as const
  const overlap = add(iou(...sides, options), mul(generalizedIou(...sides, options), GIOU_SHARE))
  gradient(reduceSum(overlap, [0]), sides).forEach((tensor, i) => {
    graph.output(`${i}`, tensor)
  })
  const outputs = await runGraph(graph, { a: tensorData('float32', shape, a), b: tensorData('float32', shape, b) })
  return ['0', '1'].map((name) => (outputs[name] as TensorData<'float32'>).data)
}

test('gradients equal central differences', async () => {
  const random = randomOf(1)
  const side = (): Float32Array =>
    cornersOf(200, () => {
      const [low, size] = [random.int(1, 1000), random.int(1, 1000)]
      return [low / 1000, (low + size) / 1000]
    })
  const [a, b] = [side(), side()]
  for (const options of [{}, { epsilon: 0.01 }]) {
    const measure = (first: Float64Array, second: Float64Array, pair: number): number => {
      const box = (corners: Float64Array): Boxes<'xyxy'> => boxesOf('xyxy', corners.slice(4 * pair, 4 * pair + 4))
      const [plain] = iouPairs(box(first), box(second), options)
      const [generalized] = generalizedIouPairs(box(first), box(second), options)
      return plain! + GIOU_SHARE * generalized!
    }
    const found = await gradients(a, b, options)
    const wide = [Float64Array.from(a), Float64Array.from(b)] as const
    for (const [i, corners] of wide.entries()) {
      for (let at = 0; at < corners.length; at++) {
        const value = corners[at]!
        const [low, high] = [-1e-6, 1e-6].map((step) => {
          corners[at] = value + step
          return measure(...wide, at >> 2)
        })
        corners[at] = value
        const want = (high! - low!) / 2e-6
        const near = Math.abs(found[i]![at]! - want) < 1e-4 * Math.max(1, Math.abs(want))
        assert.ok(near, `side ${i}, number ${at}: ${found[i]![at]}, not ${want}`)
      }
    }
  }
})

test('gradients are finite on degenerate, denormal and huge boxes', async () => {
  const sizes = [0, 1e-45, 1e-40, 1e-30, 2 ** -61, 2 ** -60, 1e-15, 0.5, 1e10, 1e30, 1e38]
  const segments = [0, 0.5, -1e30].flatMap((low) => sizes.map((size) => [low, low + size] as const))
  const random = randomOf(2)
  const side = (): Float32Array => cornersOf(20000, () => random.pick(segments))
  const [a, b] = [side(), side()]
  for (const options of [{}, { epsilon: 1e-6 }]) {
    for (const found of await gradients(a, b, options)) {
      const at = found.findIndex((value) => !Number.isFinite(value))
      assert.equal(at, -1, `pair ${at >> 2}: ${a.slice(at & ~3, (at & ~3) + 4)} and ${b.slice(at & ~3, (at & ~3) + 4)}`)
    }
  }
})
