/** @file Every loss and the whole criterion against PyTorch in float64 (reference/losses.py), values and gradients. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { engine } from '../../test/support/engine.js'
import { gradient } from '../autodiff/index.js'
import { parseSafetensors } from '../checkpoint/index.js'
import { Graph, type Tensor } from '../graph/index.js'
import { encodeModel } from '../onnx/index.js'
import { feedsFor } from '../runtime/index.js'
import { type TensorData, toNumbers } from '../tensor/index.js'
import {
  applyCriterion,
  boxGiou,
  boxL1,
  crossEntropyNoObject,
  type Loss,
  type MatchedTargets,
  type PredictedSet,
  sigmoidFocal,
} from './index.js'

interface Case {
  readonly name: string
  readonly kind: 'losses' | 'criterion'
  /** Losses whose reference is not finite, or further from float32 than float32 can see. */
  readonly finiteOnly: readonly string[]
}

const GOLDEN = new URL('../../../test/golden/', import.meta.url)
const cases: readonly Case[] = JSON.parse(readFileSync(new URL('losses.json', GOLDEN), 'utf8'))
const { tensors } = parseSafetensors(readFileSync(new URL('losses.safetensors', GOLDEN)), 'losses.safetensors')

/** The losses by their golden name, and which prediction their gradient is by. */
const LOSSES: Readonly<Record<string, readonly [loss: Loss, by: keyof PredictedSet]>> = {
  ce: [crossEntropyNoObject(1, 0.1), 'logits'],
  focal: [sigmoidFocal(1), 'logits'],
  l1: [boxL1(1), 'boxes'],
  giou: [boxGiou(1), 'boxes'],
}

type Feeds = Readonly<Record<'logits' | 'boxes' | 'labels' | 'target_boxes' | 'matched' | 'per_object', TensorData>>

function feedsOf(name: string): Feeds {
  const of = (part: string): TensorData => tensors.get(`${name}/${part}`)!
  const [logits, boxes, labels, matched] = [of('logits'), of('boxes'), of('labels'), of('matched')]
  return { logits, boxes, labels, matched, target_boxes: of('target_boxes'), per_object: of('per_object') }
}

/** Declares the inputs of one set of predictions and its targets. */
function inputsOf(graph: Graph, feeds: Feeds, suffix = ''): { predicted: PredictedSet; targets: MatchedTargets } {
  const input = (name: keyof Feeds): Tensor => graph.input(`${name}${suffix}`, feeds[name].dtype, feeds[name].shape)
  const known = graph.inputs.find(({ shape }) => shape.length === 0)
  return {
    predicted: { logits: input('logits'), boxes: input('boxes') },
    targets: {
      labels: input('labels'),
      boxes: input('target_boxes'),
      matched: input('matched'),
      perObject: known ?? graph.input('per_object', 'float32', []),
    },
  }
}

async function run(graph: Graph, feeds: Readonly<Record<string, TensorData>>): Promise<Record<string, TensorData>> {
  const session = await (await engine()).createSession(encodeModel(graph).bytes)
  const results = await session.run(feedsFor(session, feeds))
  await session.dispose()
  return results
}

/** Value and gradient of one loss alone. */
async function evaluate(key: string, feeds: Feeds): Promise<{ value: TensorData; slope: TensorData }> {
  const [loss, by] = LOSSES[key]!
  const graph = new Graph('loss')
  const { predicted, targets } = inputsOf(graph, feeds)
  const value = loss.build(predicted, targets)
  graph.output('value', value)
  graph.output('slope', gradient(value, [predicted[by]])[0]!)
  const results = await run(graph, feeds as Readonly<Record<string, TensorData>>)
  return { value: results['value']!, slope: results['slope']! }
}

const largestOf = (values: readonly number[]): number => values.reduce((most, x) => Math.max(most, Math.abs(x)), 0)

/** Within 1e-5 of the value; a loss of nothing may be off by what float32 keeps of 1. */
function assertValue(got: TensorData, expected: TensorData, what: string): void {
  const [ours, exact] = [toNumbers(got)[0]!, toNumbers(expected)[0]!]
  assert.ok(Math.abs(ours - exact) <= 1e-5 * Math.abs(exact) + 1e-6, `${what} is ${ours}, not ${exact}`)
}

/** Within 1e-5 of the largest entry. */
function assertSlope(got: readonly number[], exact: readonly number[], what: string): void {
  const difference = largestOf(exact.map((value, i) => got[i]! - value))
  assert.ok(difference <= 1e-5 * largestOf(exact), `${what} off by ${difference}: ${got} instead of ${exact}`)
}

describe('losses equal PyTorch', () => {
  for (const { name, finiteOnly } of cases.filter(({ kind }) => kind === 'losses')) {
    test(name, async () => {
      const feeds = feedsOf(name)
      for (const key of Object.keys(LOSSES)) {
        const { value, slope } = await evaluate(key, feeds)
        const finite = [...toNumbers(value), ...toNumbers(slope)].every(Number.isFinite)
        assert.ok(finite, `${key}: ${toNumbers(value)}, gradient ${toNumbers(slope)}`)
        if (finiteOnly.includes(key)) continue
        assertValue(value, tensors.get(`${name}/${key}`)!, key)
        const expected = tensors.get(`${name}/${key}.gradient`)!
        assert.deepEqual(slope.shape, expected.shape)
        assertSlope(toNumbers(slope), toNumbers(expected), `${key}'s gradient`)
      }
    })
  }

  test('whatever stands in the rows of unmatched queries', async () => {
    const clean = feedsOf('one-image-without')
    for (const garbage of [Number.NaN, Number.POSITIVE_INFINITY, 3e38, -1]) {
      const matched = toNumbers(clean.matched)
      const labels = Int32Array.from(toNumbers(clean.labels), (label, i) => (matched[i] === 1 ? label : -7))
      const boxes = Float32Array.from(toNumbers(clean.target_boxes), (v, i) => (matched[i >> 2] === 1 ? v : garbage))
      const dirty: Feeds = {
        ...clean,
        labels: { ...clean.labels, data: labels } as TensorData,
        target_boxes: { ...clean.target_boxes, data: boxes } as TensorData,
      }
      for (const key of Object.keys(LOSSES)) {
        assert.deepEqual(await evaluate(key, dirty), await evaluate(key, clean), `${key} beside ${garbage}`)
      }
    }
  })
})

describe('the criterion equals PyTorch over the final and five auxiliary sets', () => {
  const suffixes = ['_0', '_1', '_2', '_3', '_4', '']
  const losses = [crossEntropyNoObject(1, 0.1), boxL1(5), boxGiou(2)]
  for (const { name } of cases.filter(({ kind }) => kind === 'criterion')) {
    test(name, async () => {
      const all = feedsOf(name)
      const layer = (data: TensorData, i: number): TensorData => {
        const size = data.data.length / suffixes.length
        return { ...data, shape: data.shape.slice(1), data: data.data.subarray(i * size, (i + 1) * size) } as TensorData
      }
      const graph = new Graph('criterion')
      const feeds: Record<string, TensorData> = { per_object: all.per_object }
      const sets = suffixes.map((suffix, i) => {
        const part = Object.fromEntries(
          Object.entries(all).map(([key, data]) => [key, data.shape.length === 0 ? data : layer(data, i)]),
        ) as Feeds
        for (const [key, data] of Object.entries(part)) if (key !== 'per_object') feeds[`${key}${suffix}`] = data
        return { suffix, ...inputsOf(graph, part, suffix) }
      })
      const { total, terms } = applyCriterion(losses, sets)
      graph.output('total', total)
      for (const [term, tensor] of terms) graph.output(`term/${term}`, tensor)
      const predictions = sets.flatMap(({ suffix, predicted }) => [
        [`logits.gradient${suffix}`, predicted.logits] as const,
        [`boxes.gradient${suffix}`, predicted.boxes] as const,
      ])
      const slopes = gradient(
        total,
        predictions.map(([, tensor]) => tensor),
      )
      predictions.forEach(([key], i) => {
        graph.output(key, slopes[i]!)
      })
      const results = await run(graph, feeds)
      assert.equal(terms.size, 18)
      assertValue(results['total']!, tensors.get(`${name}/total`)!, 'total')
      for (const term of terms.keys()) {
        assertValue(results[`term/${term}`]!, tensors.get(`${name}/terms/${term}`)!, term)
      }
      for (const kind of ['logits', 'boxes']) {
        const ours = suffixes.flatMap((suffix) => toNumbers(results[`${kind}.gradient${suffix}`]!))
        assertSlope(ours, toNumbers(tensors.get(`${name}/${kind}.gradient`)!), kind)
      }
    })
  }
})

test('the criterion names its terms and weighs them', () => {
  const graph = new Graph('criterion')
  const { predicted, targets } = inputsOf(graph, feedsOf('ordinary'))
  const { terms } = applyCriterion(
    [boxL1(5), boxGiou(2)],
    [
      { suffix: '', predicted, targets },
      { suffix: '_enc', predicted, targets },
    ],
  )
  assert.deepEqual([...terms.keys()], ['loss_bbox', 'loss_giou', 'loss_bbox_enc', 'loss_giou_enc'])
  assert.ok(graph.nodes.some((node) => node.name.startsWith('criterion.loss_giou_enc/')))
})
