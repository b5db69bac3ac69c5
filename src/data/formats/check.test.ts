/** @file What a check finds in photos, splits and classes. */
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { checkDataset } from './check.node.js'
import { cocoJson, type Files, folderWith, kindsOf, photo, problemOf, readCocoText } from './dataset.test.kit.js'
import { readDataset } from './read.node.js'

const sharp = createRequire(import.meta.url)('sharp') as typeof import('sharp')['default']

/** A COCO set of these photos, all stated as 40×30, with one box each. */
function setFiles(photos: Readonly<Record<string, Uint8Array | string>>, split = 'train'): Files {
  const names = Object.keys(photos)
  const images = names.map((file_name, i) => ({ id: i + 1, file_name, width: 40, height: 30 }))
  const json = cocoJson(
    names.map((_, i) => ({ image_id: i + 1 })),
    { images },
  )
  const files = Object.entries(photos).map(([name, bytes]) => [`${split}/${name}`, bytes])
  return { [`annotations/instances_${split}.json`]: json, ...Object.fromEntries(files) }
}

const noisy = (width: number, height: number): Promise<Buffer> => {
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 2654435761) >>> 24)
  return sharp(data, { raw: { width, height, channels: 3 } })
    .jpeg()
    .toBuffer()
}

test('missing, empty, foreign, truncated and damaged photos', async (t) => {
  const jpeg = await noisy(40, 30)
  const png = await photo(40, 30, 3)
  const damaged = await sharp(jpeg).png({ compressionLevel: 0 }).toBuffer()
  damaged.fill(0, damaged.length >> 1, (damaged.length >> 1) + 100)
  const photos = {
    'good.jpg': jpeg,
    'empty.jpg': '',
    'text.jpg': 'hello',
    'page.png': '<!doctype html><html>',
    'cut.jpg': jpeg.subarray(0, jpeg.length >> 1),
    'cut.png': png.subarray(0, png.length - 30),
    'damaged.png': damaged,
  }
  const { 'train/empty.jpg': _, ...files } = setFiles(photos)
  const dataset = await readDataset(folderWith(t, { ...files, 'train/empty.jpg': '' }))
  const result = await checkDataset(dataset)
  const unreadable = problemOf(result, 'image-unreadable').examples
  assert.deepEqual(unreadable.map((text) => text.split(':')[0]).sort(), [
    'cut.jpg',
    'cut.png',
    'empty.jpg',
    'page.png',
    'text.jpg',
  ])
  assert.match(unreadable.join('\n'), /empty\.jpg: expected a JPEG, .* got an empty file/)
  assert.match(unreadable.join('\n'), /page\.png: .* got an HTML page/)
  assert.match(unreadable.join('\n'), /cut\.jpg: expected an intact image, got a JPEG that does not decode/)
  // Damage between header and end is what `decode` is for.
  const decoded = await checkDataset(dataset, { decode: true })
  assert.ok(problemOf(decoded, 'image-unreadable').examples.some((text) => text.startsWith('damaged.png')))
  const gone = await checkDataset(
    await readDataset(folderWith(t, { 'annotations/instances_train.json': cocoJson([{}]) })),
  )
  assert.equal(problemOf(gone, 'image-missing').count, 2)
})

test('a stated size that the file does not have, and one that it has before it is turned upright', async (t) => {
  const turned = await sharp(await photo(40, 30, 2))
    .jpeg()
    .withMetadata({ orientation: 6 })
    .toBuffer()
  const dataset = await readDataset(folderWith(t, setFiles({ 'a.png': await photo(41, 30, 1), 'b.jpg': turned })))
  const result = await checkDataset(dataset)
  assert.deepEqual(problemOf(result, 'image-size-differs').examples, ['a.png: stated 40×30, the file has 41×30'])
  assert.deepEqual(problemOf(result, 'image-turned').examples, ['b.jpg: stated 40×30, the file has 30×40 upright'])
})

test('copies in a split, leaks between splits', async (t) => {
  const [one, two, three] = [await photo(40, 30, 1), await photo(40, 30, 2), await photo(40, 30, 3)]
  const folder = folderWith(t, {
    ...setFiles({ 'a.png': one, 'b.png': one, 'c.png': one, 'd.png': two }, 'train'),
    ...setFiles({ 'x.png': two, 'y.png': three }, 'val'),
  })
  const result = await checkDataset(await readDataset(folder))
  assert.deepEqual(problemOf(result, 'leak').examples, ['d.png (train) = x.png (val)'])
  assert.equal(problemOf(result, 'image-repeated').count, 2)
  assert.equal(problemOf(result, 'image-repeated').examples[0], 'a.png (train) = b.png (train) = c.png (train)')
})

test('files that differ only in the middle are no copies', async (t) => {
  const pixels = new Uint8Array(200 * 300 * 3).map((_, i) => (i * 2654435761) >>> 24)
  const raw = { raw: { width: 200, height: 300, channels: 3 as const } }
  const first = await sharp(pixels, raw).png({ compressionLevel: 0 }).toBuffer()
  const second = Uint8Array.from(first)
  second[first.length >> 1]! ^= 1
  const { 'annotations/instances_train.json': __, ...files } = setFiles({
    'a.png': first,
    'b.png': second,
    'c.png': first,
  })
  const images = ['a', 'b', 'c'].map((name, i) => ({ id: i + 1, file_name: `${name}.png`, width: 200, height: 300 }))
  const json = cocoJson([{}], { images })
  const result = await checkDataset(
    await readDataset(folderWith(t, { ...files, 'annotations/instances_train.json': json })),
  )
  assert.deepEqual(problemOf(result, 'image-repeated').examples, ['a.png (train) = c.png (train)'])
})

test('classes: rare, never trained, misspelt', async (t) => {
  const categories = ['helmet', 'helmit', 'Helmet ', 'truck', 'track', 'cat', 'car'].map((name, id) => ({ id, name }))
  const counts = [30, 2, 1, 20, 20, 20, 1]
  let n = 0
  const boxes = counts.flatMap((count, category_id) =>
    Array.from({ length: count }, () => ({ category_id, bbox: [n % 20, Math.floor(n++ / 20), 5, 5] })),
  )
  const folder = folderWith(t, {
    'annotations/instances_train.json': cocoJson(boxes, { categories }),
    'annotations/instances_val.json': cocoJson([{ category_id: 9 }], { categories: [{ id: 9, name: 'bus' }] }),
    'train/a.png': await photo(40, 30, 1),
    'train/b.png': await photo(40, 30, 2),
    'val/a.png': await photo(40, 30, 3),
    'val/b.png': await photo(40, 30, 4),
  })
  const result = await checkDataset(await readDataset(folder))
  assert.deepEqual(problemOf(result, 'class-names-alike').examples, [
    "'helmet' (30 objects) and 'helmit' (2)",
    "'helmet' (30 objects) and 'Helmet ' (1)",
  ])
  assert.deepEqual(problemOf(result, 'class-rare').examples, ["'helmit' (2)", "'Helmet ' (1)", "'car' (1)"])
  assert.deepEqual(problemOf(result, 'class-not-trained').examples, ["'bus' (1 objects)"])
  const all = await checkDataset(await readDataset(folder), { rareBelow: 0 })
  assert.ok(!kindsOf(all).includes('class-rare'))
})

test('numbered classes are no typing mistakes of each other, but their spelling may be one', async (t) => {
  const names = ['class 0', 'class 1', 'class 12', 'clas 0', 'class_1']
  const boxes = Array.from({ length: 30 }, (_, n) => ({ category_id: 0, bbox: [n, 2, 5, 5] }))
  const categories = names.map((name, id) => ({ id, name }))
  const result = await checkDataset(await readCocoText(t, cocoJson(boxes, { categories })))
  assert.deepEqual(problemOf(result, 'class-names-alike').examples, [
    "'class 0' (30 objects) and 'clas 0' (0)",
    "'class 1' (0 objects) and 'class_1' (0)",
  ])
})

test('figures: by split and class, empty photos, crowds, the fullest photo, sizes', async (t) => {
  const boxes = [
    { bbox: [0, 0, 10, 20] },
    { bbox: [0, 0, 20, 10], category_id: 7, area: 2000 },
    { bbox: [0, 0, 40, 30], area: 100 * 100, iscrowd: 1 },
  ]
  const folder = folderWith(t, {
    'annotations/instances_train.json': cocoJson(boxes),
    'train/a.png': await photo(40, 30, 1),
    'train/b.png': await photo(40, 30, 2),
  })
  const seen: number[] = []
  const { statistics, formats } = await checkDataset(await readDataset(folder), {
    onProgress: (done) => seen.push(done),
  })
  const { relativeSize, ...figures } = statistics
  assert.deepEqual(figures, {
    splits: [
      {
        split: 'train',
        images: 2,
        withoutObjects: 1,
        objects: 3,
        crowd: 1,
        difficult: 0,
        perClass: [2, 1],
        most: { count: 3, file: 'a.png' },
        sizes: { small: 1, medium: 1, large: 1 },
      },
    ],
    boxAspect: { low: 0.5, median: 40 / 30, high: 2 },
    imageAspect: { low: 40 / 30, median: 40 / 30, high: 40 / 30 },
    smallest: [40, 30],
    largest: [40, 30],
  })
  assert.equal(relativeSize!.high, 1)
  assert.deepEqual(formats, { png: 2 })
  assert.deepEqual(seen, [1, 2])
})
