/** @file COCO files as they come: every fault of ids, boxes, names and references is named. */
import assert from 'node:assert/strict'
import { closeSync, ftruncateSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { cocoJson, folderWith, kindsOf, photo, problemOf, readCocoText, summary } from './dataset.test.kit.js'
import { readDataset } from './read.node.js'

test('a clean set is read whole: ids kept, labels in the order of ids, background kept', async (t) => {
  const dataset = await readCocoText(t, cocoJson([{ area: 33, category_id: 7 }, { bbox: [0.5, 0.25, 1.5, 2] }]))
  assert.deepEqual(dataset.classNames, ['cat', 'dog'])
  assert.deepEqual(dataset.categoryIds, [3, 7])
  assert.deepEqual(summary(dataset), { 'a.png': ['dog 1 2 11 7', 'cat 0.5 0.25 2 2.25'], 'b.png': [] })
  assert.deepEqual(dataset.splits, { train: [0, 1] })
  assert.equal(dataset.images[0]!.objects[0]!.area, 33)
  assert.equal(dataset.images[0]!.objects[1]!.annotationId, 2)
  assert.deepEqual(kindsOf(dataset), [])
})

test('not JSON, truncated, empty, other encodings, two gigabytes', async (t) => {
  const fails = (json: string | Uint8Array, message: RegExp) => assert.rejects(readCocoText(t, json), message)
  await fails('<html>', /instances_train\.json: expected JSON: a value, got '<html>' at line 1, column 1/)
  await fails(cocoJson([]).slice(0, 100), /got the end of the file at line 1, column 101/)
  await fails('', /expected JSON: a value, got an empty file/)
  await fails('[]', /expected COCO annotations: .*, got a list\. A list is what results of detectors are/)
  await fails('7', /got a number/)
  await fails(new Uint8Array([0xff, 0xfe, 0x7b, 0]), /expected JSON in UTF-8, got UTF-16 text/)
  await fails(new Uint8Array([0x1f, 0x8b, 8, 0]), /got a gzip archive/)
  const marked = new TextEncoder().encode(`\ufeff${cocoJson([{}])}`)
  assert.equal((await readCocoText(t, marked)).images[0]!.objects.length, 1)
  const folder = folderWith(t, {})
  mkdirSync(join(folder, 'annotations'))
  const file = openSync(join(folder, 'annotations/instances_train.json'), 'w')
  ftruncateSync(file, 2 ** 31)
  closeSync(file)
  await assert.rejects(
    readDataset(folder),
    /instances_train\.json: expected at most \d+ bytes, got a file of 2147483648/,
  )
})

test('a list that is missing is named', async (t) => {
  const fails = (without: string, message: RegExp) =>
    assert.rejects(readCocoText(t, cocoJson([{}], { [without]: undefined })), message)
  await fails('images', /got no list of images \(only annotations, categories\)/)
  await fails('annotations', /got no list of annotations/)
  await fails('categories', /got no list of categories/)
  await assert.rejects(readCocoText(t, '{"x": 1}'), /no list of images and annotations and categories \(only x\)/)
  await assert.rejects(readCocoText(t, cocoJson([{}], { categories: [] })), /expected at least one category, got none/)
})

test('entries that are no objects, and photos without a usable name or size', async (t) => {
  const images = [
    null,
    7,
    { id: 1, file_name: 'a.png', width: 'x', height: null },
    { id: 2, file_name: 'b.png', width: 0, height: -30 },
    { id: 3, width: 40, height: 30 },
    { id: 4, file_name: 12, width: 1e300, height: 30.5 },
  ]
  const annotations = [null, 'x', { id: 9, image_id: 1, category_id: 3, bbox: [1, 1, 100, 4] }]
  const dataset = await readCocoText(t, cocoJson([], { images, annotations }))
  assert.match(problemOf(dataset, 'id-not-usable').examples[0]!, /photo id none/)
  assert.deepEqual(
    dataset.images.map(({ id, missing }) => [id, missing === true]),
    [
      [1, false],
      [2, false],
      [3, true],
      [4, true],
    ],
  )
  // What the file cannot say the photo does.
  assert.deepEqual([dataset.images[0]!.width, dataset.images[0]!.height], [40, 30])
  assert.deepEqual([dataset.images[1]!.width, dataset.images[1]!.height], [40, 30])
  assert.deepEqual(dataset.images[0]!.objects[0]!.box, [1, 1, 40, 5])
  const none = await readCocoText(t, cocoJson([], { images: [] }))
  assert.equal(problemOf(none, 'no-objects').count, 1)
})

test('ids that repeat: photos, annotations, categories', async (t) => {
  const images = [
    { id: 1, file_name: 'a.png' },
    { id: 1, file_name: 'b.png' },
  ]
  const photos = await readCocoText(t, cocoJson([{}], { images }))
  assert.match(problemOf(photos, 'image-id-repeated').examples[0]!, /photo id 1, b\.png and a\.png/)
  assert.equal(photos.images.length, 1)
  const twice = await readCocoText(t, cocoJson([{ id: 5 }, { id: 5, bbox: [3, 3, 4, 4] }]))
  assert.match(problemOf(twice, 'annotation-id-repeated').examples[0]!, /annotation 5/)
  assert.equal(twice.images[0]!.objects.length, 2)
  const same = [
    { id: 3, name: 'cat' },
    { id: 3, name: 'cat' },
  ]
  assert.equal(problemOf(await readCocoText(t, cocoJson([{}], { categories: same })), 'category-repeated').count, 1)
  const contradiction = [
    { id: 3, name: 'cat' },
    { id: 3, name: 'dog' },
  ]
  await assert.rejects(
    readCocoText(t, cocoJson([{}], { categories: contradiction })),
    /expected category 3 to be 'cat' as in .*, got 'dog'/,
  )
})

test('annotation id 0 is kept, with a word about pycocotools', async (t) => {
  const dataset = await readCocoText(t, cocoJson([{ id: 0 }]))
  assert.match(problemOf(dataset, 'annotation-id-zero').summary, /pycocotools never counts/)
  assert.equal(dataset.images[0]!.objects[0]!.annotationId, 0)
})

test('ids as text, fractions, and beyond 2^53', async (t) => {
  const text = await readCocoText(t, cocoJson([{ image_id: '1', category_id: '3' }]))
  assert.equal(text.images[0]!.objects.length, 1)
  assert.match(problemOf(text, 'id-of-other-type').examples[0]!, /image_id "1"/)
  const images = [{ id: 1.5, file_name: 'a.png' }, { id: 2 ** 53 + 2, file_name: 'b.png' }, { file_name: 'c.png' }]
  const bad = await readCocoText(t, cocoJson([], { images }))
  assert.equal(problemOf(bad, 'id-not-usable').count, 3)
  assert.match(problemOf(bad, 'id-not-usable').examples[0]!, /photo id 1\.5 \("a\.png"\)/)
  const categories = [
    { id: 'x', name: 'cat' },
    { id: 3, name: 'dog' },
  ]
  assert.match(problemOf(await readCocoText(t, cocoJson([{}], { categories })), 'id-not-usable').examples[0]!, /"x"/)
  const names = [{ id: 'u-1', file_name: 'a.png' }]
  const uuid = await readCocoText(t, cocoJson([{ image_id: 'u-1' }], { images: names }))
  assert.equal(uuid.images[0]!.id, 'u-1')
  assert.equal(uuid.images[0]!.objects.length, 1)
  assert.match(
    problemOf(await readCocoText(t, cocoJson([{ id: undefined }])), 'annotation-id-missing').examples[0]!,
    /entry 1/,
  )
})

test('references to nothing are dropped and named', async (t) => {
  const dataset = await readCocoText(t, cocoJson([{ image_id: 99 }, { category_id: 4 }, { category_id: null }, {}]))
  assert.match(problemOf(dataset, 'image-unknown').examples[0]!, /annotation 1: image_id 99/)
  assert.equal(problemOf(dataset, 'category-unknown').count, 2)
  assert.match(problemOf(dataset, 'category-unknown').examples[1]!, /annotation 3: category_id null/)
  assert.equal(dataset.images[0]!.objects.length, 1)
})

test('boxes: wrong length, text, negative, zero, not finite, outside, partly outside', async (t) => {
  const boxes = [
    [1, 2, 3],
    'box',
    [1, 2, '3', 4],
    [10, 10, -3, 4],
    [10, 10, 3, -4],
    [10, 10, 0, 4],
    [10, 10, 4, 0],
    [null, 1, 2, 3],
    [50, 1, 5, 5],
    [-9, 1, 4, 4],
    [35, 20, 20, 5],
    [-0.5, 3, 10, 10],
    [5, 5, 5, 5],
  ]
  const dataset = await readCocoText(t, cocoJson(boxes.map((bbox) => ({ bbox }))))
  const counts = Object.fromEntries(dataset.problems.map(({ kind, count }) => [kind, count]))
  assert.deepEqual(counts, {
    'box-not-four-numbers': 3,
    'box-not-finite': 1,
    'box-negative': 2,
    'box-outside': 2,
    'box-zero-size': 2,
    'box-partly-outside': 1,
    'class-unused': 1,
    'box-past-edge': 1,
  })
  assert.match(problemOf(dataset, 'box-negative').examples[0]!, /annotation 4 \(a\.png\): 10, 10, 7, 14 in 40×30/)
  assert.match(problemOf(dataset, 'box-partly-outside').summary, /clamped/)
  assert.deepEqual(
    dataset.images[0]!.objects.map(({ box }) => box),
    [
      [35, 20, 40, 25],
      [0, 3, 9.5, 13],
      [5, 5, 10, 10],
    ],
  )
})

test('a box that is labelled twice is kept, as the official tools keep it, and counted', async (t) => {
  const dataset = await readCocoText(t, cocoJson([{}, {}, { category_id: 7 }, { image_id: 2 }]))
  assert.equal(dataset.images[0]!.objects.length, 3)
  assert.deepEqual(problemOf(dataset, 'box-repeated').examples, [
    'annotations/instances_train.json: annotation 2 (a.png): 1, 2, 11, 7 in 40×30',
  ])
})

test('NaN and Infinity, as Python writes them, are numbers that no box can have', async (t) => {
  const json = cocoJson([{ bbox: ['#'] }, { bbox: ['$'] }, {}]).replace('["#"]', '[NaN, 1, 2, 3]')
  const dataset = await readCocoText(t, json.replace('["$"]', '[1, 1, Infinity, 3]'))
  assert.equal(problemOf(dataset, 'box-not-finite').count, 2)
  assert.match(problemOf(dataset, 'box-not-finite').examples[0]!, /annotation 1 .*NaN/)
  assert.equal(dataset.images[0]!.objects.length, 1)
})

test('corners in the place of x, y, width, height are suspected; so are fractions', async (t) => {
  const corners = await readCocoText(t, cocoJson([{ bbox: [20, 15, 38, 28] }, { bbox: [5, 5, 12, 12] }]))
  assert.match(
    problemOf(corners, 'boxes-look-like-corners').examples[0]!,
    /1 of 2 boxes leave their photo; as corners all fit/,
  )
  const fine = await readCocoText(t, cocoJson([{ bbox: [20, 15, 18, 13] }, { bbox: [2, 2, 30, 25] }]))
  assert.ok(!kindsOf(fine).includes('boxes-look-like-corners'))
  const relative = await readCocoText(t, cocoJson([{ bbox: [0.1, 0.1, 0.5, 0.5] }]))
  assert.match(problemOf(relative, 'boxes-look-relative').examples[0]!, /all 1 boxes lie within 0\.\.1/)
})

test('crowds, masks and their absence', async (t) => {
  const polygon = [[1, 2, 11, 2, 11, 7]]
  const runs = { size: [30, 40], counts: 'abc' }
  const json = cocoJson([
    { iscrowd: 1, segmentation: runs },
    { iscrowd: 0, segmentation: polygon, bbox: [2, 2, 3, 3] },
    { segmentation: [], bbox: [3, 3, 3, 3] },
    { segmentation: 'x', bbox: [4, 4, 3, 3] },
  ])
  const dataset = await readCocoText(t, json)
  const objects = dataset.images[0]!.objects
  assert.deepEqual(
    objects.map(({ crowd }) => crowd),
    [true, undefined, undefined, undefined],
  )
  assert.deepEqual(
    objects.map(({ segmentation }) => segmentation),
    [runs, polygon, undefined, undefined],
  )
  assert.equal(problemOf(dataset, 'mask-malformed').count, 1)
  const boxes = await readCocoText(t, json, { segmentation: false })
  assert.ok(boxes.images[0]!.objects.every((object) => !('segmentation' in object)))
})

test('without a bbox the polygons tell the box; run lengths alone do not', async (t) => {
  const segmentation = [
    [1, 2, 11, 2, 11, 7],
    [20.5, 4, 25, 4, 25, 9.25],
  ]
  const dataset = await readCocoText(
    t,
    cocoJson([
      { bbox: undefined, segmentation },
      { bbox: null, segmentation: [[3, 4, 9, 4, 9, 8]] },
      { bbox: undefined, segmentation: { size: [30, 40], counts: 'abc' } },
      { bbox: undefined, segmentation: [[]] },
      { bbox: undefined },
    ]),
  )
  const { objects } = dataset.images[0]!
  assert.deepEqual(
    objects.map(({ box }) => box),
    [
      [1, 2, 25, 9.25],
      [3, 4, 9, 8],
    ],
  )
  assert.deepEqual(objects[0]!.segmentation, segmentation)
  assert.equal(problemOf(dataset, 'box-of-polygons').count, 2)
  const { count, examples } = problemOf(dataset, 'box-missing')
  assert.equal(count, 3)
  assert.match(examples[0]!, /annotation 3: has a mask but no bbox$/)
  assert.match(examples[2]!, /annotation 5: no bbox$/)
})

test('file names: backslashes, ../, absolute, web addresses, missing files', async (t) => {
  const names = [
    'sub\\a.png',
    '../../b.png',
    '/etc/b.png',
    'C:\\x\\b.png',
    'https://example.org/p/b.png?x=1',
    '..',
    'gone.png',
    'x\0y',
  ]
  const json = cocoJson([], { images: names.map((file_name, i) => ({ id: i, file_name, width: 40, height: 30 })) })
  const folder = folderWith(t, {
    'annotations/instances_train.json': json,
    'train/sub/a.png': await photo(40, 30, 1),
    'train/b.png': await photo(40, 30, 2),
  })
  const dataset = await readDataset(folder)
  const paths = dataset.images.map(({ path }) => path)
  assert.deepEqual(paths.slice(0, 5), [
    join(folder, 'train/sub/a.png'),
    ...new Array(4).fill(join(folder, 'train/b.png')),
  ])
  assert.equal(problemOf(dataset, 'file-name-backslash').count, 1)
  assert.equal(problemOf(dataset, 'file-name-outside').count, 5)
  assert.match(problemOf(dataset, 'file-name-outside').examples[0]!, /'\.\.\/\.\.\/b\.png'/)
  assert.deepEqual(
    dataset.images.map(({ missing }) => missing === true),
    [false, false, false, false, false, true, true, true],
  )
  assert.match(problemOf(dataset, 'image-missing').examples[1]!, /'gone\.png' is not in .*train/)
  await assert.rejects(
    readDataset(folder, { missing: 'fail' }),
    /expected the files of all 8 photos, got 3 that are not there/,
  )
  assert.equal((await readDataset(folder, { missing: 'skip' })).images.length, 5)
})

test('no annotation at all is an error, a class without objects a warning', async (t) => {
  assert.match(problemOf(await readCocoText(t, cocoJson([])), 'no-objects').examples[0]!, /2 photos, 2 classes/)
  assert.deepEqual(problemOf(await readCocoText(t, cocoJson([{}])), 'class-unused').examples, ["'dog'"])
})

test('class names: empty, repeated, in any script', async (t) => {
  const categories = [
    { id: 1, name: 'Fußgänger' },
    { id: 2, name: '猫' },
    { id: 3, name: '' },
    { id: 4, name: '猫' },
  ]
  const boxes = [4, 3, 2, 1].map((category_id) => ({ category_id, bbox: [category_id, 2, 10, 5] }))
  const dataset = await readCocoText(t, cocoJson(boxes, { categories }))
  assert.deepEqual(problemOf(dataset, 'class-name-empty').examples, ['class 2'])
  // Classes of one name are one, with both ids' objects and the first id.
  assert.deepEqual(
    [dataset.classNames, dataset.categoryIds],
    [
      ['Fußgänger', '猫', ''],
      [1, 2, 3],
    ],
  )
  assert.deepEqual(
    dataset.images[0]!.objects.map(({ label }) => label),
    [1, 2, 1, 0],
  )
  assert.deepEqual(problemOf(dataset, 'class-name-repeated').examples, ["'猫' has the ids 2 and 4"])
  const unnamed = [1, 2].map((id) => ({ id, name: '' }))
  assert.equal((await readCocoText(t, cocoJson([{}], { categories: unnamed }))).classNames.length, 2)
})

test('category 0 is a class where it is used, and a placeholder where it is the parent of all others', async (t) => {
  const real = [
    { id: 0, name: 'cat' },
    { id: 1, name: 'dog' },
  ]
  const used = await readCocoText(
    t,
    cocoJson([{ category_id: 0 }, { category_id: 1, bbox: [2, 2, 2, 2] }], { categories: real }),
  )
  assert.deepEqual(
    used.images[0]!.objects.map(({ label }) => label),
    [0, 1],
  )
  const placeholder = [
    { id: 0, name: 'pets', supercategory: 'none' },
    { id: 1, name: 'cat', supercategory: 'pets' },
  ]
  const dataset = await readCocoText(t, cocoJson([{ category_id: 1 }], { categories: placeholder }))
  assert.deepEqual([dataset.classNames, dataset.categoryIds], [['cat'], [1]])
  assert.match(problemOf(dataset, 'class-placeholder').examples[0]!, /0 'pets'/)
})

test('splits that name one id differently are refused; classes of both count', async (t) => {
  const files = async (categories: unknown) => ({
    'annotations/instances_train.json': cocoJson([{}]),
    'annotations/instances_val.json': cocoJson([{ category_id: 9 }], { categories }),
    'train/a.png': await photo(40, 30, 1),
    'train/b.png': await photo(40, 30, 2),
    'val/a.png': await photo(40, 30, 3),
    'val/b.png': await photo(40, 30, 4),
  })
  const swapped = folderWith(t, await files([{ id: 3, name: 'dog' }]))
  await assert.rejects(readDataset(swapped), /instances_val\.json: expected category 3 to be 'cat' .*, got 'dog'/)
  const folder = folderWith(t, await files([{ id: 9, name: 'bird' }]))
  const dataset = await readDataset(folder)
  assert.deepEqual(dataset.categoryIds, [3, 7, 9])
  assert.deepEqual(dataset.splits, { train: [0, 1], val: [2, 3] })
  assert.equal(dataset.images[2]!.path, join(folder, 'val/a.png'))
})

test('Roboflow keeps annotations beside the photos of each split', async (t) => {
  const folder = folderWith(t, {
    'train/_annotations.coco.json': cocoJson([{}]),
    'train/a.png': await photo(40, 30, 1),
    'valid/_annotations.coco.json': cocoJson([{}]),
    'valid/b.png': await photo(40, 30, 2),
  })
  const dataset = await readDataset(folder)
  assert.deepEqual(dataset.splits, { train: [0, 1], val: [2, 3] })
  assert.equal(dataset.images[3]!.path, join(folder, 'valid/b.png'))
  // a.png is in train only: the photo of another split is not taken for it.
  assert.equal(dataset.images[2]!.missing, true)
})

test('a photo without a stated size is measured', async (t) => {
  const dataset = await readCocoText(
    t,
    cocoJson([{ bbox: [30, 20, 50, 50] }], { images: [{ id: 1, file_name: 'a.png' }] }),
  )
  assert.deepEqual([dataset.images[0]!.width, dataset.images[0]!.height], [40, 30])
  assert.deepEqual(dataset.images[0]!.objects[0]!.box, [30, 20, 40, 30])
})

test('labels can be counted in the list of a model', async (t) => {
  const json = cocoJson([{ category_id: 7 }, { category_id: 3, bbox: [2, 2, 2, 2] }])
  const dataset = await readCocoText(t, json, { classNames: ['bird', 'dog'] })
  assert.deepEqual(
    dataset.images[0]!.objects.map(({ label }) => label),
    [1],
  )
  assert.deepEqual(dataset.categoryIds, [8, 7])
  assert.match(problemOf(dataset, 'class-unknown').examples[0]!, /annotation 2: 'cat'/)
})
