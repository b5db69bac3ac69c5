import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { matchStateDict, type StateDict } from '../../checkpoint/index.js'
import { parametersOf } from '../../nn/index.js'
import { sizeOfShape } from '../../tensor/index.js'
import { findModel, models } from '../index.js'

/** Every tensor of the file that a layout describes, filled with numbers that tell tensor and element apart. */
function fileOf(model: (typeof models)[number], layout: (typeof models)[number]['layouts'][number]): StateDict {
  const file: StateDict = new Map()
  parametersOf(model.create()).forEach(({ key, shape }, n) => {
    const pieces = layout.keysOf(key)
    pieces.forEach((fileKey, i) => {
      const pieceShape = [shape[0]! / pieces.length, ...shape.slice(1)]
      const data = new Float32Array(sizeOfShape(pieceShape)).fill(n + i / 4)
      assert.ok(!file.has(fileKey), `${layout.name} names ${fileKey} twice`)
      file.set(fileKey, { dtype: 'float32', shape: pieceShape, data })
    })
  })
  return file
}

for (const model of models) {
  describe(`key layouts of ${model.name}`, () => {
    for (const layout of model.layouts) {
      test(`${layout.name}: every key of the file is used exactly once`, () => {
        const file = fileOf(model, layout)
        const parameters = parametersOf(model.create())
        const { weights, report } = matchStateDict(parameters, file, model.layouts, { where: 'file' })
        assert.equal(report.layout, layout.name)
        assert.equal(weights.size, parameters.length)
        parameters.forEach(({ key, shape }, n) => {
          const { data } = weights.get(key)!
          const pieces = layout.keysOf(key).length
          assert.equal(data.length, sizeOfShape(shape))
          for (let i = 0; i < pieces; i++) assert.equal(data[(i * data.length) / pieces], n + i / 4)
        })
      })
    }
  })
}

test('the official layout has the published number of tensors and elements', () => {
  const published = { 'detr-r50': [458, 41_631_008], 'detr-r101': [713, 60_675_360] } as const
  for (const [name, [tensors, elements]] of Object.entries(published)) {
    const model = models.find((candidate) => candidate.name === name)!
    const file = fileOf(model, model.layouts[0]!)
    assert.equal(file.size, tensors)
    assert.equal(
      [...file.values()].reduce((sum, { data }) => sum + data.length, 0),
      elements,
    )
  }
})

test('the Hugging Face layout has 530 tensors for R50 and 785 for R101, and its norm counters are ignored', () => {
  for (const [name, tensors] of [
    ['detr-r50', 530],
    ['detr-r101', 785],
  ] as const) {
    const model = models.find((candidate) => candidate.name === name)!
    const file = fileOf(model, model.layouts[1]!)
    assert.equal(file.size, tensors)
    const counter = { dtype: 'int64' as const, shape: [], data: BigInt64Array.of(3n) }
    file.set('model.backbone.conv_encoder.model.layer1.0.downsample.1.num_batches_tracked', counter)
    matchStateDict(parametersOf(model.create()), file, model.layouts, { where: 'file' })
  }
})

test('keys are those of the official files', () => {
  const model = findModel('detr-r50')
  const keys = parametersOf(model.create()).flatMap(({ key }) => model.layouts[0]!.keysOf(key))
  for (const key of [
    'backbone.0.body.conv1.weight',
    'backbone.0.body.layer1.0.downsample.0.weight',
    'backbone.0.body.layer4.2.bn3.running_var',
    'input_proj.bias',
    'query_embed.weight',
    'transformer.encoder.layers.5.self_attn.in_proj_weight',
    'transformer.encoder.layers.0.self_attn.out_proj.bias',
    'transformer.decoder.layers.0.multihead_attn.in_proj_bias',
    'transformer.decoder.layers.3.norm3.weight',
    'transformer.decoder.norm.bias',
    'class_embed.weight',
    'bbox_embed.layers.2.bias',
  ]) {
    assert.ok(keys.includes(key), key)
  }
})
