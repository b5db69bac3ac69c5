/** @file Sets written in each format and read again: the same boxes, classes, splits; what is lost is said. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type CocoEntry, cocoJson, folderWith, kindsOf, photo } from './dataset.test.kit.js'
import { DATASET_FORMATS, type DatasetImage, type DetectionDataset } from './index.js'
import { readDataset } from './read.node.js'
import { writeDataset } from './write.node.js'

const RUNS = { size: [30, 40], counts: [3, 4, 5] }

/** Two splits; awkward coordinates; background; a crowd, a difficult object; ids with gaps. */
async function sample(t: TestContext, withCrowd = true): Promise<DetectionDataset> {
  const boxes = [
    { id: 11, bbox: [0.1, 0.2, 10.3, 5.7], area: 17.25, segmentation: [[1, 2, 3, 4, 5, 6]] },
    { id: 7, bbox: [3.33, 4.44, 20.01, 7.77], category_id: 7, area: 100 },
    ...(withCrowd ? [{ id: 12, bbox: [0, 0, 40, 30], area: 9, iscrowd: 1, segmentation: RUNS }] : []),
    { id: 14, bbox: [5, 6, 7, 8], area: 56, ignore: 1 },
  ]
  return readDataset(
    folderWith(t, {
      'annotations/instances_train.json': cocoJson(boxes),
      'annotations/instances_val.json': cocoJson([{ id: 20, bbox: [12.125, 1, 1.5, 29] }]),
      'train/a.png': await photo(40, 30, 1),
      'train/b.png': await photo(40, 30, 2),
      'val/a.png': await photo(40, 30, 3),
      'val/b.png': await photo(40, 30, 4),
    }),
  )
}

const target = (t: TestContext): string => join(folderWith(t, {}), 'out')

/** What every format keeps: classes, splits, and labels with boxes. */
function kept({ classNames, images, splits }: DetectionDataset): unknown {
  const boxes = ({ objects }: DatasetImage) => objects.map(({ label, box }) => [label, ...box])
  const parts = Object.entries(splits).map(([split, positions]) => [split, positions.map((i) => boxes(images[i]!))])
  return { classNames, parts }
}

test('every format gives back the same boxes to the last digit, through all the others', async (t) => {
  const original = await sample(t, false)
  let dataset = original
  for (const format of ['csv', 'voc', 'coco', 'yolo', 'voc', 'csv', 'yolo', 'coco'] as const) {
    const folder = target(t)
    await writeDataset(dataset, folder, { format })
    const again = await readDataset(folder)
    assert.equal(again.format, format)
    assert.deepEqual(kept(again), kept(original), format)
    assert.deepEqual(kindsOf(again), kindsOf(original), format)
    assert.ok(again.images.every(({ missing }) => missing !== true))
    dataset = again
  }
})

test('photos with blanks in their names keep their splits in every format', async (t) => {
  const named = (name: string, id: number) =>
    cocoJson([{}], { images: [{ id, file_name: name, width: 40, height: 30 }] })
  let dataset = await readDataset(
    folderWith(t, {
      'annotations/instances_train.json': named('img (1).png', 1),
      'annotations/instances_val.json': named('img.png', 1),
      'train/img (1).png': await photo(40, 30, 1),
      'val/img.png': await photo(40, 30, 2),
    }),
  )
  for (const format of ['voc', 'coco', 'yolo', 'csv'] as const) {
    const folder = target(t)
    await writeDataset(dataset, folder, { format })
    dataset = await readDataset(folder)
    const names = ([split]: readonly number[]) => dataset.images[split!]!.file.split('/').at(-1)
    assert.deepEqual([names(dataset.splits.train!), names(dataset.splits.val!)], ['img (1).png', 'img.png'], format)
    assert.equal(dataset.images.length, 2, format)
  }
})

test('COCO to COCO keeps ids, areas, masks, crowds, difficult objects and photos byte for byte', async (t) => {
  const original = await sample(t)
  const folder = target(t)
  const written = await writeDataset(original, folder, { format: 'coco' })
  assert.deepEqual([written.images, written.objects, written.losses], [4, 5, []])
  const again = await readDataset(folder)
  assert.deepEqual(again.categoryIds, [3, 7])
  const plain = ({ images }: DetectionDataset) => images.map(({ path: _, ...image }) => image)
  assert.deepEqual(plain(again)[0], plain(original)[0])
  assert.deepEqual(
    plain(again).map(({ id }) => id),
    [1, 2, 1, 2],
  )
  for (const [i, { path }] of original.images.entries()) {
    assert.deepEqual(readFileSync(again.images[i]!.path), readFileSync(path))
  }
  const text = readFileSync(join(folder, 'annotations/instances_train.json'), 'utf8')
  assert.match(text, /"bbox":\[0\.1,0\.2,10\.3,5\.7\]/)
})

test('photos that are named by numbers get these as ids in COCO, as their detections do', async (t) => {
  const label = '0 0.5 0.5 0.2 0.2\n'
  const names = ['1', '2', '10']
  const parts = names.map(async (name, i) => [
    [`images/${name}.png`, await photo(20, 20, i)] as const,
    [`labels/${name}.txt`, label] as const,
  ])
  const files = Object.fromEntries((await Promise.all(parts)).flat())
  const folder = target(t)
  await writeDataset(await readDataset(folderWith(t, { ...files, 'classes.txt': 'ball\n' })), folder, {
    format: 'coco',
  })
  const [written] = readdirSync(join(folder, 'annotations'))
  const { images } = JSON.parse(readFileSync(join(folder, 'annotations', written!), 'utf8'))
  const ids = images.map(({ id, file_name }: { id: number; file_name: string }) => `${id} ${file_name}`)
  assert.deepEqual(ids.sort(), ['1 1.png', '10 10.png', '2 2.png'])
})

test('fields of COCO files that are not read are said to be lost, with their number', async (t) => {
  const boxes: CocoEntry[] = [
    { keypoints: [5, 5, 2], num_keypoints: 1, attributes: { occluded: true } },
    { bbox: [2, 2, 3, 3], keypoints: [6, 6, 2], num_keypoints: 1, attributes: {} },
  ]
  const more = {
    info: { description: 'x', year: 2026 },
    licenses: [{ id: 1 }, { id: 2 }],
    categories: [
      { id: 7, name: 'dog', supercategory: 'animal' },
      { id: 3, name: 'cat', supercategory: '' },
    ],
  }
  const files = { 'a.png': await photo(40, 30, 1), 'b.png': await photo(40, 30, 2) }
  const dataset = await readDataset(folderWith(t, { ...files, 'x.json': cocoJson(boxes, more) }))
  const sentence =
    'What the files hold besides is not read, and lost: keypoints (2), licenses (2), num_keypoints (2), ' +
    'attributes (1), info (1), supercategory (1).'
  for (const format of DATASET_FORMATS) {
    const folder = target(t)
    const { losses } = await writeDataset(dataset, folder, { format })
    assert.equal(losses.filter((loss) => loss === sentence).length, 1, `${format}: ${losses.join('\n')}`)
    // What is written has none of them, and says so no more.
    const again = await writeDataset(await readDataset(folder), target(t), { format: 'coco' })
    assert.deepEqual(again.losses, [], format)
  }
  const many = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`field\n${i + 10}`, 1]))
  const odd = await readDataset(folderWith(t, { ...files, 'x.json': cocoJson([many]) }))
  const { losses } = await writeDataset(odd, target(t), { format: 'coco' })
  assert.match(losses[0]!, /lost: field\n10 \(1\), .* and 12 more\.$/s)
})

test('what a format cannot hold is said', async (t) => {
  const original = await sample(t)
  const lossesOf = async (format: 'voc' | 'yolo' | 'csv') =>
    (await writeDataset(original, target(t), { format })).losses.join('\n')
  assert.match(
    await lossesOf('yolo'),
    /^2 masks are lost.*\n1 crowd regions are left out.*\n1 marks of difficult objects are lost.*\nThe category ids are counted from 0/,
  )
  assert.match(await lossesOf('voc'), /1 crowd regions become difficult objects.*\nThe category ids are counted from 1/)
  assert.match(await lossesOf('csv'), /^2 masks are lost: the format has boxes only\.$/)
})

test('Pascal VOC: thin boxes are widened, single pixels left out, and both said', async (t) => {
  const boxes = [{ bbox: [2.25, 3, 0.5, 9] }, { bbox: [5, 5, 1, 1] }, { bbox: [7, 7, 1, 4] }]
  const files = { 'x.json': cocoJson(boxes), 'a.png': await photo(40, 30, 1), 'b.png': await photo(40, 30, 2) }
  const folder = target(t)
  const { losses, objects } = await writeDataset(await readDataset(folderWith(t, files)), folder, { format: 'voc' })
  assert.equal(objects, 2)
  assert.match(
    losses.join('\n'),
    /1 boxes of one pixel or less are left out.*\n1 boxes thinner than a pixel become one/,
  )
  const again = await readDataset(folder)
  assert.deepEqual(
    again.images[0]!.objects.map(({ box }) => box),
    [
      [2, 3, 3, 12],
      [7, 7, 8, 11],
    ],
  )
})

test('Pascal VOC: no number below pixel 1 is written, which would make edges of all numbers of the set', async (t) => {
  const images = [
    { id: 1, file_name: 'a.png' },
    { id: 2, file_name: 'b.png' },
  ]
  const boxes = [
    { bbox: [5, 6, 20, 15] },
    { image_id: 2, bbox: [-5, 6, 50, 60] },
    { image_id: 2, bbox: [7, -9, 5, 8.5] },
    { image_id: 2, bbox: [7, 8, 5, 5] },
  ]
  const files = { 'x.json': cocoJson(boxes, { images }), 'a.png': await photo(40, 30, 1), 'b.png': 'no photo' }
  const folder = target(t)
  const { losses, objects } = await writeDataset(await readDataset(folderWith(t, files)), folder, { format: 'voc' })
  assert.equal(objects, 3)
  assert.match(losses.join('\n'), /1 boxes outside their photo are left out.*\n1 boxes .*before their photo.*cut/)
  const again = await readDataset(folder)
  assert.ok(!kindsOf(again).includes('boxes-from-zero'))
  assert.deepEqual(
    again.images.map(({ objects }) => objects.map(({ box }) => box)),
    [
      [[5, 6, 25, 21]],
      [
        [0, 6, 45, 66],
        [7, 8, 12, 13],
      ],
    ],
  )
})

test('class names that begin with # stay; those that Pascal VOC cannot hold are changed and said', async (t) => {
  const write = async (names: readonly string[]) => {
    const categories = names.map((name, i) => ({ id: i + 1, name }))
    const boxes = names.map((_, i) => ({ category_id: i + 1, bbox: [i, i, 9, 9] }))
    const files = { 'x.json': cocoJson(boxes, { categories }), 'a.png': await photo(40, 30, 1) }
    const folder = target(t)
    const { losses } = await writeDataset(await readDataset(folderWith(t, files)), folder, { format: 'voc' })
    const { classNames, images } = await readDataset(folder)
    return { losses: losses.slice(0, -1), read: images[0]!.objects.map(({ label }) => classNames[label]) }
  }
  assert.deepEqual(await write(['#1', 'dog', '# label: x']), { losses: [], read: ['#1', 'dog', '# label: x'] })
  assert.deepEqual(await write(['a\tb', ' dog', 'c\nd', '', 'cat']), {
    losses: [
      '4 class names are changed, since Pascal VOC has a line of text for each: "a\\tb" is "a b", for instance.',
    ],
    read: ['a b', 'dog', 'c d', 'class 3', 'cat'],
  })
  assert.match((await write(['dog ', 'dog'])).losses[1]!, /^1 classes become one with another, whose name is then the/)
})

test('names that meet in one folder are numbered; names for XML and YAML are escaped', async (t) => {
  const categories = [
    { id: 3, name: 'R&B <x> "y": #1' },
    { id: 7, name: 'no' },
  ]
  const images = [
    { id: 1, file_name: 'p/a.png', width: 40, height: 30 },
    { id: 2, file_name: 'q/a.png', width: 40, height: 30 },
  ]
  const files = {
    'x.json': cocoJson([{}, { image_id: 2, category_id: 7, bbox: [2, 2, 2, 2] }], { images, categories }),
    'p/a.png': await photo(40, 30, 1),
    'q/a.png': await photo(40, 30, 2),
  }
  const dataset = await readDataset(folderWith(t, files))
  for (const format of DATASET_FORMATS) {
    const folder = target(t)
    await writeDataset(dataset, folder, { format })
    const again = await readDataset(folder)
    assert.deepEqual(again.classNames, dataset.classNames, format)
    const labels = again.images.map(({ objects }) => objects.map(({ label }) => label))
    assert.deepEqual(labels, [[0], [1]], format)
    assert.deepEqual(
      again.images.map(({ path }) => readFileSync(path)[50]),
      dataset.images.map(({ path }) => readFileSync(path)[50]),
    )
  }
})

test('a set without splits stays one, but for YOLO, which says so; photos without a file are left out', async (t) => {
  const files = { 'x.json': cocoJson([{}]), 'a.png': await photo(40, 30, 1) }
  const dataset = await readDataset(folderWith(t, files))
  for (const format of DATASET_FORMATS) {
    const folder = target(t)
    const { losses, images } = await writeDataset(dataset, folder, { format })
    assert.equal(images, 1)
    assert.match(losses.join('\n'), /1 photos without a readable file are left out/)
    assert.deepEqual((await readDataset(folder)).splits, format === 'yolo' ? { train: [0] } : {}, format)
    assert.equal(
      losses.some((sentence) => sentence.includes('all photos are written as train')),
      format === 'yolo',
    )
  }
})

test('nothing that is there is touched: folders with content, folders inside the data set, faults', async (t) => {
  const dataset = await sample(t)
  const full = folderWith(t, { 'mine.txt': 'x' })
  await assert.rejects(
    writeDataset(dataset, full, { format: 'coco' }),
    /expected a new or empty folder, got one with 1 entries/,
  )
  assert.deepEqual(readdirSync(full), ['mine.txt'])
  await assert.rejects(
    writeDataset(dataset, join(full, 'mine.txt'), { format: 'coco' }),
    /expected a new or empty folder/,
  )
  const inside = join(dataset.folder, 'out')
  await assert.rejects(writeDataset(dataset, inside, { format: 'coco' }), /expected a folder outside the data set/)
  await assert.rejects(writeDataset(dataset, dataset.folder, { format: 'coco' }), /outside the data set/)
  assert.ok(!existsSync(inside))
  const parent = folderWith(t, {})
  const gone = {
    ...dataset,
    images: dataset.images.map((image, i) => (i === 3 ? { ...image, path: '/no/such' } : image)),
  }
  await assert.rejects(writeDataset(gone, join(parent, 'out'), { format: 'yolo' }), {
    name: 'FileError',
    message: '/no/such: expected a photo to copy, got no such file. Nothing was written.',
  })
  assert.deepEqual(readdirSync(parent), [])
})

test('photos can be linked', async (t) => {
  const dataset = await sample(t)
  const folder = target(t)
  await writeDataset(dataset, folder, { format: 'coco', link: true })
  const [copy, original] = [statSync(join(folder, 'train/a.png')), statSync(dataset.images[0]!.path)]
  assert.equal(copy.ino, original.ino)
})
