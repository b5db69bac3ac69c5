/** @file Damaged models: cut off anywhere, or changed at random, they give an error of ours or a graph, and soon. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Random, randomOf } from '../../test/support/random.js'
import { Graph, printGraph } from '../graph/index.js'
import * as ops from '../ops/index.js'
import { foldConstants, mergeCommonSubexpressions, removeDeadCode } from '../passes/index.js'
import { DetrsError, fromNumbers, OnnxFormatError } from '../tensor/index.js'
import { decodeModel } from './decode.js'
import { encodeModel } from './encode.js'
import { model } from './model.test.fixture.js'

/** A model with operators of every family, computed shapes and constants of several types. */
function seedModel(): Uint8Array {
  const graph = new Graph('seed')
  const x = graph.input('x', 'float32', ['batch', 3, 'height', 'width'])
  const values = (...shape: number[]): number[] =>
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i / 7)
  const constant = (...shape: number[]) => graph.constant(fromNumbers('float32', shape, values(...shape)))
  const features = ops.conv2d(x, constant(4, 3, 3, 3), constant(4), { stride: 2, padding: 1 })
  const pooled = ops.maxPool2d(ops.relu(features), 2, { stride: 2 })
  const [batch, channels, height, width] = pooled.shape
  const tokens = ops.transpose(ops.reshape(pooled, [batch!, channels!, -1]), [0, 2, 1])
  const norm = ops.layerNormalization(tokens, constant(4), constant(4), 1e-5)
  const [q, k] = ops.split(norm, [2, 2], 2)
  const scores = ops.softmax(ops.matmul(q!, ops.transpose(k!, [0, 2, 1])), -1)
  const rows = ops.rangeOf(pooled, height!)
  const even = ops.cast(ops.equal(ops.mod(rows, 2), 0), 'float32')
  const grid = ops.expand(ops.unsqueeze(even, [1]), [height!, width!])
  const resized = ops.resizeNearest(pooled, 8, 8)
  const [top] = ops.topK(ops.reshape(resized, [batch!, -1]), 3, 1)
  graph.output('scores', scores)
  graph.output('grid', ops.where(ops.greater(grid, 0.5), ops.fill(x, grid.shape, 2), grid))
  graph.output('top', ops.concat([top, ops.slice(top, 1, -1)], 1))
  graph.output('sum', ops.reduceSum(ops.gather(scores, graph.constant(fromNumbers('int64', [2], [0, -1])), 1), [0, 1]))
  return encodeModel(graph, { metadata: { classes: 'a,b' } }).bytes
}

/** What a reader of an unknown file does with it. */
function use(bytes: Uint8Array): boolean {
  try {
    const { graph, metadata } = decodeModel(bytes, 'damaged')
    printGraph(graph)
    const simplified = removeDeadCode(mergeCommonSubexpressions(foldConstants(graph)))
    if (graph.outputs.size > 0) encodeModel(simplified, { metadata: Object.fromEntries(metadata) })
    return true
  } catch (error) {
    if (!(error instanceof DetrsError)) throw error
    return false
  }
}

function mutated(bytes: Uint8Array, random: Random): Uint8Array {
  let out = Array.from(bytes)
  for (let count = random.int(1, 4); count > 0; count--) {
    const at = random.int(0, out.length - 1)
    const length = random.int(1, 12)
    switch (random.int(0, 6)) {
      case 0:
        out[at]! ^= 1 << random.int(0, 7)
        break
      case 1:
        out[at] = random.int(0, 255)
        break
      case 2:
        out.splice(at, length)
        break
      case 3:
        out.splice(at, 0, ...Array.from({ length }, () => random.int(0, 255)))
        break
      case 4:
        out.splice(at, 0, ...out.slice(random.int(0, out.length - 1)).slice(0, 4 * length))
        break
      case 5:
        // A varint of extreme size where one may be.
        out.splice(at, 1, ...new Array<number>(random.int(1, 9)).fill(0xff), random.pick([0, 1, 0x7f]))
        break
      default:
        out = out.slice(0, random.int(1, out.length))
    }
  }
  return Uint8Array.from(out)
}

test('the seed model itself is fine', () => {
  assert.equal(use(seedModel()), true)
})

test('a model cut off at any byte is refused as a damaged file', () => {
  const bytes = seedModel()
  // Whole again only without its metadata, which come last.
  const intact = new Set([bytes.length, bytes.length - 16])
  for (let length = 0; length < bytes.length; length++) {
    const cut = bytes.subarray(0, length)
    if (intact.has(length)) continue
    assert.throws(() => decodeModel(cut, 'cut'), OnnxFormatError, `cut at ${length}`)
  }
})

test('2,000 random changes give a graph or an error of ours', { timeout: 120_000 }, () => {
  for (const [name, bytes, runs] of [
    ['seed', seedModel(), 1500],
    ['small', model(), 500],
  ] as const) {
    let accepted = 0
    for (let seed = 0; seed < runs; seed++) {
      const damaged = mutated(bytes, randomOf(seed))
      try {
        if (use(damaged)) accepted++
      } catch (error) {
        assert.fail(`${name}, seed ${seed}: ${error instanceof Error ? error.stack : error}`)
      }
    }
    assert.ok(accepted > runs / 100 && accepted < (9 * runs) / 10, `${name}: ${accepted} of ${runs} accepted`)
  }
})
