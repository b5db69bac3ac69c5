import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeTargets, trainingObjects } from './targets.js'

const size = { width: 40, height: 20 }

test('crowds and empty boxes are left out, boxes are clamped to the photo', () => {
  const objects = trainingObjects(
    [
      { label: 3, box: [-5, 2, 10, 30], area: 99, annotationId: 7 },
      { label: 1, box: [1, 1, 5, 5], crowd: true },
      { label: 2, box: [41, 0, 50, 5] },
      { label: 2, box: [4, 4, 4, 9] },
      { label: 5, box: [0, 0, 40, 20], crowd: false },
    ],
    size,
  )
  assert.deepEqual(objects, [
    { label: 3, box: [0, 2, 10, 20], area: 99 },
    { label: 5, box: [0, 0, 40, 20] },
  ])
})

test('outlines are kept where they are asked for, run lengths are not', () => {
  const polygons = [[1, 1, 5, 1, 5, 5]]
  const labelled = [
    { label: 0, box: [1, 1, 5, 5] as const, segmentation: polygons },
    { label: 1, box: [1, 1, 5, 5] as const, segmentation: { size: [20, 40], counts: '0' } },
  ]
  assert.deepEqual(
    trainingObjects(labelled, size, true).map(({ mask }) => mask),
    [{ polygons }, undefined],
  )
  assert.ok(trainingObjects(labelled, size).every((object) => !('mask' in object)))
})

test('targets are centres and sizes as shares of the photo, with areas and masks beside them', () => {
  const image = { ...size, data: new Uint8Array(40 * 20 * 3) }
  const mask = { polygons: [[0, 0, 20, 0, 20, 10]] }
  const targets = encodeTargets({
    image,
    objects: [
      { label: 7, box: [0, 0, 40, 20] },
      { label: 1, box: [10, 5, 30, 10], area: 50, mask },
    ],
  })
  assert.deepEqual([...targets.labels], [7, 1])
  assert.deepEqual([...targets.boxes], [0.5, 0.5, 1, 1, 0.5, 0.375, 0.5, 0.25])
  assert.deepEqual([...targets.areas], [800, 50])
  assert.deepEqual(targets.masks, [undefined, mask])
  const none = encodeTargets({ image, objects: [] })
  assert.deepEqual([none.labels.length, none.boxes.length, none.areas.length, 'masks' in none], [0, 0, 0, false])
})
