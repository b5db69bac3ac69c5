/** @file Which format a folder has, and the sentences where that cannot be told. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { cocoJson, folderWith, photo, problemOf } from './dataset.test.kit.js'
import type { DatasetFormat } from './index.js'
import { readDataset } from './read.node.js'
import { recognizeDataset } from './recognize.node.js'
import { splitOfName } from './split-name.js'

const VOC = '<annotation><object><name>cat</name></object></annotation>'
const TABLE = 'image,xmin,ymin,xmax,ymax,label\n'

test('each format is told by what lies there', async (t) => {
  const cases: [Record<string, string>, DatasetFormat, readonly string[]][] = [
    [{ 'annotations/instances_val2017.json': cocoJson([]) }, 'coco', ['annotations/instances_val2017.json']],
    [{ 'anything.json': cocoJson([]) }, 'coco', ['anything.json']],
    [{ 'Annotations/1.xml': VOC }, 'voc', ['Annotations/*.xml']],
    [{ '1.xml': VOC }, 'voc', ['*.xml']],
    [{ 'custom.yml': 'names:\n  0: cat\n' }, 'yolo', ['custom.yml']],
    [{ 'labels/a.txt': '0 .5 .5 .5 .5\n', 'images/a.jpg': '' }, 'yolo', ['label files (*.txt)']],
    [{ 'obj.data': 'names = obj.names\n' }, 'yolo', ['obj.data']],
    [{ 'a.csv': TABLE }, 'csv', ['a.csv']],
    [{ 'annotations/a.csv': TABLE, 'people.csv': 'name,age\n' }, 'csv', ['annotations/a.csv']],
  ]
  for (const [files, format, evidence] of cases) {
    const found = await recognizeDataset(folderWith(t, files))
    assert.deepEqual([found.format, found.evidence.map((name) => name.replaceAll('\\', '/'))], [format, evidence])
  }
})

test('what COCO publishes beside the boxes is passed over', async (t) => {
  const folder = folderWith(t, {
    'annotations/captions_train2017.json': '{"info": {}, "images": [], "annotations": [{"caption": "x"}]}',
    'annotations/person_keypoints_train2017.json': cocoJson([]),
    'annotations/instances_train2017.json': cocoJson([]),
    'annotations/notes.json': '[1, 2]',
  })
  assert.deepEqual((await recognizeDataset(folder)).evidence, [join('annotations', 'instances_train2017.json')])
  await assert.rejects(
    readDataset(join(folder, 'annotations/captions_train2017.json')),
    /captions_train2017\.json: expected .* got no list of categories/,
  )
  const panoptic = folderWith(t, {
    'p.json': '{"images": [], "categories": [], "annotations": [{"segments_info": []}]}',
  })
  await assert.rejects(readDataset(panoptic), /got panoptic ones\. Give instances_\*\.json\./)
})

test('nothing, and nothing there', async (t) => {
  await assert.rejects(
    recognizeDataset(folderWith(t, {})),
    /expected a data set in COCO, .* got an empty folder\. That is annotations/,
  )
  const some = folderWith(t, { 'a.jpg': '', 'b.txt': 'x', 'c/d.txt': 'y' })
  await assert.rejects(recognizeDataset(some), /got a folder with c\/, a\.jpg, b\.txt/)
  await assert.rejects(
    recognizeDataset(join(some, 'gone')),
    /gone: expected the folder of a data set, got no such file/,
  )
  await assert.rejects(recognizeDataset(join(some, 'b.txt')), /expected the folder of a data set, or a \.json/)
  await assert.rejects(recognizeDataset(some, { format: 'coco' }), /expected a data set in COCO form/)
  await assert.rejects(
    recognizeDataset(some, { format: 'tfrecord' as DatasetFormat }),
    /expected coco, voc, yolo, csv, got 'tfrecord'/,
  )
})

test('several formats: refused with their names, unless one is only a table', async (t) => {
  const folder = folderWith(t, { 'annotations/a.json': cocoJson([{}]), 'data.yaml': 'names: [cat]\n', 'a.csv': TABLE })
  await assert.rejects(
    recognizeDataset(folder),
    /expected one data set, got 2: COCO \(annotations.a\.json\) and YOLO \(data\.yaml\)\. Name the format: coco or yolo\./,
  )
  const dataset = await readDataset(folder, { format: 'coco' })
  assert.equal(dataset.format, 'coco')
  assert.deepEqual(problemOf(dataset, 'other-format').examples, ['YOLO: data.yaml', 'CSV: a.csv'])
  const weak = folderWith(t, { 'Annotations/1.xml': VOC, 'a.csv': TABLE })
  assert.equal((await recognizeDataset(weak)).format, 'voc')
  assert.equal((await recognizeDataset(weak, { format: 'csv' })).format, 'csv')
})

test('several files of one format for the same photos: refused with their names', async (t) => {
  const nameless = folderWith(t, { 'a.json': cocoJson([]), 'b.json': cocoJson([]) })
  await assert.rejects(
    recognizeDataset(nameless),
    /expected one COCO data set, got 2 files for all photos: a\.json, b\.json/,
  )
  assert.equal((await readDataset(join(nameless, 'b.json'))).images.length, 2)
  const twice = folderWith(t, { 'train_a.json': cocoJson([]), 'train_b.json': cocoJson([]), 'val.json': cocoJson([]) })
  await assert.rejects(recognizeDataset(twice), /got 2 files for train: train_a\.json, train_b\.json/)
  const yamls = folderWith(t, { 'a.yaml': 'names: [x]', 'b.yaml': 'names: [y]' })
  await assert.rejects(recognizeDataset(yamls), /got 2 descriptions: a\.yaml, b\.yaml/)
})

test('the one data set inside a folder is taken, of several none', async (t) => {
  const one = folderWith(t, { 'VOCdevkit/VOC2012/Annotations/1.xml': VOC })
  assert.equal((await recognizeDataset(one)).folder, join(one, 'VOCdevkit', 'VOC2012'))
  const two = folderWith(t, { 'VOC2007/Annotations/1.xml': VOC, 'VOC2012/Annotations/1.xml': VOC })
  await assert.rejects(recognizeDataset(two), /expected one data set, got 2, in VOC2007, VOC2012\. Name the folder/)
  // The second name begins with the first.
  const alike = folderWith(t, { 'set/Annotations/1.xml': VOC, 'set2/Annotations/1.xml': VOC })
  await assert.rejects(recognizeDataset(alike), /expected one data set, got 2, in set, set2\. Name the folder/)
})

test('photos are looked for where a person would', async (t) => {
  const layouts = ['a.png', 'images/a.png', 'train2017/a.png', 'images/train/a.png', 'annotations/a.png']
  for (const place of layouts) {
    const files = { 'annotations/instances_train2017.json': cocoJson([{}]), [place]: await photo(40, 30, 1) }
    const folder = folderWith(t, { ...files, 'val2017/z.png': await photo(40, 30, 2) })
    assert.equal((await readDataset(folder)).images[0]!.path, join(folder, place), place)
  }
  const elsewhere = folderWith(t, { 'deep/er/than/looked/a.png': await photo(40, 30, 1), 'x.json': cocoJson([{}]) })
  assert.equal((await readDataset(elsewhere)).images[0]!.missing, true)
  const images = [join(elsewhere, 'deep/er/than/looked')]
  assert.equal((await readDataset(elsewhere, { images })).images[0]!.path, join(images[0]!, 'a.png'))
  await assert.rejects(readDataset(elsewhere, { images: [] }), /images: expected at least one folder, got none/)
})

test('splits by name', () => {
  const names = [
    'train',
    'instances_train2017.json',
    'VALID',
    'validation',
    'test-dev',
    'my_training_set',
    'trainee',
    'vals',
    '',
  ]
  const splits = ['train', 'train', 'val', 'val', 'test', 'train', undefined, undefined, undefined]
  assert.deepEqual(names.map(splitOfName), splits)
})

test('faults of the content are DatasetErrors, those of the disk FileErrors', async (t) => {
  const contents = [
    {},
    { 'annotations/instances_train.json': '{' },
    { 'Annotations/1.xml': '<annotation' },
    { 'data.yaml': 'names: {' },
    { 'train.csv': TABLE, 'val.csv': `${TABLE}"` },
  ]
  for (const files of contents) await assert.rejects(readDataset(folderWith(t, files)), { name: 'DatasetError' })
  await assert.rejects(readDataset(join(folderWith(t, {}), 'gone')), { name: 'FileError' })
})
