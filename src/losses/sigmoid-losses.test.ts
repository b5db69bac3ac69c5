/** @file The classification losses of sigmoid models against transformers and torchvision in float64 (reference/rtdetr_losses.py). */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { engine } from '../../test/support/engine.js'
import { gradient } from '../autodiff/index.js'
import { parseSafetensors } from '../checkpoint/index.js'
import { Graph } from '../graph/index.js'
import { encodeModel } from '../onnx/index.js'
import { eraseStopGradients } from '../passes/index.js'
import { toNumbers } from '../tensor/index.js'
import { binaryCrossEntropy, type Loss, sigmoidFocal, varifocal } from './index.js'

interface Case {
  readonly name: string
  readonly kind: string
  /** Losses whose reference depends on a convention for boxes without extent. */
  readonly finiteOnly: readonly string[]
}

const GOLDEN = new URL('../../../test/golden/', import.meta.url)
const cases: readonly Case[] = JSON.parse(readFileSync(new URL('rtdetr-losses.json', GOLDEN), 'utf8'))
const { tensors } = parseSafetensors(readFileSync(new URL('rtdetr-losses.safetensors', GOLDEN)), 'rtdetr-losses')
const LOSSES: Readonly<Record<string, Loss>> = {
  vfl: varifocal(1),
  bce: binaryCrossEntropy(1),
  focal: sigmoidFocal(1, 0.75),
}
const INPUTS = ['logits', 'boxes', 'labels', 'target_boxes', 'matched', 'per_object'] as const

describe('sigmoid losses equal the reference', () => {
  for (const { name, finiteOnly } of cases.filter(({ kind }) => kind === 'losses')) {
    for (const [key, loss] of Object.entries(LOSSES)) {
      test(`${name}: ${key}`, async () => {
        const graph = new Graph('loss', { training: true })
        const [logits, boxes, labels, targetBoxes, matched, perObject] = INPUTS.map((input) => {
          const { dtype, shape } = tensors.get(`${name}/${input}`)!
          return graph.input(input, dtype, shape)
        })
        const targets = { labels: labels!, boxes: targetBoxes!, matched: matched!, perObject: perObject! }
        const value = loss.build({ logits: logits!, boxes: boxes! }, targets)
        graph.output('value', value)
        graph.output('slope', gradient(value, [logits!])[0]!)
        const session = await (await engine()).createSession(encodeModel(eraseStopGradients(graph)).bytes)
        const feeds = session.inputs.map((info) => [info.name, tensors.get(`${name}/${info.name}`)!])
        const results = await session.run(Object.fromEntries(feeds))
        await session.dispose()
        const [ours, slope] = [toNumbers(results['value']!)[0]!, toNumbers(results['slope']!)]
        assert.ok([ours, ...slope].every(Number.isFinite))
        if (finiteOnly.includes(key)) return
        const exact = toNumbers(tensors.get(`${name}/${key}`)!)[0]!
        assert.ok(Math.abs(ours - exact) <= 1e-5 * Math.abs(exact) + 1e-6, `${ours}, not ${exact}`)
        const expected = toNumbers(tensors.get(`${name}/${key}.gradient`)!)
        const worst = Math.max(...slope.map((entry, i) => Math.abs(entry - expected[i]!)))
        assert.ok(worst <= 1e-5 * Math.max(...expected.map(Math.abs)) + 1e-9, `gradient off by ${worst}`)
      })
    }
  }
})
