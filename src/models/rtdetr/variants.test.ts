import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { rtdetrGolden } from '../../../test/support/rtdetr-parity.js'
import { parametersOf } from '../../nn/index.js'
import { sizeOfShape } from '../../tensor/index.js'
import { findModel, measureModel, models } from '../index.js'

/** Numbers that are learned, affine parts of norms included whether they are frozen or not. */
function breakdown(name: string): Record<string, number> {
  const counts: Record<string, number> = { backbone: 0, encoder: 0, decoder: 0 }
  for (const { key, shape } of parametersOf(findModel(name).create())) {
    if (!/running_(mean|var)$/.test(key)) counts[key.split('.')[0]!]! += sizeOfShape(shape)
  }
  return counts
}

describe('RT-DETR has the published size', () => {
  for (const [name, { parameters, training }] of Object.entries(rtdetrGolden())) {
    if (training || name.endsWith('discrete')) continue
    test(`${name}: parameters of backbone, encoder and decoder to the digit`, () => {
      assert.deepEqual(breakdown(name), parameters)
    })
  }

  test('R50 as the papers’ code counts it', () => {
    assert.deepEqual(breakdown('rtdetr-r50'), { backbone: 23_527_264, encoder: 11_950_848, decoder: 7_466_508 })
  })

  // arXiv:2304.08069, Table 2: two operations for each multiply-add.
  for (const [name, gflops] of [
    ['rtdetr-r18', 60],
    ['rtdetr-r34', 92],
    ['rtdetr-r50-m', 100],
    ['rtdetr-r50', 136],
    ['rtdetr-r101', 259],
    ['rtdetr-l', 110],
    ['rtdetr-x', 234],
    ['rtdetr-h', 490],
  ] as const) {
    test(`${name}: ${gflops} GFLOPs within 2 %`, () => {
      const { flops } = measureModel(findModel(name), 640, 640)
      assert.ok(Math.abs(flops / 1e9 / gflops - 1) < 0.02, `${flops / 1e9}`)
    })
  }

  test('any number of decoder layers can be used', () => {
    const model = findModel('rtdetr-r50')
    const costs = [1, 2, 6].map(
      (decoderLayers) => measureModel({ ...model, ...model.adjusted!({ decoderLayers }) }, 640, 640).flops / 1e9,
    )
    // arXiv:2304.08069, Table B: about 1.7 GFLOPs for each layer; what counts as an operation differs a little.
    assert.ok(Math.abs(costs[1]! - costs[0]! - 1.8) < 0.2, costs.join())
    assert.ok(Math.abs(costs[2]! - costs[1]! - 4 * 1.8) < 0.8, costs.join())
    assert.throws(() => model.adjusted!({ decoderLayers: 7 }), /expected 1 to 6 decoder layers, got 7/)
  })
})

test('RT-DETRv2 with other reading points is known by the names of its published files', () => {
  const decoderOf = (file: string): unknown => {
    const found = models.find(({ weights }) => weights?.url.endsWith(`/${file}`))
    return {
      name: found?.name,
      ...(({ points, sampling }) => ({ points, sampling }))(found!.config['decoder'] as Decoder),
    }
  }
  type Decoder = { readonly points: readonly number[]; readonly sampling?: string }
  const whole = { points: [4, 4, 4], sampling: 'nearest' }
  assert.deepEqual(decoderOf('rtdetrv2_r18vd_dsp_3x_coco.pth'), { name: 'rtdetrv2-r18-dsp', ...whole })
  assert.deepEqual(decoderOf('rrtdetrv2_r34vd_dsp_1x_coco.pth'), { name: 'rtdetrv2-r34-dsp', ...whole })
  assert.deepEqual(decoderOf('rtdetrv2_r50vd_m_dsp_3x_coco.pth'), { name: 'rtdetrv2-r50-m-dsp', ...whole })
  assert.deepEqual(decoderOf('rtdetrv2_r50vd_dsp_1x_coco.pth'), { name: 'rtdetrv2-r50-dsp', ...whole })
  const few = decoderOf('rtdetrv2_r18vd_sp2_120e_coco.pth')
  assert.deepEqual(few, { name: 'rtdetrv2-r18-sp2', points: [2, 2, 2], sampling: undefined })
  const offsets = parametersOf(findModel('rtdetrv2-r18-sp2').create()).find(({ key }) =>
    key.endsWith('layers.0.cross_attn.sampling_offsets.weight'),
  )
  assert.deepEqual(offsets!.shape, [8 * 3 * 2 * 2, 256])
})
