/** @file What is wrong with labels and results is said in one sentence, and what is merely odd in a note. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FileError } from '../tensor/index.js'
import { type CocoRegionType, evaluateCoco, parseJson } from './index.js'

type Plain = Record<string, unknown>

const RLE = { size: [20, 30], counts: [100, 50, 450] }
const image = (more: Plain = {}): Plain => ({ id: 1, height: 20, width: 30, ...more })
const category = (more: Plain = {}): Plain => ({ id: 1, name: 'cat', ...more })
const annotation = (more: Plain = {}): Plain => ({
  id: 1,
  image_id: 1,
  category_id: 1,
  bbox: [1, 2, 3, 4],
  area: 12,
  iscrowd: 0,
  segmentation: [[1, 1, 10, 1, 10, 10]],
  ...more,
})
const detection = (more: Plain = {}): Plain => ({
  image_id: 1,
  category_id: 1,
  score: 0.5,
  bbox: [1, 2, 3, 4],
  segmentation: RLE,
  ...more,
})
const truth = (more: Plain = {}): Plain => ({
  images: [image()],
  categories: [category()],
  annotations: [annotation()],
  ...more,
})

const names = { groundTruth: 'gt.json', detections: 'dt.json' }
function evaluate(groundTruth: unknown, detections: unknown, type: CocoRegionType = 'bbox') {
  return evaluateCoco({ groundTruth, detections, type, names } as never)
}

function assertFault(attempt: () => unknown, sentence: string): void {
  assert.throws(attempt, (error: unknown) => {
    assert.ok(error instanceof FileError, String(error))
    assert.equal(error.message, sentence)
    return true
  })
}

test('faults of ground truth', () => {
  const ANY = 'gt.json: expected an object with images, annotations and categories'
  const faults: readonly (readonly [unknown, string])[] = [
    [[], `${ANY}, got a list. A list is a results file: it belongs on the side of the detections.`],
    [null, `${ANY}, got null.`],
    [{}, 'gt.json: images: expected a list, got nothing. Its keys are: none.'],
    [
      { ...truth(), categories: undefined, info: 1 },
      'gt.json: categories: expected a list, got nothing. Its keys are: images, categories, annotations, info.',
    ],
    [truth({ annotations: {} }), 'gt.json: annotations: expected a list, got an object.'],
    [truth({ images: [7] }), 'gt.json: images[0]: expected an object, got 7.'],
    [truth({ images: [image({ id: 1.5 })] }), 'gt.json: images[0].id: expected a whole number or text, got 1.5.'],
    [
      truth({ images: [image({ id: 2 ** 60 })] }),
      'gt.json: images[0].id: expected a whole number or text, got 1152921504606847000.',
    ],
    [
      truth({ images: [image(), image()] }),
      'gt.json: images[1].id: expected an id that no other has, got 1. Ids must be unique within a file.',
    ],
    [
      truth({ images: [image(), image({ id: 'a' })] }),
      'gt.json: images: expected ids that are all numbers or all text, got 1 of text among 2.',
    ],
    [truth({ categories: [category({ id: '1' })] }), "gt.json: categories[0].id: expected a whole number, got '1'."],
    [
      truth({ categories: [category(), category()] }),
      'gt.json: categories[1].id: expected an id that no other has, got 1. Ids must be unique within a file.',
    ],
    [truth({ categories: Array(20_001).fill(0) }), 'gt.json: categories: expected at most 20000, got 20001.'],
    [truth({ annotations: ['x'] }), "gt.json: annotations[0]: expected an object, got 'x'."],
    [
      truth({ annotations: [annotation({ id: undefined })] }),
      'gt.json: annotations[0].id: expected a whole number, got nothing.',
    ],
    [
      truth({ annotations: [annotation(), annotation()] }),
      'gt.json: annotations[1].id: expected an id that no other has, got 1. Ids must be unique within a file.',
    ],
    [
      truth({ annotations: [annotation({ image_id: 9 })] }),
      'gt.json: annotations[0].image_id: expected the id of one of images, got 9.',
    ],
    [
      truth({ annotations: [annotation({ category_id: 9 })] }),
      'gt.json: annotations[0].category_id: expected the id of one of categories, got 9.',
    ],
    [
      truth({ annotations: [annotation({ bbox: [1, 2, 3] })] }),
      'gt.json: annotations[0].bbox: expected [x, y, width, height], got [1, 2, 3].',
    ],
    [
      truth({ annotations: [annotation({ bbox: [1, 2, 3, null] })] }),
      'gt.json: annotations[0].bbox: expected [x, y, width, height], got a list of 4.',
    ],
    [
      truth({ annotations: [annotation({ bbox: [1, 2, 3, Number.NaN] })] }),
      'gt.json: annotations[0].bbox: expected [x, y, width, height], got [1, 2, 3, NaN].',
    ],
    [
      truth({ annotations: [annotation({ area: 'big' })] }),
      "gt.json: annotations[0].area: expected a finite number of square pixels, got 'big'.",
    ],
    [truth({ annotations: [annotation({ iscrowd: 2 })] }), 'gt.json: annotations[0].iscrowd: expected 0 or 1, got 2.'],
  ]
  for (const [value, sentence] of faults) assertFault(() => evaluate(value, [detection()]), sentence)
})

test('faults of results', () => {
  const WHAT = 'A results file is a list of {image_id, category_id, bbox or segmentation, score}.'
  const faults: readonly (readonly [unknown, string])[] = [
    [truth(), `dt.json: expected a list of detections, got an object. ${WHAT}`],
    [[3], 'dt.json: [0]: expected an object, got 3.'],
    [
      [detection(), detection({ image_id: 2 })],
      'dt.json: [1].image_id: expected the id of a photo of the ground truth, got 2.',
    ],
    [
      [detection({ image_id: '1' })],
      "dt.json: [0].image_id: expected the id of a photo of the ground truth, got '1'. Write it as a number.",
    ],
    [[detection({ category_id: undefined })], 'dt.json: [0].category_id: expected a whole number, got nothing.'],
    [[detection({ score: '0.5' })], "dt.json: [0].score: expected a finite number, got '0.5'."],
    [[detection({ score: Number.POSITIVE_INFINITY })], 'dt.json: [0].score: expected a finite number, got Infinity.'],
    [[detection(), detection({ bbox: undefined })], 'dt.json: [1].bbox: expected [x, y, width, height], got nothing.'],
    [
      [detection({ bbox: undefined, segmentation: undefined })],
      'dt.json: [0]: expected a bbox or a segmentation, got no segmentation.',
    ],
  ]
  for (const [value, sentence] of faults) assertFault(() => evaluate(truth(), value), sentence)
})

test('faults of masks', () => {
  const KINDS = 'polygons [[x1, y1, x2, y2, …], …] or run lengths {size, counts}'
  const PAIRS = 'polygons of pairs x, y with two corners at least'
  const faults: readonly (readonly [unknown, string])[] = [
    [undefined, `.segmentation: expected ${KINDS}, got nothing.`],
    [[], `.segmentation: expected ${KINDS}, got an empty list.`],
    [[1, 2, 3, 4, 5, 6], `.segmentation: expected ${PAIRS}, got 1.`],
    [[[1, 2, 3, 4, 5]], `.segmentation: expected ${PAIRS}, got [1, 2, 3, 4, 5].`],
    [[[1, 2, 3, 1e10]], '.segmentation: expected coordinates of at most 400000000, got 10000000000.'],
    [{ counts: 'abc' }, '.segmentation.size: expected [height, width], got nothing.'],
    [{ size: [20, 30] }, '.segmentation.counts: expected text or a list of run lengths, got nothing.'],
    [
      { size: [20, 30], counts: 'a b' },
      '.segmentation: expected the run lengths of a mask, got malformed ones. The file may be damaged.',
    ],
    [
      { size: [20, 30], counts: [599] },
      '.segmentation: expected run lengths that add up to 20 × 30 = 600 pixels, got 599. The size is [height, width]; the two may be swapped, or the runs cut off.',
    ],
  ]
  for (const [segmentation, sentence] of faults) {
    const groundTruth = truth({ annotations: [annotation({ segmentation })] })
    assertFault(() => evaluate(groundTruth, [], 'segm'), `gt.json: annotations[0]${sentence}`)
    // Boxes are compared without a look at masks.
    assert.equal(evaluate(groundTruth, []).summarize().AP, 0)
  }
  for (const size of [{}, { width: 0, height: 20 }, { width: null, height: null }])
    assertFault(
      () => evaluate(truth({ images: [{ id: 1, ...size }] }), [], 'segm'),
      'gt.json: annotations[0].segmentation: expected a photo of known size for its polygons, got none. Give the photos in images a width and a height.',
    )
})

test('what is odd is evaluated, with a note', () => {
  const zeroId = evaluate(truth({ annotations: [annotation({ id: 0 })] }), [detection()])
  assert.equal(zeroId.summarize().AP, 0)
  assert.match(zeroId.notes.join(), /^gt\.json: annotation id 0 means "no match" to pycocotools.*Let ids begin at 1\.$/)

  const noArea = evaluate(truth({ annotations: [annotation({ area: undefined, iscrowd: undefined })] }), [detection()])
  assert.equal(noArea.summarize().ARs, 1)
  assert.deepEqual(noArea.notes, ['gt.json: 1 annotations have no area; width × height of the box is taken.'])

  const otherClass = evaluate(truth(), [detection(), detection({ category_id: 5 })])
  assert.equal(otherClass.summarize().AR1, 1)
  assert.deepEqual(otherClass.notes, [
    'dt.json: 1 of 2 detections are of classes that the ground truth does not have, and are not counted.',
  ])

  const flat = evaluate(truth({ annotations: [annotation({ bbox: [1, 2, 0, 4] })] }), [
    detection({ bbox: [1, 2, 3, -4] }),
  ])
  assert.deepEqual(flat.notes, [
    'gt.json: 1 boxes have no positive width and height; nothing finds them.',
    'dt.json: 1 boxes have no positive width and height; they find nothing.',
  ])

  const corners = evaluate(truth(), [detection({ bbox: [10, 10, 28, 19] })])
  assert.deepEqual(corners.notes, [
    'dt.json: 1 of 1 boxes reach out of their photos and look like [xmin, ymin, xmax, ymax]; COCO has [x, y, width, height].',
  ])

  const otherSize = evaluate(truth(), [detection({ segmentation: { size: [30, 20], counts: [600] } })], 'segm')
  assert.deepEqual(otherSize.notes, ['dt.json: 1 masks do not have the size of their photo.'])

  const boxesAsMasks = evaluate(truth(), [detection({ segmentation: undefined })], 'segm')
  assert.deepEqual(boxesAsMasks.notes, ['dt.json: 1 detections have no mask; their boxes are taken for masks.'])
  const none = [undefined, null].map((segmentation) => detection({ segmentation }))
  assert.deepEqual(evaluate(truth(), none, 'segm').notes, [
    'dt.json: 2 detections have no mask; their boxes are taken for masks.',
  ])
  assert.throws(
    () => evaluate(truth(), [detection({ bbox: undefined, segmentation: null })], 'segm'),
    /no segmentation/,
  )
})

test('ids may be text, and no photos or classes give -1', () => {
  const text = truth({ images: [image({ id: 'b' })], annotations: [annotation({ image_id: 'b' })] })
  assert.equal(evaluate(text, [detection({ image_id: 'b' })]).summarize().AR1, 1)
  for (const empty of [truth({ annotations: [] }), truth({ annotations: [], images: [], categories: [] })]) {
    assert.deepEqual(new Set(Object.values(evaluate(empty, []).summarize())), new Set([-1]))
  }
})

test('text that is no JSON', () => {
  assert.deepEqual(parseJson('\u{feff}[1]', 'a.json'), [1])
  const faults: readonly (readonly [string, string])[] = [
    ['', 'a.json: expected JSON, got an empty file.'],
    [' \n', 'a.json: expected JSON, got an empty file.'],
    [
      '[1,\n{"score": NaN}]',
      'a.json: expected JSON, which has finite numbers only, got NaN in line 2. Remove that record, or find out why it has no number.',
    ],
    [
      '[-Infinity]',
      'a.json: expected JSON, which has finite numbers only, got -Infinity in line 1. Remove that record, or find out why it has no number.',
    ],
    ['[{"a": 1', 'a.json: expected JSON, got text that ends too early, after 8 characters. The file may be cut off.'],
    ['[{"a": "b', 'a.json: expected JSON, got text that ends too early, after 9 characters. The file may be cut off.'],
    ['[1,\n2,\n x]', 'a.json: expected JSON, got an unexpected x.'],
  ]
  for (const [text, sentence] of faults) assertFault(() => parseJson(text, 'a.json'), sentence)
})
