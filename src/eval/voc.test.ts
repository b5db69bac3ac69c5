/** @file Pascal VOC's average precision, on cases that can be counted by hand. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError, FileError, streamKey, uniformAt } from '../tensor/index.js'
import { type CocoBox, evaluateVoc, type VocDetection, type VocObject } from './index.js'

const at = (x: number): CocoBox => [x, 0, 10, 10]
const object = (photo: number, x: number, more: Partial<VocObject> = {}): VocObject => {
  return { photo, label: 'cat', box: at(x), ...more }
}
const detection = (photo: number, x: number, score: number, label = 'cat'): VocDetection => {
  return { photo, label, box: at(x), score }
}

const close = (actual: number, expected: number): void => {
  assert.ok(Math.abs(actual - expected) < 1e-12, `${actual} is not ${expected}`)
}

test('right, wrong, right, twice, and one never found', () => {
  const objects = [object(1, 0), object(1, 50), object(2, 0), object(2, 50)]
  const detections = [
    detection(1, 0, 0.9),
    detection(2, 90, 0.8),
    detection(1, 50, 0.7),
    // The object is taken: wrong.
    detection(1, 0, 0.6),
    detection(2, 0, 0.5),
  ]
  const area = evaluateVoc({ objects, detections })
  assert.deepEqual([...area.classes[0]!.recall], [0.25, 0.25, 0.5, 0.5, 0.75])
  assert.deepEqual([...area.classes[0]!.precision], [1, 1 / 2, 2 / 3, 2 / 4, 3 / 5])
  // A quarter at 1, a quarter at 2/3, a quarter at 3/5.
  close(area.mAP, (1 + 2 / 3 + 3 / 5) / 4)
  // Recall 0, 0.1, 0.2 at 1; 0.3, 0.4, 0.5 at 2/3; 0.6, 0.7 at 3/5; the rest is not reached.
  const points = evaluateVoc({ objects, detections, interpolation: '11-point' })
  close(points.mAP, (3 * 1 + 3 * (2 / 3) + 2 * (3 / 5)) / 11)
})

test('difficult objects need not be found, and finding them is not wrong', () => {
  const objects = [object(1, 0), object(1, 50, { difficult: true })]
  const detections = [detection(1, 50, 0.9), detection(1, 50, 0.8), detection(1, 0, 0.7)]
  const { mAP, classes } = evaluateVoc({ objects, detections })
  assert.equal(mAP, 1)
  assert.deepEqual([classes[0]!.objects, classes[0]!.recall.length], [1, 1])
  const only = evaluateVoc({ objects: [objects[1]!], detections })
  assert.deepEqual([only.mAP, only.classes[0]!.AP], [-1, -1])
})

test('the object that overlaps most counts, even where it is taken', () => {
  // The second detection overlaps the free object by 1/2, the taken one by more.
  const objects = [object(1, 0), object(1, 7)]
  const detections = [detection(1, 0, 0.9), { ...detection(1, 2, 0.8) }]
  const { classes } = evaluateVoc({ objects, detections, iou: 0.3 })
  assert.deepEqual([...classes[0]!.precision], [1, 0.5])
})

test('of equal overlaps the first object counts', () => {
  const objects = [object(1, 0, { difficult: true }), object(1, 0)]
  const { classes } = evaluateVoc({ objects, detections: [detection(1, 0, 0.9)] })
  assert.deepEqual([classes[0]!.objects, classes[0]!.recall.length], [1, 0])
})

test('an overlap of exactly the threshold is enough', () => {
  const objects = [{ photo: 1, label: 'cat', box: [0, 0, 10, 10] as const }]
  const half = { photo: 1, label: 'cat', box: [0, 0, 10, 5] as const, score: 1 }
  assert.equal(evaluateVoc({ objects, detections: [half] }).mAP, 1)
  assert.equal(evaluateVoc({ objects, detections: [half], iou: 0.51 }).mAP, 0)
})

test('the mean is over classes with objects; no detections give 0', () => {
  const objects = [object(1, 0), object(1, 50, { label: 'dog' })]
  const { mAP, classes } = evaluateVoc({ objects, detections: [detection(1, 0, 0.5), detection(1, 0, 0.5, 'unicorn')] })
  assert.deepEqual(
    classes.map(({ label, AP }) => [label, AP]),
    [
      ['cat', 1],
      ['dog', 0],
    ],
  )
  assert.equal(mAP, 0.5)
  assert.deepEqual(evaluateVoc({ objects: [], detections: [] }), { mAP: -1, classes: [] })
})

test('the area is that under the staircase of best precisions, on random lists', () => {
  const key = streamKey('voc', 1)
  for (let round = 0; round < 50; round++) {
    const random = (i: number): number => (uniformAt(key, round * 100 + i) + 1) / 2
    const objects = Array.from({ length: 6 }, (_, i) => object(i, 0))
    const detections = Array.from({ length: 20 }, (_, i) => detection(Math.floor(random(i) * 8), 0, random(i + 50)))
    const { recall, precision, AP } = evaluateVoc({ objects, detections }).classes[0]!
    let area = 0
    for (let found = 1; found <= 6; found++) {
      // The best precision at this many objects or more, over a sixth of the axis.
      area += Math.max(0, ...precision.filter((_, i) => recall[i]! > (found - 0.5) / 6)) / 6
    }
    close(AP, area)
  }
})

test('faulty records are refused', () => {
  const box = [0, 0, 10] as unknown as CocoBox
  assert.throws(
    () => evaluateVoc({ objects: [object(1, 0, { box })], detections: [] }),
    (error) =>
      error instanceof FileError && /VOC: objects\[0\]\.box: expected \[x, y, width, height\]/.test(error.message),
  )
  assert.throws(
    () => evaluateVoc({ objects: [], detections: [detection(1, 0, Number.NaN)] }),
    (error) =>
      error instanceof FileError &&
      /VOC: detections\[0\]\.score: expected a finite number, got NaN/.test(error.message),
  )
  assert.throws(() => evaluateVoc({ objects: [], detections: [], iou: 0 }), ConfigError)
})
