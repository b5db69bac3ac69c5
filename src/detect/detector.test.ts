import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { ruleImageBytes } from '../../test/support/rule.js'
import { loadTinyModel, TINY_CLASSES, tinyModel } from '../../test/support/tiny-model.js'
import { type RgbImage, resizeBilinear, targetSize } from '../data/index.js'
import type { Graph } from '../graph/index.js'
import { buildPredictionGraph } from '../models/index.js'
import { encodeModel } from '../onnx/index.js'
import { createFfiRuntime, type Runtime } from '../runtime/index.node.js'
import { ImageError } from '../tensor/index.js'
import { Detector, type ImageDetections, type Preprocessor } from './detector.js'

/** Resizes on the calling thread; an image without pixels is unreadable. */
const inline: Preprocessor<RgbImage> = {
  prepare: async (image, rule) => {
    if (image.data.length === 0) throw new ImageError({ where: 'image', expected: 'pixels', got: 'none' })
    const original = { height: image.height, width: image.width }
    return { resized: resizeBilinear(image, targetSize(original, rule)), original }
  },
  close: async () => {},
}

/** Prepares nothing before `release` is called, and nothing once closed. */
function slowPreprocessor(): { slow: Preprocessor<RgbImage>; release: () => void; log: string[] } {
  let release = (): void => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  const log: string[] = []
  const slow: Preprocessor<RgbImage> = {
    prepare: async (image, rule) => {
      await released
      if (log.includes('closed'))
        throw new ImageError({ where: 'image', expected: 'an open pool', got: 'a closed one' })
      return inline.prepare(image, rule)
    },
    close: async () => {
      log.push('closed')
    },
  }
  return { slow, release: () => release(), log }
}

const photo = (seed: number, height: number, width: number): RgbImage => ({
  height,
  width,
  data: ruleImageBytes(seed, height, width),
})

const unreadable: RgbImage = { width: 1, height: 1, data: new Uint8Array(0) }
const loaded = loadTinyModel()
const runtime = await createFfiRuntime()
const detector = await Detector.create(loaded, runtime, inline)
after(() => detector.dispose())

const ALL = { threshold: 0 } as const
const photos = [photo(1, 120, 160), photo(2, 200, 90), photo(3, 96, 97)]

function assertClose(a: ImageDetections, b: ImageDetections, tolerance: number): void {
  assert.equal(a.detections.length, b.detections.length)
  a.detections.forEach((detection, i) => {
    const other = b.detections[i]!
    assert.equal(detection.label, other.label)
    assert.ok(Math.abs(detection.score - other.score) < 1e-4)
    for (const side of ['xmin', 'ymin', 'xmax', 'ymax'] as const) {
      assert.ok(Math.abs(detection.box[side] - other.box[side]) < tolerance)
    }
  })
}

describe('Detector', () => {
  test('reports every query at threshold 0, best first, in pixels of the original', async () => {
    const [result] = await detector.detect([photos[0]!], ALL)
    assert.deepEqual([result!.height, result!.width], [120, 160])
    assert.equal(result!.detections.length, 12)
    const scores = result!.detections.map(({ score }) => score)
    assert.deepEqual(
      scores,
      scores.toSorted((a, b) => b - a),
    )
    assert.ok(result!.detections.every(({ label }) => ['circle', 'square', 'class 2'].includes(label)))
    assert.ok(result!.detections.some(({ box }) => box.xmax - box.xmin > 16))
  })

  test('equals softmax and box scaling done by hand on the network alone', async () => {
    const image = photos[1]!
    const { resized } = await inline.prepare(image, tinyModel.input.resize)
    const [height, width] = [resized.height, resized.width]
    const graph: Graph = buildPredictionGraph(tinyModel, loaded.network, { batch: 1, height, width })
    const session = await runtime.createSession(encodeModel(graph, { weights: loaded.weights }).bytes)
    const plane = height * width
    const { mean, std } = tinyModel.input
    const pixels = Float32Array.from({ length: 3 * plane }, (_, i) => {
      const c = Math.floor(i / plane)
      return (resized.data[(i % plane) * 3 + c]! / 255 - mean[c]!) / std[c]!
    })
    const { logits, pred_boxes: boxes } = await session.run({
      pixel_values: { dtype: 'float32', shape: [1, 3, height, width], data: pixels },
      pixel_mask: { dtype: 'bool', shape: [1, height, width], data: new Uint8Array(plane).fill(1) },
    })
    const expected = Array.from({ length: 12 }, (_, q) => {
      const row = Array.from(logits!.data.slice(4 * q, 4 * q + 4) as Float32Array)
      const sum = row.reduce((total, logit) => total + Math.exp(logit), 0)
      const real = row.slice(0, 3).map((logit) => Math.exp(logit) / sum)
      const labelIndex = real.indexOf(Math.max(...real))
      const [cx, cy, w, h] = Array.from(boxes!.data.slice(4 * q, 4 * q + 4) as Float32Array)
      const box = {
        xmin: (cx! - w! / 2) * image.width,
        ymin: (cy! - h! / 2) * image.height,
        xmax: (cx! + w! / 2) * image.width,
        ymax: (cy! + h! / 2) * image.height,
      }
      return { label: TINY_CLASSES[labelIndex] ?? `class ${labelIndex}`, labelIndex, score: real[labelIndex]!, box }
    }).sort((a, b) => b.score - a.score)
    const [result] = await detector.detect([image], ALL)
    assertClose(result!, { width: image.width, height: image.height, detections: expected }, 1e-2)
  })

  test('gives the same for a batch of different sizes as for single images', async () => {
    const single = await detector.detect(photos, ALL)
    const batched = await detector.detect(photos, { ...ALL, batchSize: 3 })
    // Padding changes the last rows of the features a little, as it does in the reference.
    single.forEach((result, i) => {
      assert.equal(batched[i]!.detections.length, result.detections.length)
      assert.deepEqual([batched[i]!.height, batched[i]!.width], [result.height, result.width])
    })
    assertClose(batched[0]!, (await detector.detect(photos, { ...ALL, batchSize: 3 }))[0]!, 1e-6)
  })

  test('filters by threshold, class and number', async () => {
    const [all] = await detector.detect([photos[0]!], ALL)
    const middle = all!.detections[5]!.score
    const [some] = await detector.detect([photos[0]!], { threshold: middle })
    assert.equal(some!.detections.length, 6)
    const label = all!.detections.map((detection) => detection.label).find((name) => TINY_CLASSES.includes(name))
    assert.ok(label !== undefined)
    const [labelled] = await detector.detect([photos[0]!], { ...ALL, classes: [label] })
    assert.deepEqual(
      labelled!.detections,
      all!.detections.filter((detection) => detection.label === label),
    )
    const [two] = await detector.detect([photos[0]!], { ...ALL, topK: 2 })
    assert.deepEqual(two!.detections, all!.detections.slice(0, 2))
  })

  test('takes options that are undefined for options that are left out', async () => {
    const none = { threshold: undefined, classes: undefined, topK: undefined, batchSize: undefined }
    assert.deepEqual(await detector.detect(photos, none), await detector.detect(photos))
  })

  test('refuses options that mean nothing', async () => {
    for (const threshold of [-0.1, 1.1, Number.NaN]) {
      await assert.rejects(detector.detect([photos[0]!], { threshold }), { name: 'ConfigError', path: 'threshold' })
    }
    await assert.rejects(detector.detect([photos[0]!], { topK: 0 }), { path: 'topK' })
    await assert.rejects(detector.detect([photos[0]!], { batchSize: 1.5 }), { path: 'batchSize' })
    for (const threshold of [null, '0.5', [0.5]] as unknown as number[]) {
      await assert.rejects(detector.detect([photos[0]!], { threshold }), { name: 'ConfigError', path: 'threshold' })
    }
    await assert.rejects(detector.detect([photos[0]!], { topK: '3' as never }), { name: 'ConfigError', path: 'topK' })
    await assert.rejects(detector.detect([photos[0]!], { classes: 'square' as never }), {
      name: 'ConfigError',
      message: "classes: expected a list of names, got 'square'.",
    })
    for (const misspelt of [{ treshold: 0.01 }, { Threshold: 0.01 }]) {
      const refusal = { name: 'ConfigError', message: /^Detector\.detect: .*reshold'\. Did you mean threshold\?$/ }
      await assert.rejects(detector.detect([], misspelt as never), refusal)
      await assert.rejects(detector.stream([], misspelt as never).next(), refusal)
    }
    await assert.rejects(detector.detect([], 0.5 as never), { name: 'ConfigError' })
    await assert.rejects(Detector.create(loaded, runtime, inline, { provider: ['cpu'] } as never), {
      name: 'ConfigError',
      message: /Did you mean providers\?$/,
    })
    await assert.rejects(detector.detect([photos[0]!], { classes: ['squere'] }), {
      message: "classes: expected one of the model's 2 class names, got 'squere'. Did you mean square?",
    })
  })

  test('an unreadable image stops detect, and is one item of a stream', async () => {
    await assert.rejects(detector.detect([photos[0]!, unreadable]), { name: 'ImageError' })
    for (const batchSize of [1, 2, 3]) {
      const items = []
      for await (const item of detector.stream([photos[0]!, unreadable, photos[2]!], { ...ALL, batchSize })) {
        items.push('error' in item ? 'error' : item.result.width)
      }
      assert.deepEqual(items, [160, 'error', 97])
    }
  })

  test('no images, no results', async () => {
    assert.deepEqual(await detector.detect([]), [])
  })

  test('runs on the providers that are named, which must be among those of the engine', async () => {
    const asked: (readonly string[] | undefined)[] = []
    const spying: Runtime = {
      ...runtime,
      createSession: (model, options) => {
        asked.push(options?.providers)
        return runtime.createSession(model, options)
      },
    }
    for (const providers of [['cpu'], undefined]) {
      const made = await Detector.create(loaded, spying, inline, { providers })
      assert.deepEqual(await made.detect([photos[0]!], ALL), await detector.detect([photos[0]!], ALL))
      await made.dispose()
    }
    assert.deepEqual(asked, [['cpu'], undefined])
    await assert.rejects(Detector.create(loaded, runtime, inline, { providers: ['abacus'] }), {
      name: 'ConfigError',
      message: /^providers: expected execution providers among cpu.*, got 'abacus'\. For others see detrs doctor\.$/,
    })
    await assert.rejects(Detector.create(loaded, runtime, inline, { providers: 'cpu' as never }), {
      message: "providers: expected a list of names, got 'cpu'.",
    })
  })

  test('disposal waits for calls in flight, and nothing runs afterwards', async () => {
    const { slow, release, log } = slowPreprocessor()
    const closing = await Detector.create(loaded, runtime, slow)
    const found = closing.detect([photos[0]!, photos[1]!], ALL)
    const disposal = closing.dispose().then(() => log.push('disposed'))
    const refusal = {
      name: 'RuntimeError',
      message: 'tiny: expected a live detector, got one that was disposed.',
    }
    await assert.rejects(closing.detect([]), refusal)
    assert.deepEqual(log, [])
    release()
    assert.deepEqual(await found, await detector.detect([photos[0]!, photos[1]!], ALL))
    await disposal
    assert.deepEqual(log, ['closed', 'disposed'])
    await closing.dispose()
    await closing[Symbol.asyncDispose]()
    assert.deepEqual(log, ['closed', 'disposed'])
    await assert.rejects(closing.detect([photos[0]!]), refusal)
    await assert.rejects(closing.stream([photos[0]!]).next(), refusal)
  })

  test('a stream may be left lying or end with disposal in its midst', async () => {
    const { slow, release, log } = slowPreprocessor()
    release()
    const closing = await Detector.create(loaded, runtime, slow)
    const left = closing.stream(photos, ALL)
    assert.equal((await left.next()).done, false)
    const widths: number[] = []
    const looking = async (): Promise<void> => {
      for await (const item of closing.stream(photos, ALL)) {
        if ('result' in item) widths.push(item.result.width)
        await closing.dispose()
      }
    }
    await assert.rejects(looking(), { name: 'RuntimeError', message: /one that was disposed/ })
    assert.deepEqual([widths, log], [[160], ['closed']])
    await assert.rejects(left.next(), { name: 'RuntimeError', message: /one that was disposed/ })
  })

  test('leaves the event loop free while it runs', async () => {
    let ticks = 0
    const timer = setInterval(() => ticks++, 1)
    const large = photo(4, 160, 160)
    const network = await Detector.create(
      {
        ...loaded,
        model: { ...tinyModel, input: { ...tinyModel.input, resize: { kind: 'pad', shortest: 160, longest: 160 } } },
      },
      runtime,
      inline,
    )
    for (let i = 0; i < 20; i++) await network.detect([large])
    clearInterval(timer)
    await network.dispose()
    assert.ok(ticks > 20, `${ticks} ticks`)
  })
})
