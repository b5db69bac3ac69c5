/** @file Tables of labels: headings of several tools, cells in quotes, rows that are wrong. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { parseCsv } from './csv.js'
import { type Files, folderWith, kindsOf, photo, problemOf, summary } from './dataset.test.kit.js'
import type { DetectionDataset } from './index.js'
import { readDataset } from './read.node.js'

async function read(t: TestContext, table: string, more: Files = {}): Promise<DetectionDataset> {
  const photos = { 'images/a.png': await photo(40, 20, 1), 'images/b.png': await photo(40, 20, 2) }
  return readDataset(folderWith(t, { 'labels.csv': table, ...photos, ...more }))
}

test('cells: quotes, separators, line breaks', () => {
  const parse = (text: string) => parseCsv(new TextEncoder().encode(text), 'x.csv')
  const texts = (text: string) => parse(text).map(({ cells }) => cells.map((cell) => cell.text))
  assert.deepEqual(texts('\ufeffa,b\r\n"x, ""y""\n",2\n\n , '), [
    ['a', 'b'],
    ['x, "y"\n', '2'],
    ['', ''],
  ])
  assert.deepEqual(texts('a;b\n1,5;2'), [
    ['a', 'b'],
    ['1,5', '2'],
  ])
  assert.deepEqual(texts('a\tb\r1\t2'), [
    ['a', 'b'],
    ['1', '2'],
  ])
  assert.deepEqual(
    parse('a,b\n"x\ny",1\nz,2').map(({ line }) => line),
    [1, 2, 4],
  )
  assert.throws(() => parse('a,b\n1,"2'), /x\.csv: expected closing quotes, got none for those of line 2/)
  assert.throws(() => parseCsv(new Uint8Array([0xff, 0xfe, 0x61]), 'x.csv'), /expected text in UTF-8/)
})

test('headings of several tools say the same', async (t) => {
  const tables = [
    'image,xmin,ymin,xmax,ymax,label\na.png,1,2,11,7,cat\n',
    'filename,width,height,class,xmin,ymin,xmax,ymax\na.png,40,20,cat,1,2,11,7\n',
    'image_path,x_min,y_min,x_max,y_max,class_name\nimages/a.png,1,2,11,7,cat\n',
    'Image;X1;Y1;X2;Y2;Category\na.png;1,0;2;11;7;cat\n',
    'file,x,y,w,h,name\na.png,1,2,10,5,cat\n',
    'file,label,x,y,width,height\na.png,cat,1,2,10,5\n',
    'label_name,bbox_x,bbox_y,bbox_width,bbox_height,image_name,image_width,image_height\ncat,1,2,10,5,a.png,40,20\n',
    'images/a.png,1,2,11,7,cat\n',
  ]
  for (const table of tables) {
    const dataset = await read(t, table)
    assert.deepEqual(Object.values(summary(dataset)), [['cat 1 2 11 7']], table)
    assert.deepEqual(kindsOf(dataset), [], table)
    assert.deepEqual([dataset.images[0]!.width, dataset.images[0]!.height], [40, 20])
  }
})

test('Open Images has fractions, decimal commas, names without extension, and groups', async (t) => {
  const table =
    'ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded,IsTruncated,IsGroupOf\n' +
    'a,,cat,1,"0,25","0,5","0,1","0,35",0,0,1\nb.png,,dog,1,0.5,1,0,0.5,0,0,0\n'
  const dataset = await read(t, table)
  assert.deepEqual(summary(dataset), { a: ['cat 10 2 20 7'], 'b.png': ['dog 20 0 40 10'] })
  assert.deepEqual(
    dataset.images.map(({ objects }) => objects[0]!.crowd === true),
    [true, false],
  )
})

test('a row with empty cells is a photo without objects', async (t) => {
  const dataset = await read(t, 'image,xmin,ymin,xmax,ymax,label\na.png,1,2,11,7,cat\nb.png,,,,,\n')
  assert.deepEqual(
    dataset.images.map(({ objects }) => objects.length),
    [1, 0],
  )
})

test('rows that are wrong are dropped and named', async (t) => {
  const rows = [
    ',1,2,3,4,cat',
    'a.png,1,2,3,4,',
    'a.png,1,x,3,4,cat',
    'a.png,9,2,3,4,cat',
    'a.png,5,5,5,9,cat',
    'a.png,90,2,99,4,cat',
  ]
  const dataset = await read(t, `image,xmin,ymin,xmax,ymax,label\na.png,1,2,11,7,cat\n${rows.join('\n')}\n`)
  assert.deepEqual(
    dataset.images.map(({ objects }) => objects.length),
    [1],
  )
  assert.deepEqual(problemOf(dataset, 'row-malformed').examples, [
    'labels.csv: line 3: ,1,2,3,4,cat (no photo)',
    'labels.csv: line 4: a.png,1,2,3,4, (no class)',
  ])
  assert.match(problemOf(dataset, 'box-not-finite').examples[0]!, /labels\.csv: line 5 \(a\.png\): 1, NaN, 3, 4/)
  for (const kind of ['box-negative', 'box-zero-size', 'box-outside'] as const)
    assert.equal(problemOf(dataset, kind).count, 1)
})

test('classes.csv gives ids and order, and makes others unknown', async (t) => {
  const table = 'images/a.png,1,2,11,7,dog\nimages/a.png,1,2,11,9,cow\n'
  const dataset = await read(t, table, { 'classes.csv': 'cat,4\ndog,0\n' })
  assert.deepEqual(
    [dataset.classNames, dataset.categoryIds],
    [
      ['dog', 'cat'],
      [0, 4],
    ],
  )
  assert.match(problemOf(dataset, 'class-unknown').examples[0]!, /labels\.csv: line 2: 'cow'/)
})

test('splits by file, by column, and by Roboflow folder; a table of all is passed over', async (t) => {
  const heading = 'image,xmin,ymin,xmax,ymax,label\n'
  const row = (name: string) => `${name}.png,1,2,11,7,cat\n`
  const files = await readDataset(
    folderWith(t, {
      'data/train.csv': heading + row('a'),
      'data/test_labels.csv': heading + row('b'),
      'data/all.csv': heading + row('a') + row('b'),
      'images/a.png': await photo(40, 20, 1),
      'images/b.png': await photo(40, 20, 2),
    }),
  )
  assert.deepEqual([files.splits, files.images.length], [{ train: [1], test: [0] }, 2])
  assert.deepEqual(problemOf(files, 'other-format').examples, ['CSV: data/all.csv'])
  const table = 'image,xmin,ymin,xmax,ymax,label,split\na.png,1,2,11,7,cat,train\nb.png,1,2,11,7,cat,valid\n'
  assert.deepEqual((await read(t, table)).splits, { train: [0], val: [1] })
  const roboflow = await readDataset(
    folderWith(t, {
      'train/_annotations.csv': heading + row('a'),
      'train/a.png': await photo(40, 20, 1),
      'valid/_annotations.csv': heading + row('b'),
      'valid/b.png': await photo(40, 20, 2),
    }),
  )
  assert.deepEqual(roboflow.splits, { train: [0], val: [1] })
  assert.ok(roboflow.images.every(({ missing }) => missing !== true))
})

test('a photo under several spellings of its path is one photo with all its boxes', async (t) => {
  const rows = [
    'a.png,1,2,11,7',
    'images/a.png,2,2,11,7',
    './a.png,3,2,11,7',
    'b.png,4,2,11,7',
    'images\\a.png,5,2,11,7',
  ]
  const table = `image,xmin,ymin,xmax,ymax,label\n${rows.map((row) => `${row},cat\n`).join('')}`
  const dataset = await read(t, table)
  const lefts = dataset.images.map(({ file, objects }) => [file, ...objects.map(({ box }) => box[0])])
  assert.deepEqual(lefts, [
    ['a.png', 1, 2, 3, 5],
    ['b.png', 4],
  ])
  const gone = await read(t, `${table}gone.png,1,2,3,4,cat\n./gone.png,2,2,3,4,cat\n`)
  assert.equal(problemOf(gone, 'image-missing').count, 1)
  assert.equal(gone.images.length, 3)
})

test('a photo whose rows contradict each other in their split is in the first, and reported', async (t) => {
  const heading = 'image,xmin,ymin,xmax,ymax,label,split\n'
  const dataset = await read(
    t,
    `${heading}a.png,1,2,11,7,cat,\na.png,2,2,11,7,cat,val\n./a.png,3,2,11,7,cat,train\nb.png,1,2,11,7,cat,train\n`,
  )
  assert.deepEqual(dataset.splits, { train: [1], val: [0] })
  assert.deepEqual(problemOf(dataset, 'split-contradicted').examples, [
    'labels.csv: line 4: ./a.png: train, before val',
  ])
  assert.equal(dataset.images[0]!.objects.length, 3)
})

test('columns of something else are named', async (t) => {
  const folder = folderWith(t, { 'x.csv': 'name,age\nx,1\n' })
  await assert.rejects(
    readDataset(`${folder}/x.csv`),
    /expected the columns image, xmin, ymin, xmax, ymax, label, got name, age/,
  )
  await assert.rejects(
    readDataset(folder),
    /expected a data set in COCO, Pascal VOC, YOLO or CSV form, got a folder with x\.csv/,
  )
})
