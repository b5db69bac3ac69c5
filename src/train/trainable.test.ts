import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DatasetObject, DetectionDataset } from '../data/formats/index.js'
import { checkTrainable } from './trainable.js'

const box: DatasetObject = { label: 0, box: [1, 1, 5, 5] }

/** Photos with these numbers of objects, the last one to validate on. */
function dataset(counts: readonly number[], more: Partial<DetectionDataset> = {}): DetectionDataset {
  return {
    name: 'pets',
    format: 'coco',
    folder: '/photos',
    annotationFiles: [],
    classNames: ['cat'],
    categoryIds: [1],
    images: counts.map((count, id) => ({ id, file: `${id}.jpg`, path: `/${id}.jpg`, objects: Array(count).fill(box) })),
    splits: { train: counts.slice(0, -1).map((_, i) => i), val: [counts.length - 1] },
    problems: [],
    ...more,
  }
}

test('a data set with something to learn and to measure needs no word', () => {
  assert.deepEqual(checkTrainable(dataset([1, 0, 3, 1]), { batchSize: 3, queries: 3 }), [])
  assert.deepEqual(checkTrainable(dataset([1, 900, 1]), { batchSize: 1, queries: Number.POSITIVE_INFINITY }), [])
})

test('not one batch, or nothing to learn, is refused', () => {
  assert.throws(() => checkTrainable(dataset([1, 1, 1]), { batchSize: 4, queries: 100 }), {
    name: 'DatasetError',
    message: '/photos: expected at least one batch of 4 photos to train on, got 2. Lower --batch.',
  })
  assert.throws(
    () => checkTrainable(dataset([1], { splits: {} }), { batchSize: 1, queries: 100 }),
    /batch of 1 .*got 0/,
  )
  const message =
    '/photos: expected objects to learn from, got none in 2 photos. detrs data check says what became of the labels.'
  assert.throws(() => checkTrainable(dataset([0, 0, 5]), { batchSize: 1, queries: 100 }), {
    name: 'DatasetError',
    message,
  })
  const crowds = dataset([1, 1, 1])
  const images = crowds.images.map((image) => ({ ...image, objects: [{ ...box, crowd: true }] }))
  assert.throws(() => checkTrainable({ ...crowds, images }, { batchSize: 1, queries: 100 }), { message })
})

test('more objects than queries, nothing to measure, and faults of the labels are said', () => {
  const problems = [
    { kind: 'box-outside', severity: 'error', summary: 'boxes wholly outside; dropped', count: 3, examples: ['a: 1'] },
    { kind: 'label-missing', severity: 'note', summary: 'photos without labels', count: 1, examples: ['b'] },
  ] as const
  assert.deepEqual(checkTrainable(dataset([4, 3, 7, 0], { problems }), { batchSize: 1, queries: 3 }), [
    '3 boxes wholly outside; dropped (a: 1)',
    'no object in the 1 validation photos: no evaluation can tell which weights are best',
    "2 photos with up to 7 objects, more than the model's 3: the rest of each is not learned",
  ])
})
