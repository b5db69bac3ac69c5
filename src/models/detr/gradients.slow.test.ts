import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { compileGradients, type GradientComparison, gradientCases } from '../../../test/support/gradient-parity.js'
import { createFfiRuntime } from '../../runtime/index.node.js'

describe('losses and gradients of DETR-R50 equal PyTorch', () => {
  let compare: (name: string) => Promise<GradientComparison>
  before(async () => {
    compare = await compileGradients(await createFfiRuntime({ threads: 2 }))
  })

  for (const name of gradientCases) {
    test(name, async (context) => {
      const { terms, gradients, zeros } = await compare(name)
      assert.deepEqual([terms.length, gradients.length, zeros.length], [18, 246, 19])
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
