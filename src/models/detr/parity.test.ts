import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareWithGolden } from '../../../test/support/parity.js'
import { createFfiRuntime } from '../../runtime/index.node.js'

const runtime = await createFfiRuntime()

test('detr-r50 equals PyTorch on a padded batch, every decoder layer', async () => {
  for (const { what, difference, allowed } of await compareWithGolden(runtime, 'detr-r50', { cases: ['padded'] })) {
    assert.ok(difference <= allowed, `${what}: ${difference} is above ${allowed}`)
  }
})
