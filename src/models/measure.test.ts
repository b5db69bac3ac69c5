import assert from 'node:assert/strict'
import { test } from 'node:test'
import { models } from './index.js'
import { measureModel } from './measure.js'

/** Parameters to the digit; multiply-adds at 800×1066 and the paper's figure, which averages 100 photos, in units of 1e9. */
const PUBLISHED = {
  'detr-r50': { parameters: 41_524_768, macs: 81.2, paper: 86 },
  'detr-r50-dc5': { parameters: 41_524_768, macs: 173.3, paper: 187 },
  'detr-r101': { parameters: 60_464_672, macs: 144.7, paper: 152 },
  'detr-r101-dc5': { parameters: 60_464_672, macs: 236.7, paper: 253 },
} as const

for (const [name, published] of Object.entries(PUBLISHED)) {
  test(`${name} has the published size`, () => {
    const model = models.find((candidate) => candidate.name === name)!
    const { parameters, macs, flops } = measureModel(model, 800, 1066)
    assert.equal(parameters, published.parameters)
    assert.equal(flops, 2 * macs)
    assert.ok(Math.abs(macs / 1e9 / published.macs - 1) < 0.01, `${macs / 1e9} G at 800×1066`)
    const wide = measureModel(model, 800, 1120).macs / 1e9
    assert.ok(Math.abs(wide / published.paper - 1) < 0.03, `${wide} G at 800×1120`)
    assert.equal(model.published!.gflops, published.paper)
  })
}
