/** @file Positions at the input: what queries read then tells them where they look, even where there is nothing to see. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runGraph } from '../../../test/support/engine.js'
import { Graph } from '../../graph/index.js'
import { initialWeights } from '../../nn/index.js'
import { fromNumbers, toNumbers, zeros } from '../../tensor/index.js'
import { Detr, type DetrConfig, detrSmall } from './index.js'

const QUERIES = 5

/** Boxes of a network whose tokens are all zero, [queries, 4]. */
async function boxesOfNothing(positions: NonNullable<DetrConfig['positions']>): Promise<number[][]> {
  const network = new Detr({ ...detrSmall, hiddenDim: 32, heads: 4, encoderLayers: 0, queries: QUERIES, positions })
  const graph = new Graph('nothing')
  const pixels = graph.input('pixels', 'float32', [1, 3, 64, 64])
  const padding = graph.input('padding', 'bool', [1, 64, 64])
  graph.output('boxes', network.forward(pixels, padding).at(-1)!.boxes)
  const weights = new Map(initialWeights(network, 0))
  for (const key of ['input_proj.weight', 'input_proj.bias']) {
    weights.set(key, zeros('float32', weights.get(key)!.shape))
  }
  // The last layer of the box head begins at random here, so that boxes show what the queries know.
  const feeds = { pixels: fromNumbers('float32', [1, 3, 64, 64], new Array(3 * 64 * 64).fill(0)) }
  const { boxes } = await runGraph(graph, { ...feeds, padding: zeros('bool', [1, 64, 64]) }, weights)
  const flat = toNumbers(boxes!)
  return Array.from({ length: QUERIES }, (_, query) => flat.slice(4 * query, 4 * query + 4))
}

const spread = (boxes: readonly number[][]): number =>
  Math.max(
    ...[0, 1, 2, 3].map((i) => Math.max(...boxes.map((box) => box[i]!)) - Math.min(...boxes.map((box) => box[i]!))),
  )

test('queries differ where positions are at the input, and cannot where they only steer attention to nothing', async () => {
  assert.ok(spread(await boxesOfNothing('attention')) < 1e-6)
  assert.ok(spread(await boxesOfNothing('input')) > 1e-3)
})
