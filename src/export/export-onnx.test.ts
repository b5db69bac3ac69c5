import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ruleImageBytes } from '../../test/support/rule.js'
import { loadTinyModel, tinyModel } from '../../test/support/tiny-model.js'
import { resizeBilinear, targetSize } from '../data/index.js'
import { Detector } from '../detect/index.js'
import { decodeModel } from '../onnx/index.js'
import { createFfiRuntime } from '../runtime/index.node.js'
import { type TensorData, toNumbers } from '../tensor/index.js'
import { exportOnnx } from './export-onnx.js'

const loaded = loadTinyModel()
const runtime = await createFfiRuntime()

test('an exported file has free batch, height and width, standard operators only, and metadata', () => {
  const { graph, metadata } = decodeModel(exportOnnx(loaded, { auxiliary: true }))
  assert.deepEqual(
    graph.inputs.map(({ shape }) => shape),
    [
      ['batch', 3, 'height', 'width'],
      ['batch', 'height', 'width'],
    ],
  )
  assert.deepEqual([...graph.outputs.keys()], ['logits', 'pred_boxes', 'aux_logits.0', 'aux_boxes.0'])
  assert.deepEqual(graph.outputs.get('pred_boxes')!.shape, ['batch', 12, 4])
  assert.ok(graph.nodes.every(({ domain }) => domain === ''))
  assert.deepEqual(JSON.parse(metadata.get('detrs.class_names')!), tinyModel.classNames)
  assert.equal(JSON.parse(metadata.get('detrs.input')!).resizedInside, false)
})

test('one exported file runs batches of different sizes', async () => {
  const session = await runtime.createSession(exportOnnx(loaded))
  for (const [batch, height, width] of [
    [1, 64, 96],
    [2, 97, 65],
  ] as const) {
    const pixels: TensorData = {
      dtype: 'float32',
      shape: [batch, 3, height, width],
      data: new Float32Array(batch * 3 * height * width).fill(0.25),
    }
    const mask: TensorData = {
      dtype: 'bool',
      shape: [batch, height, width],
      data: new Uint8Array(batch * height * width).fill(1),
    }
    const { logits, pred_boxes: boxes } = await session.run({ pixel_values: pixels, pixel_mask: mask })
    assert.deepEqual(logits!.shape, [batch, 12, 4])
    assert.ok(toNumbers(boxes!).every((value) => value > 0 && value < 1))
  }
  await session.dispose()
})

test('a file that resizes by itself agrees with the detector', async () => {
  const detector = await Detector.create(loaded, runtime, {
    prepare: async (image: { width: number; height: number; data: Uint8Array }, rule) => ({
      resized: resizeBilinear(image, targetSize(image, rule)),
      original: { height: image.height, width: image.width },
    }),
    close: async () => {},
  })
  const session = await runtime.createSession(exportOnnx(loaded, { fromPhoto: true }))
  for (const [height, width] of [
    [150, 211],
    [300, 100],
    [96, 96],
    [40, 333],
    [1, 3000],
  ] as const) {
    const data = ruleImageBytes(7, height, width)
    const [ours] = await detector.detect([{ height, width, data }], { threshold: 0 })
    const { scores, boxes } = await session.run({ image: { dtype: 'uint8', shape: [height, width, 3], data } })
    const sorted = toNumbers(scores!).sort((a, b) => b - a)
    ours!.detections.forEach(({ score }, i) => {
      assert.ok(Math.abs(score - sorted[i]!) < 0.01, `${height}×${width}: ${score} against ${sorted[i]}`)
    })
    const rightmost = Math.max(...toNumbers(boxes!).filter((_, i) => i % 4 === 2))
    const ourRightmost = Math.max(...ours!.detections.map(({ box }) => box.xmax))
    assert.ok(Math.abs(rightmost - ourRightmost) < 0.02 * width, `${rightmost} against ${ourRightmost}`)
  }
  await session.dispose()
  await detector.dispose()
})

test('a file that takes any photo has neither sizes nor earlier layers', () => {
  const dims = { batch: 1, height: 96, width: 96 }
  const expected = { code: 'CONFIG', message: /fromPhoto alone.*got (dims|auxiliary) as well/ }
  assert.throws(() => exportOnnx(loaded, { fromPhoto: true, dims }), expected)
  assert.throws(() => exportOnnx(loaded, { fromPhoto: true, auxiliary: true }), expected)
})
