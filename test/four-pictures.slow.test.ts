import assert from 'node:assert/strict'
import { test } from 'node:test'
import { learnFourPictures } from '../examples/learn-four-pictures.js'
import { createFfiRuntime } from '../src/runtime/index.node.js'

test('four pictures are learned by heart: AP50 above 0.99, AP above 0.90', async () => {
  const { ap, ap50, firstLoss, lastLoss } = await learnFourPictures(await createFfiRuntime({ threads: 2 }))
  assert.ok(ap50 > 0.99 && ap > 0.9, `AP ${ap}, AP50 ${ap50}, loss ${firstLoss} to ${lastLoss}`)
})
