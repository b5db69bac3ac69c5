/** @file The whole way in a few seconds: a detector finds, a step learns, what was learned detects. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type RgbImage, resizeBilinear, targetSize } from '../src/data/index.js'
import { Detector, type Preprocessor } from '../src/detect/index.js'
import { createFfiRuntime } from '../src/runtime/index.node.js'
import { createTinyStep, learningModel, rectangles, TINY_GROUPS } from './support/tiny-training.js'

const inline: Preprocessor<RgbImage> = {
  prepare: async (image, rule) => ({
    resized: resizeBilinear(image, targetSize(image, rule)),
    original: { height: image.height, width: image.width },
  }),
  close: async () => {},
}

test('what a step has learned is what the detector finds', async () => {
  const runtime = await createFfiRuntime()
  const step = await createTinyStep(runtime)
  const batch = rectangles()
  for (let i = 0; i < 150; i++) await step.run(batch, TINY_GROUPS)
  const [, height, width] = batch.images.shape as [number, number, number]
  const model = {
    ...learningModel,
    input: { ...learningModel.input, resize: { kind: 'pad' as const, shortest: height, longest: width } },
  }
  const network = model.create()
  const report = { layout: 'training', matched: 0, missing: [], unexpected: [], misshaped: [], left: [] }
  const loaded = { model, network, weights: step.snapshot(), classNames: model.classNames, report, notes: [] }
  const detector = await Detector.create(loaded, runtime, inline)
  const pixels = batch.images.data as Uint8Array
  const photos = [0, 1].map((i) => ({
    height,
    width,
    data: pixels.slice(i * height * width * 3, (i + 1) * height * width * 3),
  }))
  const results = await detector.detect(photos, { threshold: 0.5 })
  results.forEach(({ detections }, i) => {
    const { labels, boxes } = batch.targets[i]!
    assert.equal(detections.length, labels.length, `image ${i}`)
    labels.forEach((label, t) => {
      const [cx, cy, w, h] = [0, 1, 2, 3].map((k) => boxes[4 * t + k]! * (k % 2 === 0 ? width : height))
      const found = detections.find(({ labelIndex }) => labelIndex === label)
      assert.ok(found, `image ${i} has a ${model.classNames[label]} rectangle`)
      const { xmin, ymin, xmax, ymax } = found.box
      const overlap =
        Math.max(0, Math.min(xmax, cx! + w! / 2) - Math.max(xmin, cx! - w! / 2)) *
        Math.max(0, Math.min(ymax, cy! + h! / 2) - Math.max(ymin, cy! - h! / 2))
      const union = (xmax - xmin) * (ymax - ymin) + w! * h! - overlap
      assert.ok(overlap / union > 0.5, `IoU ${overlap / union}`)
    })
  })
  await Promise.all([detector.dispose(), step.dispose()])
})
