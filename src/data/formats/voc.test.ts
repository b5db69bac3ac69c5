/** @file Pascal VOC sets: numbers from 1, splits, photos that are elsewhere, files that are hostile. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type Files, folderWith, kindsOf, photo, problemOf, summary } from './dataset.test.kit.js'
import type { DetectionDataset } from './index.js'
import { readDataset } from './read.node.js'

const object = (name: string, box: readonly (number | string)[], more = ''): string => {
  const [xmin, ymin, xmax, ymax] = box
  const bounds = `<bndbox><xmin>${xmin}</xmin><ymin>${ymin}</ymin><xmax>${xmax}</xmax><ymax>${ymax}</ymax></bndbox>`
  return `<object><name>${name}</name>${more}${bounds}</object>`
}
const SIZE = '<size><width>40</width><height>30</height><depth>3</depth></size>'
const annotation = (content: string, file = 'a.png', size = SIZE): string =>
  `<annotation><filename>${file}</filename>${size}${content}</annotation>`

/** The devkit's folders with one photo, a.png, and its annotation. */
async function read(t: TestContext, xml: string, more: Files = {}): Promise<DetectionDataset> {
  const files = { 'Annotations/a.xml': xml, 'JPEGImages/a.png': await photo(40, 30, 1), ...more }
  return readDataset(folderWith(t, files))
}

test('pixels from 1 become edges from 0: 1..W is the whole width', async (t) => {
  const dataset = await read(
    t,
    annotation(object('cat', [1, 1, 40, 30]) + object('ant', ['11.5', '12.0', ' 20 ', '21'])),
  )
  assert.deepEqual(summary(dataset), { 'a.png': ['cat 0 0 40 30', 'ant 10.5 11 20 21'] })
  assert.deepEqual(
    [dataset.classNames, dataset.categoryIds],
    [
      ['ant', 'cat'],
      [1, 2],
    ],
  )
  assert.deepEqual(kindsOf(dataset), [])
})

test('a box before pixel 1 says that the whole set counts edges from 0', async (t) => {
  const dataset = await read(t, annotation(object('cat', [0, 3, 40, 30]) + object('cat', [5, 5, 9, 9])))
  assert.deepEqual(summary(dataset), { 'a.png': ['cat 0 3 40 30', 'cat 5 5 9 9'] })
  assert.match(problemOf(dataset, 'boxes-from-zero').examples[0]!, /0, 3, 40, 30 in a\.png/)
})

test('bad boxes: corners in the wrong order, no extent, no number, missing', async (t) => {
  const boxes = [
    [20, 5, 10, 9],
    [5, 9, 9, 5],
    [7, 7, 7, 7],
    [5, 5, 'x', 9],
    [60, 5, 70, 9],
    [11, 5, 10, 9],
  ]
  const dataset = await read(
    t,
    annotation(`${boxes.map((box) => object('cat', box)).join('')}<object><name>cat</name></object>`),
  )
  assert.equal(problemOf(dataset, 'box-negative').count, 3)
  assert.match(problemOf(dataset, 'box-negative').examples[0]!, /Annotations.a\.xml: object 1 \(a\.png\): 20, /)
  assert.equal(problemOf(dataset, 'box-zero-size').count, 1)
  assert.equal(problemOf(dataset, 'box-not-finite').count, 2)
  assert.equal(problemOf(dataset, 'box-outside').count, 1)
  assert.equal(problemOf(dataset, 'no-objects').count, 1)
})

test('a box of one pixel in one direction is one pixel wide', async (t) => {
  assert.deepEqual(summary(await read(t, annotation(object('cat', [5, 5, 5, 9])))), { 'a.png': ['cat 4 4 5 9'] })
})

test('difficult objects are marked, parts of objects are not objects', async (t) => {
  const head = '<part><name>head</name><bndbox><xmin>2</xmin><ymin>2</ymin><xmax>3</xmax><ymax>3</ymax></bndbox></part>'
  const dataset = await read(
    t,
    annotation(object('person', [5, 5, 20, 20], head) + object('person', [1, 1, 4, 4], '<difficult>1</difficult>')),
  )
  assert.deepEqual(summary(dataset), { 'a.png': ['person 4 4 20 20', 'person 0 0 4 4'] })
  assert.deepEqual(
    dataset.images[0]!.objects.map(({ difficult }) => difficult),
    [undefined, true],
  )
})

test('a missing size is measured', async (t) => {
  const dataset = await read(t, annotation(object('cat', [30, 20, 60, 60]), 'a.png', ''))
  assert.deepEqual([dataset.images[0]!.width, dataset.images[0]!.height], [40, 30])
  assert.equal(problemOf(dataset, 'box-partly-outside').count, 1)
})

test('sizes that are none are measured; objects without a name, and files that are something else, are reported', async (t) => {
  const boxes = `${object('cat', [5, 5, 9, 9]) + object('', [6, 6, 9, 9])}<object><bndbox/></object>`
  for (const [width, height] of [
    [0, 0],
    ['x', ''],
    [-40, 1e300],
  ] as const) {
    const size = `<size><width>${width}</width><height>${height}</height></size>`
    const dataset = await read(t, annotation(object('cat', [5, 5, 99, 9]), 'a.png', size))
    assert.deepEqual([dataset.images[0]!.width, dataset.images[0]!.height], [40, 30], `${width}`)
  }
  const dataset = await read(t, annotation(boxes), { 'Annotations/b.xml': '<html/>', 'Annotations/c.xml': '' })
  assert.deepEqual(summary(dataset)['a.png']![0], 'cat 4 4 9 9')
  const unreadable = problemOf(dataset, 'annotation-unreadable').examples.join(' ')
  assert.match(unreadable, /b\.xml: expected a Pascal VOC <annotation>, got <html>/)
  assert.match(unreadable, /c\.xml: expected an element, got an empty file/)
})

test('hostile and broken files are reported and left out, the others read', async (t) => {
  const bomb = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><annotation>&a;</annotation>'
  const files = {
    'Annotations/b.xml': bomb,
    'Annotations/c.xml': '<annotation>',
    'JPEGImages/b.png': await photo(40, 30, 2),
  }
  const dataset = await read(t, annotation(object('cat', [5, 5, 9, 9])), files)
  assert.equal(dataset.images.length, 1)
  assert.equal(problemOf(dataset, 'annotation-unreadable').count, 2)
  assert.match(problemOf(dataset, 'annotation-unreadable').examples[0]!, /b\.xml: expected XML without a document type/)
  assert.match(problemOf(dataset, 'annotation-missing').examples[0]!, /b\.png/)
  await assert.rejects(read(t, bomb), /expected readable Pascal VOC files, got Annotations.a\.xml: .*document type/)
})

test('classes are those of classes.txt, and others are unknown', async (t) => {
  const xml = annotation(object('cat', [5, 5, 9, 9]) + object('cta', [6, 6, 9, 9]))
  const dataset = await read(t, xml, { 'classes.txt': 'dog\ncat\n' })
  assert.deepEqual(dataset.classNames, ['dog', 'cat'])
  assert.match(problemOf(dataset, 'class-unknown').examples[0]!, /a\.xml: object 2: 'cta'/)
  const coloured = '# label:color_rgb:parts:actions\nbackground:0,0,0::\ncat:1,2,3::\ncta:4,5,6::\n'
  assert.deepEqual((await read(t, xml, { 'labelmap.txt': coloured })).classNames, ['cat', 'cta'])
  assert.deepEqual((await read(t, xml, { 'labels.txt': '#1\ncat\n' })).classNames, ['#1', 'cat'])
})

test('the photo named as the annotation file is taken, and a different name inside is reported', async (t) => {
  const other = { 'JPEGImages/other.png': await photo(40, 30, 2) }
  const dataset = await read(t, annotation(object('cat', [5, 5, 9, 9]), 'other.png'), other)
  assert.equal(dataset.images[0]!.file, 'a.png')
  assert.match(problemOf(dataset, 'file-name-differs').examples[0]!, /names 'other\.png', taken is a\.png/)
  const noise = ['C:\\photos\\a.png', 'a', 'a.JPG', '/home/x/a.png'].map((name) => annotation('', name))
  for (const xml of noise) assert.ok(!kindsOf(await read(t, xml)).includes('file-name-differs'), xml)
})

test('where no photo has the name of the annotation file, the name inside is looked for; then it is missing', async (t) => {
  const folder = folderWith(t, {
    'annotations/1.xml': annotation(object('cat', [5, 5, 9, 9]), 'b.png'),
    'annotations/2.xml': annotation(object('cat', [5, 5, 9, 9]), '../../gone.jpg'),
    'images/b.png': await photo(40, 30, 2),
  })
  const dataset = await readDataset(folder)
  assert.deepEqual(
    dataset.images.map(({ path, missing }) => [path, missing === true]),
    [
      [join(folder, 'images/b.png'), false],
      [join(folder, 'images/gone.jpg'), true],
    ],
  )
  assert.match(problemOf(dataset, 'image-missing').examples[0]!, /2\.xml: 'gone\.jpg'/)
  assert.equal(problemOf(dataset, 'file-name-outside').count, 1)
})

test('splits of ImageSets/Main; trainval stands in for a missing train; lists per class are not read', async (t) => {
  const xml = annotation(object('cat', [5, 5, 9, 9]))
  const base = {
    'Annotations/b.xml': xml,
    'Annotations/c.xml': xml,
    'JPEGImages/b.png': await photo(40, 30, 2),
    'JPEGImages/c.png': await photo(40, 30, 3),
    'ImageSets/Main/cat_val.txt': 'a  1\nb -1\n',
  }
  const both = await read(t, xml, {
    ...base,
    'ImageSets/Main/train.txt': 'a\r\nb.png 1\nnone\n',
    'ImageSets/Main/val.txt': 'c\nb\n',
    'ImageSets/Main/trainval.txt': 'a\nb\nc\n',
  })
  assert.deepEqual(both.splits, { train: [0, 1], val: [1, 2] })
  assert.match(problemOf(both, 'split-entry-unknown').examples[0]!, /train\.txt: 'none'/)
  const trainval = await read(t, xml, {
    ...base,
    'ImageSets/Main/trainval.txt': 'a\nb\nc\n',
    'ImageSets/Main/val.txt': 'c\n',
  })
  assert.deepEqual(trainval.splits, { train: [0, 1], val: [2] })
  assert.deepEqual((await read(t, xml, base)).splits, {})
})

test('names with blanks in split lists are whole lines; only a mark of presence is taken off', async (t) => {
  const names = ['img', 'img (1)', 'img (2)', 'img 1', 'cat']
  const files: Record<string, string | Uint8Array> = {}
  for (const [i, name] of names.entries()) {
    files[`Annotations/${name}.xml`] = annotation(object('cat', [5, 5, 9, 9]), `${name}.png`)
    files[`JPEGImages/${name}.png`] = await photo(40, 30, i)
  }
  const dataset = await readDataset(
    folderWith(t, {
      ...files,
      'ImageSets/Main/train.txt': 'img (1)\n photos/img (2).png  -1\ncat 1\nimg 1\n',
      'ImageSets/Main/val.txt': 'img\nimg (3)\n',
    }),
  )
  const inSplit = (split: 'train' | 'val') => dataset.splits[split]!.map((i) => dataset.images[i]!.id).sort()
  assert.deepEqual([inSplit('train'), inSplit('val')], [['cat', 'img (1)', 'img (2)', 'img 1'], ['img']])
  assert.match(problemOf(dataset, 'split-entry-unknown').examples[0]!, /val\.txt: 'img \(3\)'/)
})

test('Roboflow lays annotations beside the photos of each split', async (t) => {
  const xml = annotation(object('cat', [5, 5, 9, 9]))
  const dataset = await readDataset(
    folderWith(t, {
      'train/a.xml': xml,
      'train/a.png': await photo(40, 30, 1),
      'valid/a.xml': xml,
      'valid/a.png': await photo(40, 30, 2),
    }),
  )
  assert.deepEqual(dataset.splits, { train: [0], val: [1] })
  assert.deepEqual(
    dataset.images.map(({ id }) => id),
    ['train/a', 'valid/a'],
  )
})

test('an annotation without objects is a photo of background', async (t) => {
  const dataset = await read(t, annotation(''), { 'Annotations/b.xml': annotation(object('cat', [5, 5, 9, 9])) })
  assert.deepEqual(dataset.images[0]!.objects, [])
  assert.equal(dataset.images.length, 2)
})
