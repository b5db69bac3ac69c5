/** @file Numbers per class, curves, outcomes per photo and confusion, on cases that can be counted by hand. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError } from '../tensor/index.js'
import {
  boxIou,
  type CocoAnnotation,
  type CocoBox,
  type CocoDetection,
  type CocoEvaluation,
  classResults,
  confusionMatrix,
  evaluateCoco,
  formatSummary,
  IOU_THRESHOLDS,
  photoOutcomes,
  precisionRecallCurve,
  worstPhotos,
} from './index.js'

/** A square of 40 pixels. */
const at = (x: number, y = 0): CocoBox => [x, y, 40, 40]

type Row = readonly [photo: number, category: number, box: CocoBox]

function evaluate(
  objects: readonly (readonly [...Row, crowd?: 1])[],
  found: readonly (readonly [...Row, score: number])[],
) {
  const annotations = objects.map(([image_id, category_id, bbox, iscrowd], i): CocoAnnotation => {
    return { id: i + 1, image_id, category_id, bbox, area: bbox[2] * bbox[3], iscrowd: iscrowd ?? 0 }
  })
  const detections = found.map(([image_id, category_id, bbox, score]): CocoDetection => {
    return { image_id, category_id, bbox, score }
  })
  const images = [3, 1, 2].map((id) => ({ id, width: 400, height: 400 }))
  const categories = [
    { id: 7, name: 'dog' },
    { id: 2, name: 'cat' },
    { id: 9, name: 'unicorn' },
  ]
  return evaluateCoco({ groundTruth: { images, categories, annotations }, detections })
}

/** Classes 2, 7 and 9 are rows and columns 0, 1 and 2. */
const farm = (): CocoEvaluation =>
  evaluate(
    [
      [1, 2, at(0)],
      [1, 7, at(100)],
      [1, 7, at(200)],
      [2, 2, at(0)],
      [2, 7, [0, 100, 300, 300], 1],
    ],
    [
      [1, 2, at(0), 0.9],
      [1, 7, at(104), 0.8],
      [1, 2, at(202), 0.7],
      [1, 7, at(300), 0.6],
      [2, 2, at(2), 0.55],
      [2, 2, at(0), 0.4],
      [2, 7, at(50, 150), 0.95],
      [2, 7, at(90, 150), 0.9],
      [3, 7, at(90, 150), 0.3],
      [3, 5, at(90, 150), 0.9],
    ],
  )

test('photos: what was found, wrong and missed', () => {
  const [one, two, three] = photoOutcomes(farm())
  assert.deepEqual(one, {
    imageId: 1,
    found: [
      { detection: 0, annotation: 0, iou: 1 },
      { detection: 1, annotation: 1, iou: 36 / 44 },
    ],
    wrong: [2, 3],
    missed: [2],
  })
  // The crowd takes detections 6 and 7; detection 5 lies below the lowest score.
  assert.deepEqual(two, { imageId: 2, found: [{ detection: 4, annotation: 3, iou: 38 / 42 }], wrong: [], missed: [] })
  assert.deepEqual(three, { imageId: 3, found: [], wrong: [], missed: [] })
  assert.deepEqual(worstPhotos([three!, two!, one!], 5), [one])

  const [, strictTwo, lowThree] = photoOutcomes(farm(), { iou: 0.95, minScore: 0 })
  assert.deepEqual(strictTwo?.found, [{ detection: 5, annotation: 3, iou: 1 }])
  assert.deepEqual(strictTwo?.wrong, [4])
  assert.deepEqual(lowThree?.wrong, [8])
  assert.deepEqual(
    worstPhotos(photoOutcomes(farm(), { iou: 0.95, minScore: 0 }), 2).map(({ imageId }) => imageId),
    [1, 2],
  )
})

test('photos: at a threshold of 1, equal boxes match whatever rounding leaves of their IoU', () => {
  const box: CocoBox = [4.7, 5, 3.5, 8.4]
  assert.ok(boxIou(box, box) < 1)
  const [outcome] = photoOutcomes(evaluate([[1, 2, box]], [[1, 2, box, 1]]), { iou: 1 })
  assert.equal(outcome?.found.length, 1)
})

test('confusion: rows are what was there, columns what was found', () => {
  const { labels, counts } = confusionMatrix(farm())
  assert.deepEqual(labels, ['cat', 'dog', 'unicorn', 'background'])
  // biome-ignore format: a matrix
  assert.deepEqual([...counts], [
    2, 0, 0, 0,
    1, 1, 0, 0,
    0, 0, 0, 0,
    0, 1, 0, 0,
  ])
  // With all scores the better overlap wins: detection 5 takes the cat of photo 2, detection 4 finds nothing.
  // biome-ignore format: a matrix
  assert.deepEqual([...confusionMatrix(farm(), { minScore: 0 }).counts], [
    2, 0, 0, 0,
    1, 1, 0, 0,
    0, 0, 0, 0,
    1, 2, 0, 0,
  ])
  // Nobody finds anything at scores above all.
  // biome-ignore format: a matrix
  assert.deepEqual([...confusionMatrix(farm(), { minScore: 2 }).counts], [
    0, 0, 0, 2,
    0, 0, 0, 2,
    0, 0, 0, 0,
    0, 0, 0, 0,
  ])
})

test('confusion: of equal overlaps the one of the same class wins', () => {
  const same = evaluate(
    [
      [1, 2, at(0)],
      [1, 7, at(0)],
    ],
    [
      [1, 7, at(0), 0.9],
      [1, 2, at(0), 0.8],
    ],
  )
  // biome-ignore format: a matrix
  assert.deepEqual([...confusionMatrix(same).counts], [
    1, 0, 0, 0,
    0, 1, 0, 0,
    0, 0, 0, 0,
    0, 0, 0, 0,
  ])
})

test('classes: their numbers average to those of all, and absent classes have -1', () => {
  const evaluation = farm()
  const results = classResults(evaluation)
  assert.deepEqual(
    results.map(({ id, name, objects, photos, detections }) => [id, name, objects, photos, detections]),
    [
      [2, 'cat', 2, 2, 4],
      [7, 'dog', 2, 1, 5],
      [9, 'unicorn', 0, 0, 0],
    ],
  )
  const [cat, dog, unicorn] = results
  assert.equal(unicorn!.AP, -1)
  const summary = evaluation.summarize()
  for (const name of ['AP', 'AP50', 'AR1', 'AR100', 'APm'] as const) {
    assert.ok(Math.abs((cat![name] + dog![name]) / 2 - summary[name]) < 1e-12, name)
  }
  // Three detections stand before the dog's second: right, ignored twice, wrong; the second dog is never found.
  assert.equal(dog!.AR100, [36 / 44].map((iou) => IOU_THRESHOLDS.filter((t) => iou >= t).length)[0]! / 20)
})

test('curves: of one class, and the mean of all', () => {
  const evaluation = farm()
  const cat = precisionRecallCurve(evaluation, 0.5, 2)!
  assert.equal(cat.recall.length, 101)
  // Right at 0.9, wrong at 0.7, right at 0.55: half the cats at full precision, all at two thirds.
  assert.deepEqual(
    [cat.precision[0], cat.precision[50]].map((p) => p!.toFixed(12)),
    ['1.000000000000', '1.000000000000'],
  )
  assert.equal(cat.precision[51], 2 / 3)
  assert.deepEqual([cat.scores?.[50], cat.scores?.[51], cat.scores?.[100]], [0.9, 0.55, 0.55])
  const dog = precisionRecallCurve(evaluation, 0.5, 7)!
  assert.equal(dog.precision[51], 0)
  const mean = precisionRecallCurve(evaluation)!
  assert.equal(mean.scores, undefined)
  assert.equal(mean.precision[51], (cat.precision[51]! + dog.precision[51]!) / 2)
  assert.equal(precisionRecallCurve(evaluation, 0.75, 9), undefined)
  assert.equal(precisionRecallCurve(evaluate([], [])), undefined)
})

test('options out of range are refused', () => {
  const evaluation = farm()
  const refusals: readonly (readonly [() => unknown, string])[] = [
    [() => precisionRecallCurve(evaluation, 0.52), 'iou: expected one of 0.5, 0.55, …, 0.95, got 0.52.'],
    [() => precisionRecallCurve(evaluation, 0.5, 3), 'categoryId: expected one of 2, 7, 9, got 3.'],
    [() => photoOutcomes(evaluation, { iou: 0 }), 'iou: expected a number above 0, up to 1, got 0.'],
    [() => confusionMatrix(evaluation, { iou: 1.1 }), 'iou: expected a number above 0, up to 1, got 1.1.'],
    [() => confusionMatrix(evaluation, { minScore: Number.NaN }), 'minScore: expected a number, got NaN.'],
  ]
  for (const [attempt, message] of refusals) {
    assert.throws(attempt, (error: unknown) => error instanceof ConfigError && error.message === message, message)
  }
})

test('the table has twelve lines, and ties go to the even digit as in Python', () => {
  const summary = { ...farm().summarize(), AP: 0.0625, AP50: 0.1875, AP75: -1, APs: 0.3125, APm: 1, APl: 0.06251 }
  const lines = formatSummary(summary).split('\n')
  assert.equal(lines.length, 13)
  assert.equal(lines[0], ' Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = 0.062')
  assert.equal(lines[1], ' Average Precision  (AP) @[ IoU=0.50      | area=   all | maxDets=100 ] = 0.188')
  assert.deepEqual(
    lines.slice(2, 6).map((line) => line.split(' = ')[1]),
    ['-1.000', '0.312', '1.000', '0.063'],
  )
  assert.match(lines[6]!, /^ Average Recall {5}\(AR\) @\[ IoU=0\.50:0\.95 \| area= {3}all \| maxDets= {2}1 \] = /)
})
