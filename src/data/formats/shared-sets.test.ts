/** @file Real sets in several formats, read side by side; each is skipped where it is absent. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type TestContext, test } from 'node:test'
import { checkDataset } from './check.node.js'
import { kindsOf, problemOf } from './dataset.test.kit.js'
import type { DetectionDataset } from './index.js'
import { type ReadDatasetOptions, readDataset } from './read.node.js'

const DATA = process.env['DETRS_DATA'] ?? resolve('..', 'shared', 'data')

/** Reads a set of the shared folder; undefined, with the test skipped, where it is not there. */
async function read(
  t: TestContext,
  path: string,
  options: ReadDatasetOptions = {},
): Promise<DetectionDataset | undefined> {
  if (existsSync(join(DATA, path))) return readDataset(join(DATA, path), options)
  t.skip(`${join(DATA, path)} is not there`)
  return undefined
}

const objectsOf = ({ images }: DetectionDataset): number => images.reduce((sum, { objects }) => sum + objects.length, 0)

/** Per photo, by name: class and edges of each box, crowds left out, sorted. */
function boxesOf({ images, classNames }: DetectionDataset): Map<string, { name: string; box: readonly number[] }[]> {
  return new Map(
    images.map(({ path, objects }) => [
      path.split(/[\\/]/).at(-1)!,
      objects
        .filter(({ crowd }) => crowd !== true)
        .map(({ label, box }) => ({ name: classNames[label]!, box }))
        .sort(
          (a, b) =>
            a.name.localeCompare(b.name) || a.box[0]! - b.box[0]! || a.box[1]! - b.box[1]! || a.box[2]! - b.box[2]!,
        ),
    ]),
  )
}

/**
 * The largest difference of edges, in pixels; photos and classes must be the same.
 * @param offset pixels that are added to the lower edges of the second set.
 */
function largestDifference(first: DetectionDataset, second: DetectionDataset, offset = 0): number {
  const [a, b] = [boxesOf(first), boxesOf(second)]
  assert.deepEqual([...a.keys()].sort(), [...b.keys()].sort())
  let largest = 0
  for (const [photo, boxes] of a) {
    const others = [...b.get(photo)!]
    assert.equal(boxes.length, others.length, photo)
    for (const { name, box } of boxes) {
      // By nearness: sorting alone would pair other boxes where edges are rounded.
      const distances = others.map((other) =>
        other.name === name
          ? Math.max(...box.map((edge, i) => Math.abs(edge - other.box[i]! - (i < 2 ? offset : 0))))
          : Infinity,
      )
      const nearest = Math.min(...distances)
      others.splice(distances.indexOf(nearest), 1)
      largest = Math.max(largest, nearest)
    }
  }
  return largest
}

test('bccd: Pascal VOC with its splits and one box without extent', async (t) => {
  const dataset = await read(t, 'bccd')
  if (dataset === undefined) return
  assert.deepEqual([dataset.format, dataset.classNames], ['voc', ['Platelets', 'RBC', 'WBC']])
  assert.deepEqual([dataset.splits.train?.length, dataset.splits.val?.length, dataset.images.length], [250, 50, 300])
  assert.equal(objectsOf(dataset), 3951)
  assert.deepEqual(kindsOf(dataset), ['box-zero-size'])
  assert.match(problemOf(dataset, 'box-zero-size').examples[0]!, /BloodImage_00338\.xml: object 13/)
})

test('facemask: COCO where category 0 is a class and a photo has 115 objects', async (t) => {
  const dataset = await read(t, 'facemask')
  if (dataset === undefined) return
  assert.deepEqual(dataset.categoryIds, [0, 1, 2])
  assert.deepEqual([dataset.images.length, objectsOf(dataset)], [677, 3106])
  assert.equal(Math.max(...dataset.images.map(({ objects }) => objects.length)), 115)
  assert.ok(dataset.images.some(({ objects }) => objects.some(({ label }) => label === 0)))
})

test('raccoon: Pascal VOC counts pixels from 1, its tables the same numbers as edges', async (t) => {
  const voc = await read(t, 'raccoon')
  const csv = await read(t, 'raccoon', { format: 'csv' })
  if (voc === undefined || csv === undefined) return
  assert.deepEqual([voc.format, voc.images.length, objectsOf(voc)], ['voc', 200, 217])
  assert.deepEqual([csv.splits.train?.length, csv.splits.test?.length], [160, 40])
  assert.equal(largestDifference(csv, voc, 1), 0)
  const { problems } = await checkDataset(voc)
  assert.ok(!problems.some(({ severity }) => severity === 'error'))
})

test('coco128: COCO and YOLO have the same boxes, within the six digits of YOLO', async (t) => {
  const coco = await read(t, 'coco128')
  const yolo = await read(t, 'coco128/yolo', { images: [join(DATA, 'coco128', 'train2017')] })
  if (coco === undefined || yolo === undefined) return
  assert.deepEqual([coco.images.length, objectsOf(coco), objectsOf(yolo)], [128, 939, 929])
  assert.deepEqual(coco.classNames, yolo.classNames)
  assert.equal(coco.images.filter(({ objects }) => objects.length === 0).length, 2)
  const crowds = coco.images.flatMap(({ objects }) => objects.filter(({ crowd }) => crowd === true))
  assert.equal(crowds.length, 10)
  assert.ok(crowds.every(({ segmentation }) => segmentation !== undefined && 'counts' in segmentation))
  const difference = largestDifference(coco, yolo)
  assert.ok(difference < 1e-3, `${difference} pixels`)
})

test('coco-tiny: two splits with a file each; every photo is there, whole, and in one split', async (t) => {
  const dataset = await read(t, 'coco-tiny')
  if (dataset === undefined) return
  assert.deepEqual([dataset.splits.train?.length, dataset.splits.val?.length, objectsOf(dataset)], [80, 80, 1520])
  const { problems } = await checkDataset(dataset, { decode: true })
  assert.deepEqual(
    problems.map(({ kind }) => kind),
    ['class-rare'],
  )
})

test('coco-eval: the numbers of the file are kept', async (t) => {
  const dataset = await read(t, 'coco-eval/instances_val2014_100.json', { missing: 'keep' })
  if (dataset === undefined) return
  const file = JSON.parse(readFileSync(join(DATA, 'coco-eval', 'instances_val2014_100.json'), 'utf8')) as {
    annotations: { id: number; bbox: number[]; area: number; category_id: number; iscrowd: number }[]
  }
  const byId = new Map(file.annotations.map((entry) => [entry.id, entry]))
  assert.equal(objectsOf(dataset), file.annotations.length)
  for (const { label, box, area, crowd, annotationId } of dataset.images.flatMap(({ objects }) => objects)) {
    const entry = byId.get(Number(annotationId))!
    assert.equal(dataset.categoryIds[label], entry.category_id)
    assert.equal(area, entry.area)
    assert.equal(crowd === true, entry.iscrowd === 1)
    const [x, y, width, height] = entry.bbox as [number, number, number, number]
    const difference = Math.max(...[x, y, x + width, y + height].map((edge, i) => Math.abs(edge - box[i]!)))
    // Sums of x and width may end a thousandth outside.
    assert.ok(difference < 0.01, `annotation ${annotationId}: ${difference}`)
  }
})

test('voc-formats: one set in six forms', async (t) => {
  const images = [join(DATA, 'voc-formats', 'database', 'images')]
  const gts = 'voc-formats/database/gts'
  const voc = await read(t, `${gts}/pascalvoc_format`, { images })
  const forms: [string, number, number][] = [
    // Pascal VOC counts pixels from 1, the tools that made the others took its numbers for edges.
    [`${gts}/coco_format_v1`, 1, 0],
    [`${gts}/coco_format_v2`, 1, 0],
    // 1e-6 of the longer side, for the centre and for half the size.
    [`${gts}/yolo_format`, 1, 1e-3],
    [`${gts}/openimages_format`, 1, 1e-6],
    [`${gts}/imagenet_format`, 0, 0],
  ]
  for (const [path, offset, precision] of forms) {
    const other = await read(t, path, { images })
    if (voc === undefined || other === undefined) return
    assert.deepEqual([other.images.length, objectsOf(other)], [100, 273], path)
    const difference = largestDifference(other, voc, offset)
    assert.ok(difference <= precision, `${path}: ${difference} pixels`)
  }
})

test('fizyr-micro: the same photo in two splits is a leak, and a table without heading has its classes beside it', async (t) => {
  const pascal = await read(t, 'photos/fizyr-micro/pascal')
  const csv = await read(t, 'photos/fizyr-micro/csv')
  if (pascal === undefined || csv === undefined) return
  const result = await checkDataset(pascal)
  assert.deepEqual(problemOf(result, 'leak').examples, ['000001.jpg (train, val)'])
  assert.deepEqual([csv.classNames, csv.categoryIds], [['person'], [0]])
  assert.deepEqual(csv.images[0]!.objects[0]!.box, [47, 239, 194, 370])
})
