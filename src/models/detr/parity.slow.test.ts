import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { compareWithGolden } from '../../../test/support/parity.js'
import { plantedMistakes } from '../../../test/support/planted-mistakes.js'
import { createFfiRuntime } from '../../runtime/index.node.js'

const runtime = await createFfiRuntime()

describe('every decoder layer equals PyTorch on three image sizes', () => {
  for (const name of ['detr-r50', 'detr-r50-dc5', 'detr-r101', 'detr-r101-dc5']) {
    test(name, async () => {
      for (const { what, difference, allowed } of await compareWithGolden(runtime, name)) {
        assert.ok(difference <= allowed, `${what}: ${difference} is above ${allowed}`)
      }
    })
  }
})

describe('the comparison sees planted mistakes, and only those that mathematics lets it see', () => {
  for (const { title, name, mistake, visible } of plantedMistakes) {
    test(title, async () => {
      const layers = await compareWithGolden(runtime, name, { cases: ['padded'], mistake })
      assert.equal(
        layers.some(({ difference, allowed }) => !(difference <= allowed)),
        visible,
      )
    })
  }
})
