import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { compareRtDetr, rtdetrGolden } from '../../../test/support/rtdetr-parity.js'
import type { Runtime } from '../../runtime/index.js'
import { createFfiRuntime } from '../../runtime/index.node.js'

describe('RT-DETR at full size equals transformers, every decoder layer, query by query', () => {
  let runtime: Runtime
  before(async () => {
    runtime = await createFfiRuntime({ threads: 2 })
  })

  for (const [name, { cases }] of Object.entries(rtdetrGolden())) {
    for (const one of Object.keys(cases)) {
      test(`${name} ${one}`, async (context) => {
        const { differences, otherTokens } = await compareRtDetr(runtime, name, [one])
        assert.equal(otherTokens, 0)
        const worst = differences.reduce((a, b) => (b.difference * a.allowed > a.difference * b.allowed ? b : a))
        context.diagnostic(`worst ${(worst.difference / worst.allowed).toFixed(2)} of the allowance, ${worst.what}`)
        for (const { what, difference, allowed } of differences) {
          assert.ok(difference <= allowed, `${what}: off by ${difference}, allowed ${allowed}`)
        }
      })
    }
  }
})
