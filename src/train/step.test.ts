import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import { createTinyStep, learningModel, rectangles, TINY_GROUPS } from '../../test/support/tiny-training.js'
import { createFfiRuntime } from '../runtime/index.node.js'
import { encodeState, type RunPosition, restoreState } from './state.js'
import type { TrainingBatch, TrainingStep } from './step.js'

const runtime = await createFfiRuntime({ threads: 2 })
const digest = (parts: readonly Uint8Array[]): string => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex')
}
const position: RunPosition = { epoch: 1, batch: 2, step: 3, bestMetric: 0.5, evaluationsWithoutGain: 1, options: '{}' }

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}

function fingerprint(step: TrainingStep): string {
  return digest(encodeState(step, position, digest))
}

describe('TrainingStep', () => {
  test('learns: the loss of a batch falls to a fraction', async () => {
    const step = await createTinyStep(runtime)
    const first = await step.run(rectangles(), TINY_GROUPS)
    assert.deepEqual([...first.terms.keys()].sort(), [
      'loss_bbox',
      'loss_bbox_0',
      'loss_ce',
      'loss_ce_0',
      'loss_giou',
      'loss_giou_0',
    ])
    let last = first
    for (let i = 0; i < 60; i++) last = await step.run(rectangles(), TINY_GROUPS)
    assert.ok(last.loss < first.loss / 3, `from ${first.loss} to ${last.loss}`)
    await step.dispose()
  })

  test('shows no padding to a network that stretches photos: detection shows it none', async () => {
    const resize = { kind: 'stretch', height: 96, width: 96 } as const
    const model = { ...learningModel, input: { ...learningModel.input, resize } }
    const step = await createTinyStep(runtime, 0, {}, model)
    const batch = rectangles()
    const sizes = { ...batch.sizes, data: Int32Array.of(96, 96, 96, 80) }
    await assert.rejects(step.run({ ...batch, sizes }, TINY_GROUPS), /image 1 of the batch: expected 96×96 .*got 80×96/)
    await step.run(batch, TINY_GROUPS)
    await step.dispose()
  })

  test('moves weights, running statistics and the average, each in its own way', async () => {
    const step = await createTinyStep(runtime)
    const before = step.snapshot()
    await step.run(rectangles(), TINY_GROUPS)
    const [after, average] = [step.snapshot(), step.averagedSnapshot()]
    const changed = (key: string): boolean =>
      !Buffer.from(before.get(key)!.data.buffer).equals(Buffer.from(after.get(key)!.data.buffer))
    assert.ok(changed('backbone.conv1.weight') && changed('class_embed.bias') && changed('backbone.bn1.running_var'))
    const [w0, w1, e1] = [before, after, average].map((state) => Number(state.get('class_embed.weight')!.data[7]))
    // The first update's decay is 0.99 · (1 − e^(−1/10)).
    const decay = 0.99 * (1 - Math.exp(-0.1))
    assert.ok(Math.abs(e1! - (decay * w0! + (1 - decay) * w1!)) < 1e-6)
    await step.dispose()
  })

  test('goes on from a saved state as if it had never stopped, to the bit', async () => {
    const whole = await createTinyStep(runtime)
    for (let i = 0; i < 6; i++) await whole.run(rectangles(i), TINY_GROUPS)
    const half = await createTinyStep(runtime)
    for (let i = 0; i < 3; i++) await half.run(rectangles(i), TINY_GROUPS)
    const saved = joined(encodeState(half, position, digest))
    const resumed = await createTinyStep(runtime, 99)
    assert.deepEqual(restoreState(saved, 'state', resumed, digest), position)
    for (let i = 3; i < 6; i++) await resumed.run(rectangles(i), TINY_GROUPS)
    assert.equal(fingerprint(resumed), fingerprint(whole))
    assert.notEqual(fingerprint(half), fingerprint(whole))
    await Promise.all([whole, half, resumed].map((step) => step.dispose()))
  })

  test('refuses a damaged state and leaves the step usable', async () => {
    const step = await createTinyStep(runtime)
    const saved = joined(encodeState(step, position, digest))
    saved[saved.length - 100]! ^= 1
    assert.throws(() => restoreState(saved, 'states/step-1', step, digest), {
      name: 'CheckpointError',
      message: 'states/step-1: expected the digest that was saved with it, got another: the file is damaged.',
    })
    await step.run(rectangles(), TINY_GROUPS)
    await step.dispose()
  })

  test('what is not finite is named, and changes neither weights nor moments, average or statistics', async () => {
    const step = await createTinyStep(runtime)
    await step.run(rectangles(), TINY_GROUPS)
    const healthy = step.snapshot()
    const next =
      'Nothing was changed by this step. Lower the learning rate, or look at the photos and labels of the batch.'
    for (const [key, value, message] of [
      ['bbox_embed.layers.0.weight', Number.NaN, 'bbox_embed.layers.0.weight: expected finite weights, got NaN.'],
      ['backbone.conv1.weight', 1e18, 'backbone.bn1.running_var: expected finite running statistics, got Infinity.'],
      ['transformer.decoder.layers.0.norm3.weight', 1e30, 'pred_logits: expected finite predictions, got NaN.'],
      ['class_embed.bias', 3e38, 'loss_ce: expected a finite loss, got Infinity.'],
      ['transformer.decoder.norm.bias', 3e38, 'class_embed.weight: expected finite gradients, got Infinity.'],
    ] as const) {
      step.weights.fill(healthy)
      step.weights.views.get(key)!.data[0] = value
      const before = fingerprint(step)
      const expected = { name: 'NumericError', message: `${message} ${next}` }
      await assert.rejects(step.run(rectangles(), TINY_GROUPS), expected, message)
      assert.equal(step.optimizer.step, 1)
      assert.equal(fingerprint(step), before, message)
    }
    step.weights.fill(healthy)
    await step.run(rectangles(), TINY_GROUPS)
    await step.dispose()
  })

  test('an image with more objects than queries trains, and the surplus is counted', async () => {
    const step = await createTinyStep(runtime)
    const batch = rectangles()
    const many = Array.from({ length: 14 }, (_, i) => [0.1 + 0.05 * i, 0.5, 0.1, 0.2]).flat()
    const crowded = { labels: new Int32Array(14), boxes: Float32Array.from(many) as never }
    const { unmatched, loss } = await step.run({ ...batch, targets: [crowded, batch.targets[1]!] }, TINY_GROUPS)
    assert.equal(unmatched, 4)
    assert.ok(Number.isFinite(loss))
    await step.dispose()
  })

  test('a batch without any object trains', async () => {
    const step = await createTinyStep(runtime)
    const none = { labels: new Int32Array(0), boxes: new Float32Array(0) as never }
    const { terms } = await step.run({ ...rectangles(), targets: [none, none] }, TINY_GROUPS)
    assert.equal(terms.get('loss_bbox'), 0)
    assert.ok(terms.get('loss_ce')! > 0)
    await step.dispose()
  })

  test('with dropout every step differs, and a resumed run drops the same elements', async () => {
    const run = async (steps: number, from?: Uint8Array): Promise<TrainingStep> => {
      const step = await createTinyStep(runtime, 7, { dropout: 0.1 })
      if (from !== undefined) restoreState(from, 'state', step, digest)
      for (let i = 0; i < steps; i++) await step.run(rectangles(), TINY_GROUPS)
      return step
    }
    const [whole, half, none] = [await run(4), await run(2), await createTinyStep(runtime, 7)]
    const resumed = await run(2, joined(encodeState(half, position, digest)))
    assert.equal(fingerprint(resumed), fingerprint(whole))
    for (let i = 0; i < 4; i++) await none.run(rectangles(), TINY_GROUPS)
    assert.notEqual(fingerprint(none), fingerprint(whole))
    await Promise.all([whole, half, none, resumed].map((step) => step.dispose()))
  })

  test('a batch in parts gives the gradient of the whole, where norms are frozen', async () => {
    const frozen = { backbone: { depth: 18, width: 16, stages: 3 } } as const
    const [whole, parts] = [await createTinyStep(runtime, 0, frozen), await createTinyStep(runtime, 0, frozen)]
    const batch = rectangles()
    const { images, sizes } = batch
    const pixels = images.data.length / 2
    // Both images get the objects of the second, so that the parts' cross-entropies have the same normaliser.
    const targets = [batch.targets[1]!, batch.targets[1]!]
    const part = (i: number): TrainingBatch => ({
      images: {
        dtype: 'uint8',
        shape: [1, 96, 96, 3],
        data: images.data.slice(i * pixels, (i + 1) * pixels) as Uint8Array,
      },
      sizes: { dtype: 'int32', shape: [1, 2], data: sizes.data.slice(2 * i, 2 * i + 2) as Int32Array },
      targets: [targets[i]!],
    })
    const one = await whole.run({ images, sizes, targets }, TINY_GROUPS)
    const two = await parts.run([part(0), part(1)], TINY_GROUPS)
    assert.ok(Math.abs(one.loss - two.loss) < 1e-5 * one.loss, `${one.loss} ${two.loss}`)
    assert.ok(Math.abs(one.gradientNorm - two.gradientNorm) < 1e-4 * one.gradientNorm)
    let worst = 0
    for (const [i, value] of whole.gradients.data.entries()) {
      worst = Math.max(worst, Math.abs(value - parts.gradients.data[i]! / 2))
    }
    assert.ok(worst < 1e-4 * one.gradientNorm, String(worst))
    await Promise.all([whole, parts].map((step) => step.dispose()))
  })
})
