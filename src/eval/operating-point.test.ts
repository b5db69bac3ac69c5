import assert from 'node:assert/strict'
import { test } from 'node:test'
import { evaluateCoco, scoreCurve } from './index.js'

const box = (x: number): [number, number, number, number] => [x, 0, 10, 10]
const groundTruth = {
  images: [{ id: 1 }, { id: 2 }],
  categories: [{ id: 1, name: 'cat' }],
  annotations: [
    { id: 1, image_id: 1, category_id: 1, bbox: box(0) },
    { id: 2, image_id: 1, category_id: 1, bbox: box(20) },
    { id: 3, image_id: 2, category_id: 1, bbox: box(0) },
    { id: 4, image_id: 2, category_id: 1, bbox: box(50), iscrowd: 1 as const },
  ],
}
const found = (image_id: number, x: number, score: number) => ({ image_id, category_id: 1, bbox: box(x), score })

test('precision, recall and f1 at every score that occurs; equal scores are one point, crowds count as nothing', () => {
  const detections = [found(1, 0, 0.9), found(1, 70, 0.8), found(2, 0, 0.8), found(2, 50, 0.7), found(1, 20, 0.2)]
  const { points, best } = scoreCurve(evaluateCoco({ groundTruth, detections }))
  assert.deepEqual(
    points.map(({ threshold, precision, recall }) => [threshold, precision, recall]),
    [
      [0.9, 1, 1 / 3],
      [0.8, 2 / 3, 2 / 3],
      [0.2, 3 / 4, 1],
    ],
  )
  assert.deepEqual(best, { threshold: 0.2, precision: 3 / 4, recall: 1, f1: 6 / 7 })
})

test('of equal f1 the higher threshold is taken; nothing right gives no best point', () => {
  const detections = [found(1, 0, 0.9), found(1, 60, 0.6), found(1, 20, 0.5), found(2, 70, 0.4), found(2, 80, 0.3)]
  // 2·1/(3+1) = 1/2, then 2·2/(3+3) = 2/3, and never more.
  assert.equal(scoreCurve(evaluateCoco({ groundTruth, detections })).best?.threshold, 0.5)
  assert.equal(scoreCurve(evaluateCoco({ groundTruth, detections: [found(1, 70, 0.9)] })).best, undefined)
  assert.deepEqual(scoreCurve(evaluateCoco({ groundTruth, detections: [] })), { points: [], best: undefined })
})
