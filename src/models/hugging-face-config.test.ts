/** @file What a config.json says is believed where it is whole, and passed over where it is not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readHuggingFaceConfig } from './hugging-face-config.js'

const read = (config: unknown) => readHuggingFaceConfig(JSON.stringify(config))

test('names of classes by id, with gaps, but no placeholders', () => {
  assert.deepEqual(read({ id2label: { 0: 'cat', 1: 'dog' } }), { classNames: ['cat', 'dog'] })
  assert.deepEqual(read({ id2label: { 0: 'N/A', 1: 'person', 3: 'car' } }), {
    classNames: [null, 'person', null, 'car'],
  })
  for (const id2label of [{ 0: 'LABEL_0', 1: 'LABEL_1' }, {}, { x: 'cat' }, { 0: 7 }, { 1e9: 'cat' }, null, 'cat']) {
    assert.deepEqual(read({ id2label }), {}, JSON.stringify(id2label))
  }
})

test('how points are read', () => {
  assert.deepEqual(read({ model_type: 'rt_detr_v2', decoder_method: 'discrete' }), { sampling: 'nearest' })
  assert.deepEqual(read({ model_type: 'rt_detr_v2', decoder_method: 'default' }), { sampling: 'bilinear' })
  assert.deepEqual(read({ model_type: 'rt_detr' }), { sampling: 'bilinear' })
  for (const text of [undefined, '', '[', '"x"', 'null', '[]']) assert.deepEqual(readHuggingFaceConfig(text), {})
})
