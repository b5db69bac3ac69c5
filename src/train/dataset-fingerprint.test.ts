import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DatasetImage, DetectionDataset } from '../data/formats/index.js'
import { checkSameDataset, fingerprintOf } from './dataset-fingerprint.js'
import { sha256 } from './digest.node.js'

const photo = (id: number): DatasetImage => ({
  id,
  file: `${id}.jpg`,
  path: `/photos/${id}.jpg`,
  width: 40,
  height: 30,
  objects: [{ label: id % 2, box: [1, 2, 3 + id, 4] }],
})
const dataset: DetectionDataset = {
  name: 'pets',
  format: 'coco',
  folder: '/photos',
  annotationFiles: [],
  classNames: ['cat', 'dog'],
  categoryIds: [1, 2],
  images: [0, 1, 2, 3].map(photo),
  splits: { train: [0, 1, 2], val: [3] },
  problems: [],
}
const began = fingerprintOf(dataset, sha256)
const replaced = (change: Partial<DatasetImage>): DetectionDataset => ({
  ...dataset,
  images: dataset.images.map((image, i) => (i === 1 ? { ...image, ...change } : image)),
})

test('the same data set is the same, wherever it lies', () => {
  const moved = { ...dataset, folder: '/elsewhere', images: dataset.images.map((one) => ({ ...one, path: '/x' })) }
  checkSameDataset(began, fingerprintOf(moved, sha256), '/photos')
})

test('whatever training would see differently is a difference, and said', () => {
  const box = [{ label: 1, box: [1, 2, 4, 4.5] as const }]
  const cases: readonly (readonly [DetectionDataset, string])[] = [
    [{ ...dataset, splits: { train: [0, 1], val: [3] } }, '2 photos to train on in place of 3'],
    [{ ...dataset, splits: { train: [0, 1, 2], val: [2, 3] } }, '2 photos to validate on in place of 1'],
    [{ ...dataset, splits: { train: [1, 0, 2], val: [3] } }, 'other labels or names of photos'],
    [{ ...dataset, classNames: ['cat', 'cow'] }, 'the classes cat, cow in place of cat, dog'],
    [replaced({ file: 'x.jpg' }), 'other labels or names of photos'],
    [replaced({ width: 41 }), 'other labels or names of photos'],
    [replaced({ objects: [] }), 'other labels or names of photos'],
    [replaced({ objects: box }), 'other labels or names of photos'],
    [replaced({ objects: [{ ...photo(1).objects[0]!, crowd: true }] }), 'other labels or names of photos'],
  ]
  for (const [changed, got] of cases) {
    assert.throws(() => checkSameDataset(began, fingerprintOf(changed, sha256), '/photos'), {
      name: 'DatasetError',
      message:
        `/photos: expected the data set that the run began with, got ${got}. ` +
        'Restore it, or begin a new run with weights/last.safetensors of this one as --weights.',
    })
  }
})
