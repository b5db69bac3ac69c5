import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import type { Difference } from '../../../test/support/gradient-parity.js'
import { compareRtDetrGradients, rtdetrGradientCases } from '../../../test/support/rtdetr-gradient-parity.js'
import type { Runtime } from '../../runtime/index.js'
import { createFfiRuntime } from '../../runtime/index.node.js'

describe('losses and gradients of RT-DETR with denoising equal the official code', () => {
  let runtime: Runtime
  before(async () => {
    runtime = await createFfiRuntime({ threads: 2 })
  })

  for (const [model, terms, parameters] of [
    ['rtdetr-r18', 21, 326],
    ['rtdetr-r50', 39, 387],
  ] as const) {
    for (const name of rtdetrGradientCases(model)) {
      test(`${model} ${name}`, async (context) => {
        const found = await compareRtDetrGradients(runtime, model, name)
        // Without objects there is no denoising.
        assert.ok(found.terms.length === terms || name.startsWith('none'), String(found.terms.length))
        assert.equal(found.gradients.length, parameters)
        const kinds: readonly [string, readonly Difference[]][] = Object.entries(found)
        for (const [kind, list] of kinds) {
          const worst = list.reduce((a, b) => (b.difference * a.allowed > a.difference * b.allowed ? b : a))
          context.diagnostic(
            `${kind}: worst ${(worst.difference / worst.allowed).toFixed(2)} of the allowance, ${worst.what}`,
          )
        }
        for (const { what, difference, allowed } of kinds.flatMap(([, list]) => list)) {
          assert.ok(difference <= allowed, `${what}: off by ${difference}, allowed ${allowed}`)
        }
      })
    }
  }
})
