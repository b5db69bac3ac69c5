import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { compareRtDetr } from '../../../test/support/rtdetr-parity.js'
import type { Runtime } from '../../runtime/index.js'
import { createFfiRuntime } from '../../runtime/index.node.js'

describe('RT-DETR R18 equals transformers', () => {
  let runtime: Runtime
  before(async () => {
    runtime = await createFfiRuntime({ threads: 2 })
  })

  for (const one of ['small', 'wide']) {
    test(one, async (context) => {
      const { differences, otherTokens } = await compareRtDetr(runtime, 'rtdetr-r18', [one])
      assert.equal(otherTokens, 0)
      const worst = differences.reduce((a, b) => (b.difference * a.allowed > a.difference * b.allowed ? b : a))
      context.diagnostic(`worst ${(worst.difference / worst.allowed).toFixed(2)} of the allowance, ${worst.what}`)
      for (const { what, difference, allowed } of differences) {
        assert.ok(difference <= allowed, `${what}: off by ${difference}, allowed ${allowed}`)
      }
    })
  }
})
