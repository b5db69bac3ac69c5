/** @file YOLO sets: rows, class lists, folders in every arrangement. */
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type Files, folderWith, kindsOf, photo, problemOf, summary } from './dataset.test.kit.js'
import type { DetectionDataset } from './index.js'
import { readDataset } from './read.node.js'

const YAML = 'train: images/train\nnames: [cat, dog]\n'

/** One photo of 40×20 with these label rows. */
async function read(t: TestContext, rows: string | undefined, more: Files = {}): Promise<DetectionDataset> {
  const files = {
    'data.yaml': YAML,
    'images/train/a.png': await photo(40, 20, 1),
    ...(rows === undefined ? {} : { 'labels/train/a.txt': rows }),
    ...more,
  }
  return readDataset(folderWith(t, files))
}

/** The fault of one row among good ones. */
async function faultOf(t: TestContext, row: string, more: Files = {}): Promise<string[]> {
  const dataset = await read(t, `1 0.5 0.5 0.5 0.5\n${row}\n0 0.5 0.5 0.25 0.25\n`, more)
  assert.equal(dataset.images[0]!.objects.length, 2, row)
  return dataset.problems.map(({ kind, examples }) => `${kind}: ${examples[0]}`)
}

test('fractions become pixels of the photo; Windows lines, tabs and blanks do not matter', async (t) => {
  const dataset = await read(t, '\ufeff1 0.5 0.5 0.5 0.5\r\n\r\n 0\t0.25\t0.5\t0.5\t1 \r\n')
  assert.deepEqual(summary(dataset), { 'images/train/a.png': ['dog 10 5 30 15', 'cat 0 0 20 20'] })
  assert.deepEqual([dataset.classNames, dataset.categoryIds, dataset.splits], [['cat', 'dog'], [0, 1], { train: [0] }])
  assert.deepEqual(kindsOf(dataset), [])
})

test('rows of another number of fields', async (t) => {
  assert.match(
    (await faultOf(t, '0 0.5 0.5 0.5'))[0]!,
    /row-malformed: labels\/train\/a\.txt: line 2: .*4 fields, expected 5/,
  )
  assert.match((await faultOf(t, '0 0.5 0.5 0.5 0.5 0.9'))[0]!, /6 fields, .*with a score it is a detection/)
  assert.match((await faultOf(t, '0 .1 .1 .2 .2 .3 .3 .4'))[0]!, /8 fields/)
  assert.match((await faultOf(t, 'cat 0.5 0.5 0.5 0.5'))[0]!, /'cat' is no number/)
})

test('a polygon has the box around it', async (t) => {
  const dataset = await read(t, '0 0.1 0.1 0.5 0.2 0.3 0.9\n')
  assert.deepEqual(summary(dataset), { 'images/train/a.png': ['cat 4 2 20 18'] })
  assert.deepEqual(dataset.images[0]!.objects[0]!.segmentation, [[4, 2, 20, 4, 12, 18]])
})

test('key points are left out where data.yaml announces them', async (t) => {
  const dataset = await read(t, '0 .5 .5 .5 .5 .1 .1 2 .2 .2 1\n', { 'data.yaml': `${YAML}kpt_shape: [2, 3]\n` })
  assert.deepEqual(summary(dataset), { 'images/train/a.png': ['cat 10 5 30 15'] })
  assert.equal(problemOf(dataset, 'keypoints-left-out').count, 1)
})

test('classes that are fractions, negative or beyond the list', async (t) => {
  assert.match((await faultOf(t, '0.5 .5 .5 .5 .5'))[0]!, /row-class: .*0\.5 .*\(the classes are 0 to 1\)/)
  assert.match((await faultOf(t, '-1 .5 .5 .5 .5'))[0]!, /row-class/)
  assert.match((await faultOf(t, '2 .5 .5 .5 .5'))[0]!, /row-class: .*line 2/)
  const gap = { 'data.yaml': 'train: images/train\nnames: {0: cat, 2: dog}\n' }
  assert.match(problemOf(await read(t, '1 .5 .5 .5 .5\n', gap), 'row-class').examples[0]!, /\(the classes are 0, 2\)/)
})

test('coordinates in pixels, not a number, negative size, zero size', async (t) => {
  assert.match((await faultOf(t, '0 20 10 20 10'))[0]!, /row-not-relative: .*20 10 20 10/)
  assert.match((await faultOf(t, '0 -0.5 .5 .5 .5'))[0]!, /row-not-relative/)
  assert.match((await faultOf(t, '0 nan .5 .5 .5'))[0]!, /box-not-finite/)
  assert.match((await faultOf(t, '0 .5 .5 inf .5'))[0]!, /box-not-finite/)
  assert.match((await faultOf(t, '0 .5 .5 -.5 .5'))[0]!, /box-negative/)
  assert.match((await faultOf(t, '0 .5 .5 0 .5'))[0]!, /box-zero-size/)
})

test('coordinates that are rounded past the edge are clamped', async (t) => {
  assert.deepEqual(kindsOf(await read(t, '0 0.5 0.5 1.000001 1\n1 .5 .5 .5 .5\n')), [])
  const dataset = await read(t, '0 1.005 0.5 0.5 0.5\n1 .5 .5 .5 .5\n')
  assert.deepEqual(dataset.images[0]!.objects[0]!.box, [30.2, 5, 40, 15])
  assert.equal(problemOf(dataset, 'box-partly-outside').count, 1)
})

test('rows that repeat are dropped, as the field does', async (t) => {
  assert.match((await faultOf(t, '1 0.5  0.5 0.5 0.5'))[0]!, /row-repeated: .*line 2/)
})

test('empty and missing label files are background; no label file at all is an error', async (t) => {
  const more = {
    'images/train/b.png': await photo(40, 20, 2),
    'images/train/c.png': await photo(40, 20, 3),
    'labels/train/b.txt': '\n',
  }
  const dataset = await read(t, '0 .5 .5 .5 .5\n', more)
  assert.deepEqual(
    dataset.images.map(({ objects }) => objects.length),
    [1, 0, 0],
  )
  assert.deepEqual(problemOf(dataset, 'label-missing').examples, ['images/train/c.png'])
  await assert.rejects(read(t, undefined), /expected label files \(\.txt\) .*, got none for 1 photos/)
})

test('label files without a photo, and two photos that share one', async (t) => {
  const more = { 'labels/train/x.txt': '', 'images/train/a.jpg': await photo(40, 20, 2) }
  const dataset = await read(t, '0 .5 .5 .5 .5\n', more)
  assert.deepEqual(problemOf(dataset, 'annotation-without-image').examples, ['labels/train/x.txt'])
  assert.match(problemOf(dataset, 'label-shared').examples[0]!, /a\.jpg and a\.png share labels\/train\/a\.txt/)
  assert.equal(dataset.images.length, 2)
})

test('lists of classes: as a map, with gaps, contradicting nc and classes.txt, missing', async (t) => {
  const yaml = (text: string) => ({ 'data.yaml': `train: images/train\n${text}\n` })
  const gaps = await read(t, '7 .5 .5 .5 .5\n2 .1 .1 .1 .1\n', yaml('names: {7: dog, 2: no}'))
  assert.deepEqual(
    [gaps.classNames, gaps.categoryIds],
    [
      ['no', 'dog'],
      [2, 7],
    ],
  )
  assert.deepEqual(
    gaps.images[0]!.objects.map(({ label }) => label),
    [1, 0],
  )
  const nc = await read(t, '0 .5 .5 .5 .5\n', yaml('nc: 3\nnames: [cat, dog]'))
  assert.match(problemOf(nc, 'class-lists-differ').examples[0]!, /data\.yaml: 2 names, and nc: 3/)
  const other = await read(t, '0 .5 .5 .5 .5\n', { 'classes.txt': 'dog\ncat\n' })
  assert.match(
    problemOf(other, 'class-lists-differ').examples[0]!,
    /2 names \(cat, dog\), and classes\.txt: 2 names \(dog, cat\)/,
  )
  assert.deepEqual(other.classNames, ['cat', 'dog'])
  assert.ok(!kindsOf(await read(t, '0 .5 .5 .5 .5\n', { 'classes.txt': 'cat\ndog' })).includes('class-lists-differ'))
  await assert.rejects(
    read(t, '0 .5 .5 .5 .5\n', yaml('names: cat')),
    /data\.yaml: expected names: a list .*, got 'cat'/,
  )
  await assert.rejects(read(t, '0 .5 .5 .5 .5\n', yaml('names: {a: cat}')), /a key that is no number: 'cat'/)
  await assert.rejects(read(t, '0 .5 .5 .5 .5\n', yaml('names: []')), /got no names/)
})

test('YAML that is broken, a bomb, or plays with prototypes', async (t) => {
  const yaml = (text: string) => ({ 'data.yaml': text })
  await assert.rejects(read(t, '', yaml('names: [cat\n  x: }')), /data\.yaml: expected YAML, got .* at line \d/)
  const bomb = ['a: &a [x,x,x,x,x,x,x,x,x,x]']
  for (let i = 1; i < 9; i++) {
    const [name, before] = ['abcdefghi'[i]!, 'abcdefghi'[i - 1]!]
    bomb.push(`${name}: &${name} [${new Array(10).fill(`*${before}`).join(',')}]`)
  }
  await assert.rejects(read(t, '', yaml(`${bomb.join('\n')}\nnames: *i\n`)), /expected YAML, got Excessive alias count/)
  const prototype = await read(t, '0 .5 .5 .5 .5\n', yaml('train: images/train\n__proto__: {nc: 9}\nnames: [cat]\n'))
  assert.deepEqual(prototype.classNames, ['cat'])
  assert.ok(!kindsOf(prototype).includes('class-lists-differ'))
})

test('splits: lists of photos, several folders, paths written for another place, folders that are missing', async (t) => {
  const photos = {
    'train/images/a.png': await photo(40, 20, 1),
    'train/labels/a.txt': '0 .5 .5 .5 .5\n',
    'valid/images/b.png': await photo(40, 20, 2),
    'valid/labels/b.txt': '1 .5 .5 .5 .5\n',
  }
  const read = (yaml: string, more: Files = {}) =>
    readDataset(folderWith(t, { ...photos, 'data.yaml': `${yaml}\nnames: [cat, dog]\n`, ...more }))
  const roboflow = await read('train: ../train/images\nval: ../valid/images')
  assert.deepEqual(roboflow.splits, { train: [0], val: [1] })
  assert.deepEqual(summary(roboflow)['valid/images/b.png'], ['dog 10 5 30 15'])
  assert.deepEqual((await read('path: /nowhere\ntrain: [train/images, valid/images]')).splits, { train: [0, 1] })
  const lists = { 'train.txt': './train/images/a.png\n\nvalid/images/b.png\ngone/c.png\n' }
  const listed = await read('train: train.txt', lists)
  assert.deepEqual(
    listed.images.map(({ missing }) => missing === true),
    [false, false, true],
  )
  assert.match(problemOf(listed, 'image-missing').examples[0]!, /train\.txt: 'c\.png'/)
  const gone = await read('train: train/images\ntest: test/images')
  assert.deepEqual(gone.splits, { train: [0] })
  assert.match(problemOf(gone, 'split-missing').examples[0]!, /data\.yaml: test: 'test\/images' is not there/)
})

test('a split path that is not there is missing, and no parent folder of all splits', async (t) => {
  const photos = {
    'images/train/a.png': await photo(40, 20, 1),
    'labels/train/a.txt': '0 .5 .5 .5 .5\n',
    'images/val/b.png': await photo(40, 20, 2),
    'labels/val/b.txt': '1 .5 .5 .5 .5\n',
  }
  const read = (yaml: string, more: Files = {}) =>
    readDataset(folderWith(t, { ...photos, 'data.yaml': `${yaml}\nnames: [cat, dog]\n`, ...more }))
  const missing = (dataset: DetectionDataset) => problemOf(dataset, 'split-missing').examples
  const swapped = await read('train: train/images\nval: val/images')
  assert.deepEqual(swapped.splits, { train: [0], val: [1] })
  assert.equal(missing(swapped).length, 2)
  const half = await read('train: images/train\nval: valid/images')
  assert.deepEqual([half.splits, half.images.length], [{ train: [0] }, 1])
  assert.deepEqual(missing(half), ["data.yaml: val: 'valid/images' is not there"])
  // Names that tell no split: what both come down to is neither.
  const folds = await read('train: fold1/images\nval: fold2/images')
  assert.equal(missing(folds).length, 2)
  const around = await read('train: images/train\nval: fold2/images')
  assert.deepEqual([around.splits, missing(around).length], [{ train: [0] }, 1])
  // A list that lost its split's folder is another split's, or nobody's.
  const list = await read('train: images/train\nval: val/list.txt', { 'list.txt': 'images/train/a.png\n' })
  assert.deepEqual([list.splits, missing(list).length], [{ train: [0] }, 1])
  // What was written for another place, and is one folder for two splits by its author's will, stays.
  assert.deepEqual((await read('train: ../set/images/train\nval: ../set/images/val')).splits, { train: [0], val: [1] })
  assert.deepEqual((await read('train: set/images\nval: set/images')).splits, { train: [0, 1], val: [0, 1] })
  assert.deepEqual((await read('train: ../train_val/images/train')).splits, { train: [0] })
})

test('a split folder without photos is there all the same', async (t) => {
  const folder = folderWith(t, {
    'images/train/a.png': await photo(40, 20, 1),
    'labels/train/a.txt': '0 .5 .5 .5 .5\n',
    'images/test/notes.md': 'none yet',
    'data.yaml': 'train: images/train\nval: images/val\ntest: images/test\nnames: [cat]\n',
  })
  mkdirSync(join(folder, 'images/val'))
  const dataset = await readDataset(folder)
  assert.deepEqual(dataset.splits, { train: [0] })
  assert.deepEqual(problemOf(dataset, 'split-missing').examples, [
    "data.yaml: val: 'images/val' has no photos",
    "data.yaml: test: 'images/test' has no photos",
  ])
})

test('without data.yaml: splits by folders, classes by classes.txt or by number', async (t) => {
  const files = {
    'images/train/a.png': await photo(40, 20, 1),
    'images/val/b.png': await photo(40, 20, 2),
    'labels/train/a.txt': '0 .5 .5 .5 .5\n',
    'labels/val/b.txt': '2 .5 .5 .5 .5\n',
  }
  const bare = await readDataset(folderWith(t, files))
  assert.deepEqual([bare.splits, bare.classNames], [{ train: [0], val: [1] }, ['class 0', 'class 1', 'class 2']])
  assert.equal(problemOf(bare, 'class-names-unknown').count, 1)
  const named = await readDataset(folderWith(t, { ...files, 'labels/classes.txt': 'a\nb\nc\n' }))
  assert.deepEqual(named.classNames, ['a', 'b', 'c'])
  const flat = await readDataset(folderWith(t, { 'x.png': await photo(40, 20, 1), 'x.txt': '0 .5 .5 .5 .5\n' }))
  assert.deepEqual([flat.splits, summary(flat)], [{}, { 'x.png': ['class 0 10 5 30 15'] }])
})

test("Darknet's obj.data", async (t) => {
  const folder = folderWith(t, {
    'obj.data': 'classes = 2\ntrain = data/train.txt\nnames = data/obj.names\nbackup = backup/\n',
    'obj.names': 'cat\ndog\n',
    'train.txt': 'data/obj_train_data/a.png\n',
    'obj_train_data/a.png': await photo(40, 20, 1),
    'obj_train_data/a.txt': '1 .5 .5 .5 .5\n',
  })
  const dataset = await readDataset(folder)
  assert.deepEqual([dataset.splits, summary(dataset)], [{ train: [0] }, { 'obj_train_data/a.png': ['dog 10 5 30 15'] }])
})

test('a photo that is no image has no boxes, and is named', async (t) => {
  const dataset = await read(t, '0 .5 .5 .5 .5\n', {
    'images/train/b.jpg': 'not a photo',
    'labels/train/b.txt': '0 .5 .5 .5 .5',
  })
  assert.deepEqual(
    dataset.images.map(({ objects }) => objects.length),
    [1, 0],
  )
  assert.match(problemOf(dataset, 'image-unreadable').examples[0]!, /b\.jpg: expected a JPEG, .*, got a text file/)
})
