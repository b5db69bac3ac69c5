import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Checkpoint } from '../checkpoint/index.js'
import { parametersOf } from '../nn/index.js'
import { sizeOfShape, type TensorData } from '../tensor/index.js'
import { findModel, loadModel, type Network } from './index.js'

/** A checkpoint under the official names, zero everywhere: shapes are what matters here. */
function checkpointOf(name: string, classes?: number, metadata: Readonly<Record<string, string>> = {}): Checkpoint {
  const model = findModel(name)
  const network: Network = model.create(classes)
  const tensors = new Map<string, TensorData>(
    parametersOf(network).map(({ key, shape }) => [
      model.layouts[0]!.keysOf(key)[0]!,
      { dtype: 'float32', shape, data: new Float32Array(sizeOfShape(shape)) },
    ]),
  )
  return {
    tensors,
    metadata: new Map(Object.entries(metadata)),
    format: 'safetensors',
    nesting: '',
    alternatives: [],
    prefix: '',
  }
}

describe('loadModel', () => {
  test('recognises the architecture by its tensors, and says what it cannot tell apart', () => {
    const { model, notes } = loadModel(checkpointOf('detr-r101'), 'mine.pth')
    assert.equal(model.name, 'detr-r101')
    assert.deepEqual(notes, [
      'mine.pth is taken for detr-r101; detr-r101-dc5 has weights of the same names and shapes: ' +
        'name the architecture if it is meant.',
    ])
  })

  test('recognises published files by name and our own by metadata', () => {
    assert.equal(loadModel(checkpointOf('detr-r50-dc5'), 'detr-r50-dc5-f0fb7ef5.pth').model.name, 'detr-r50-dc5')
    const ours = loadModel(checkpointOf('detr-r50', undefined, { 'detrs.model': 'detr-r50-dc5' }), 'x.safetensors')
    assert.equal(ours.model.name, 'detr-r50-dc5')
    assert.deepEqual(ours.notes, [])
  })

  test('takes discrete sampling and class names from a config.json of Hugging Face', () => {
    const loadedWith = (config: object) => {
      const metadata = { format: 'pt', 'huggingface.config': JSON.stringify(config) }
      return loadModel(checkpointOf('rtdetrv2-r18', 3, metadata), 'model.safetensors')
    }
    const id2label = { 0: 'cell', 1: 'platelet', 2: 'other' }
    const { model, classNames } = loadedWith({ model_type: 'rt_detr_v2', decoder_method: 'discrete', id2label })
    assert.equal(model.name, 'rtdetrv2-r18-dsp')
    assert.deepEqual(classNames, ['cell', 'platelet', 'other'])
    assert.equal(loadedWith({ model_type: 'rt_detr_v2', decoder_method: 'default' }).model.name, 'rtdetr-r18')
    const { notes } = loadModel(checkpointOf('rtdetrv2-r18'), 'model.safetensors')
    assert.match(notes.join(), /rtdetrv2-r18-dsp have weights of the same names and shapes/)
  })

  test('says what the state of a training run is', () => {
    const state = checkpointOf('detr-small', 2, { 'detrs.training_state': '1' })
    assert.throws(() => loadModel(state, 'step-7.safetensors'), /got the state of a training run\. Use weights\/last/)
  })

  test('takes the category ids from the file, where they are numbers', () => {
    const idsIn = (ids: string): unknown => {
      const metadata = { 'detrs.model': 'detr-r50', 'detrs.category_ids': ids }
      return loadModel(checkpointOf('detr-r50', 2, metadata), 'two.pth').model.categoryIds
    }
    assert.deepEqual(idsIn('[5, 9]'), [5, 9])
    for (const odd of ['["5", 9]', '{}', 'null', '[']) assert.equal(idsIn(odd), undefined)
  })

  test('takes the number of classes from the file', () => {
    const { classNames, network } = loadModel(checkpointOf('detr-r50', 2), 'two.pth', { model: findModel('detr-r50') })
    assert.deepEqual(classNames, ['class 0', 'class 1'])
    assert.deepEqual(parametersOf(network).find(({ key }) => key === 'class_embed.weight')!.shape, [3, 256])
    const metadata = { 'detrs.model': 'detr-r50', 'detrs.class_names': '["cat", null]' }
    assert.deepEqual(loadModel(checkpointOf('detr-r50', 2, metadata), 'two.pth').classNames, ['cat', null])
  })

  test('takes the input size that the weights were trained for, and believes no absurd one', () => {
    const at = (shortest: number): string => JSON.stringify({ resize: { kind: 'pad', shortest, longest: 640 } })
    const load = (input: string) =>
      loadModel(checkpointOf('detr-r50', 2, { 'detrs.model': 'detr-r50', 'detrs.input': input }), 'x').model.input
    assert.deepEqual(load(at(480)).resize, { kind: 'pad', shortest: 480, longest: 640 })
    assert.deepEqual(load(at(480)).mean, findModel('detr-r50').input.mean)
    for (const absurd of [at(0), at(1e9), at(1.5), '{', '[]', '7']) {
      assert.deepEqual(load(absurd).resize, findModel('detr-r50').input.resize, absurd)
    }
  })

  test('other queries change the network alone, not what the model looks at', () => {
    const { model } = loadModel(
      checkpointOf('rtdetr-page', undefined, { 'detrs.model': 'rtdetr-page', 'detrs.queries': '100' }),
      'x',
    )
    const page = findModel('rtdetr-page')
    assert.deepEqual([model.queries, model.wholeImages, model.classNames], [100, true, page.classNames])
    assert.deepEqual(model.input, page.input)
  })

  test('another number of classes keeps everything but the class head, and says so', () => {
    const model = findModel('detr-r50')
    const { notes, weights, report } = loadModel(checkpointOf('detr-r50'), 'coco.pth', {
      model,
      classNames: ['cell', 'platelet'],
    })
    assert.deepEqual(notes, [
      'coco.pth was trained for 91 classes, not 2: all weights are kept but the class head ' +
        '(class_embed.weight, class_embed.bias), which starts anew and must be trained.',
    ])
    assert.equal(report.matched, 456)
    assert.equal(weights.size, 458)
    const head = weights.get('class_embed.weight')!
    assert.deepEqual(head.shape, [3, 256])
    const values = Array.from(head.data as Float32Array, Math.abs)
    assert.ok(Math.max(...values) <= 1 / 16 && Math.max(...values) > 0.06, 'uniform within ±1/√256')
  })

  test('weights of another architecture are refused with one sentence', () => {
    assert.throws(() => loadModel(checkpointOf('detr-r101'), 'r101.pth', { model: findModel('detr-r50') }), {
      name: 'CheckpointError',
      message:
        /^r101\.pth as detr-r50: expected the 458 tensors of the model, got 458 of them in the official layout, 255 unexpected \(.*, … 250 more\)\. /,
    })
  })
})

test('an unknown model names the nearest ones', () => {
  assert.throws(() => findModel('detr-50'), {
    name: 'ConfigError',
    message:
      "model: expected the name of a model or a weight file, got 'detr-50'. Did you mean detr-r50 or detr-r101 or rtdetr-r50?",
  })
})
