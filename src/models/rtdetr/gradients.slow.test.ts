import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { compareRtDetrGradients, rtdetrGradientCases } from '../../../test/support/rtdetr-gradient-parity.js'
import type { Runtime } from '../../runtime/index.js'
import { createFfiRuntime } from '../../runtime/index.node.js'

describe('losses and gradients of RT-DETR-R18 with denoising equal the official code', () => {
  let runtime: Runtime
  before(async () => {
    runtime = await createFfiRuntime({ threads: 2 })
  })

  for (const name of rtdetrGradientCases()) {
    test(name, async (context) => {
      const { terms, gradients, zeros } = await compareRtDetrGradients(runtime, name)
      assert.equal(gradients.length, 326)
      for (const [kind, list] of Object.entries({ terms, gradients, zeros })) {
        const worst = list.reduce((a, b) => (b.difference * a.allowed > a.difference * b.allowed ? b : a))
        context.diagnostic(
          `${kind}: worst ${(worst.difference / worst.allowed).toFixed(2)} of the allowance, ${worst.what}`,
        )
      }
      for (const { what, difference, allowed } of [...terms, ...gradients, ...zeros]) {
        assert.ok(difference <= allowed, `${what}: off by ${difference}, allowed ${allowed}`)
      }
    })
  }
})
