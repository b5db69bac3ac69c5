import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { loadTinyModel } from '../../test/support/tiny-model.js'
import type { RgbImage } from '../data/index.js'
import type { NamedTensors, Runtime, Session } from '../runtime/index.js'
import { Detector, type Preprocessor } from './detector.js'

const loaded = loadTinyModel()
const [size, queries] = [32, 12]

const photo: RgbImage = { width: size, height: size, data: new Uint8Array(size * size * 3) }
const inline: Preprocessor<RgbImage> = {
  prepare: async (resized) => ({ resized, original: { width: resized.width, height: resized.height } }),
  close: async () => {},
}

/** A runtime whose network always answers the same. */
function answering(outputs: NamedTensors): Runtime {
  const session: Session = {
    inputs: [],
    outputs: [],
    run: async () => ({ ...outputs }),
    dispose: async () => {},
  }
  return { name: 'ffi', version: '0', providers: [], threads: 1, createSession: async () => session }
}

/** One image's outputs; `broken` spoils one number of one of them. */
function outputs(broken?: {
  readonly name: 'scores' | 'boxes'
  readonly at: number
  readonly value: number
}): NamedTensors {
  const scores = new Float32Array(queries).fill(0.75)
  const boxes = new Float32Array(4 * queries).fill(8)
  if (broken !== undefined) ({ scores, boxes })[broken.name][broken.at] = broken.value
  return {
    scores: { dtype: 'float32', shape: [1, queries], data: scores },
    labels: { dtype: 'int32', shape: [1, queries], data: new Int32Array(queries) },
    boxes: { dtype: 'float32', shape: [1, queries, 4], data: boxes },
  }
}

describe('outputs that are no numbers', () => {
  const faults = [
    [{ name: 'scores', at: 3, value: Number.NaN }, 12],
    [{ name: 'boxes', at: 47, value: Number.NaN }, 48],
    [{ name: 'boxes', at: 0, value: Number.NEGATIVE_INFINITY }, 48],
  ] as const
  for (const [broken, count] of faults) {
    test(`${broken.value} in ${broken.name} is an error that names the output`, async () => {
      const detector = await Detector.create(loaded, answering(outputs(broken)), inline)
      await assert.rejects(detector.detect([photo]), {
        name: 'RuntimeError',
        path: `output ${broken.name} of tiny`,
        message:
          `output ${broken.name} of tiny: expected finite numbers, got NaN or infinity in 1 of ${count}. ` +
          'All weights are finite: their sums overflow, or the engine is at fault (see detrs doctor).',
      })
    })
  }

  test('are blamed on the weight that is not finite, if there is one', async () => {
    const key = 'transformer.decoder.norm.bias'
    const weight = loaded.weights.get(key)!
    const data = Float32Array.from(weight.data as Float32Array)
    data[5] = Number.NaN
    const weights = new Map([...loaded.weights, [key, { ...weight, data }] as const])
    const runtime = answering(outputs({ name: 'scores', at: 0, value: Number.NaN }))
    const detector = await Detector.create({ ...loaded, weights }, runtime, inline)
    await assert.rejects(detector.detect([photo]), {
      message: /got NaN or infinity in 1 of 12\. The weight transformer\.decoder\.norm\.bias is not finite either/,
    })
  })

  test('are not found where there are none', async () => {
    const detector = await Detector.create(loaded, answering(outputs()), inline)
    const [found] = await detector.detect([photo])
    assert.equal(found!.detections.length, queries)
  })
})
