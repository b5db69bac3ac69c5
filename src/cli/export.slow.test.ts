import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { type Found, makeNameable, run, temporaryFolder, writePicture, writeWeights } from '../../test/support/cli.js'
import { engine } from '../../test/support/engine.js'
import { TINY_CLASSES, tinyModel } from '../../test/support/tiny-model.js'
import { decodeImage } from '../data/index.node.js'
import { type DecodedModel, decodeModel } from '../onnx/index.js'
import { toNumbers } from '../tensor/index.js'

const folder = temporaryFolder()
const at = (name: string): string => join(folder, name)
const weights = at('tiny.safetensors')
const decode = (name: string): DecodedModel => decodeModel(readFileSync(at(name)))
makeNameable(tinyModel)

before(() => {
  writeWeights(weights, tinyModel, { 'detrs.model': 'tiny' })
})

describe('detrs export', () => {
  test('writes a standard file with free batch, height and width', async () => {
    const { code, out, err } = await run(['export', weights, at('plain.onnx')])
    assert.deepEqual([code, err], [0, ''])
    assert.match(
      out,
      /plain\.onnx: tiny, \d+ MB, takes pixel_values float32 \[batch, 3, height, width\] and pixel_mask bool/,
    )
    const { graph, metadata } = decode('plain.onnx')
    assert.deepEqual(
      graph.inputs.map(({ dtype, shape }) => [dtype, shape]),
      [
        ['float32', ['batch', 3, 'height', 'width']],
        ['bool', ['batch', 'height', 'width']],
      ],
    )
    assert.deepEqual([...graph.outputs.keys()], ['logits', 'pred_boxes'])
    assert.deepEqual(graph.outputs.get('logits')!.shape, ['batch', 12, 4])
    assert.equal(metadata.get('detrs.model'), 'tiny')
    assert.deepEqual(JSON.parse(metadata.get('detrs.class_names')!), TINY_CLASSES)
  })

  test('adds the earlier layers when asked', async () => {
    assert.equal((await run(['export', weights, at('auxiliary.onnx'), '--auxiliary'])).code, 0)
    const names = [...decode('auxiliary.onnx').graph.outputs.keys()]
    assert.deepEqual(names, ['logits', 'pred_boxes', 'aux_logits.0', 'aux_boxes.0'])
  })

  test('writes a file that takes a photo and finds what detrs detect finds', async () => {
    assert.equal((await run(['export', weights, at('photo.onnx'), '--from-photo'])).code, 0)
    const { graph } = decode('photo.onnx')
    assert.deepEqual(
      graph.inputs.map(({ dtype, shape }) => [dtype, shape]),
      [['uint8', ['height', 'width', 3]]],
    )
    const session = await (await engine()).createSession(readFileSync(at('photo.onnx')))
    const sizes = [
      [300, 200],
      [90, 170],
    ] as const
    for (const [width, height] of sizes) {
      const photo = await writePicture(at(`${width}.png`), width, height, width)
      const { data } = await decodeImage(photo)
      const outputs = await session.run({ image: { dtype: 'uint8', shape: [height, width, 3], data } })
      const [scores, labels, boxes] = ['scores', 'labels', 'boxes'].map((name) => toNumbers(outputs[name]!))
      const order = scores!.map((_, i) => i).sort((a, b) => scores![b]! - scores![a]!)
      const { out } = await run(['detect', photo, '-m', weights, '--json', '-t', '0'])
      const [{ detections }] = JSON.parse(out) as [Found]
      assert.equal(order.length, detections.length)
      // Both resize, within two of 256 levels of each other: near, not equal, and two classes may change their order.
      detections.forEach(({ label, score, box }, rank) => {
        const sides = [box.xmin, box.ymin, box.xmax, box.ymax]
        const near = order.find((i) => {
          const sameLabel = (TINY_CLASSES[labels![i]!] ?? `class ${labels![i]}`) === label || score < 0.5
          const sameBox = sides.every((side, k) => Math.abs(boxes![4 * i + k]! - side) < 0.01 * Math.max(width, height))
          return sameLabel && sameBox && Math.abs(scores![i]! - score) < 0.02
        })
        assert.ok(near !== undefined, `detection ${rank} of the ${width}×${height} photo`)
      })
    }
    await session.dispose()
  })

  const refusals: readonly (readonly [words: readonly string[], code: number, sentence: RegExp])[] = [
    [[weights, at('x.pth')], 2, /expected an output named \*\.onnx, got '.*x\.pth'/],
    [[weights, at('x.onnx'), '--from-photo', '--auxiliary'], 2, /expected --from-photo or --auxiliary, .*got both/],
    [['detr-r5', at('x.onnx')], 2, /got 'detr-r5'\. Did you mean detr-r50/],
    [['detr-r50', at('x.onnx')], 1, /detr-r50: expected its weights on this machine.*detrs pull detr-r50/],
    [[at('none.pth'), at('none/x.onnx')], 1, /x\.onnx: expected a place that can be written, got no such folder/],
    [
      [weights, at('x.onnx'), '--architecture', 'detr-r50'],
      1,
      /^detrs: tiny\.safetensors as detr-r50: expected the 458/,
    ],
  ]
  for (const [words, code, sentence] of refusals) {
    test(`refuses ${words.map((word) => word.replace(folder, '')).join(' ')}`, async () => {
      const outcome = await run(['export', ...words])
      assert.deepEqual([outcome.code, outcome.out], [code, ''])
      assert.match(outcome.err, sentence)
      assert.match(outcome.err, /^detrs: [^\n]+\n$/, 'one line')
      assert.equal(existsSync(at('x.onnx')), false)
    })
  }
})
