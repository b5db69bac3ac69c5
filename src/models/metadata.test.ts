/** @file Ids of labels in COCO's files: stored ones, COCO's own, or counted from 1. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { COCO_CLASSES, COCO_SPARSE_CLASSES, categoryIdsOf, findModel, modelMetadata } from './index.js'

test('ids of labels are those of the data set, of COCO, or counted from 1', () => {
  const dense = categoryIdsOf({}, COCO_CLASSES)
  assert.deepEqual([dense[0], dense[11], dense[79]], [1, 13, 90])
  assert.deepEqual(categoryIdsOf({}, COCO_SPARSE_CLASSES).slice(0, 3), [0, 1, 2], 'labels of DETR are the ids already')
  assert.deepEqual(categoryIdsOf({}, ['cat', 'dog']), [1, 2])
  assert.deepEqual(categoryIdsOf({ categoryIds: [7, 4] }, ['cat', 'dog']), [7, 4])
  assert.deepEqual(categoryIdsOf({ categoryIds: [7, 4, 9] }, ['cat', 'dog']), [1, 2], 'those of other classes')
})

test('a file of weights keeps the ids of its data set', () => {
  const model = { ...findModel('detr-small'), categoryIds: [3, 18] }
  const metadata = new Map(modelMetadata(model, ['person', 'dog']))
  assert.equal(metadata.get('detrs.category_ids'), '[3,18]')
})
