/** @file Validation photos for sets without any: by content alone, and said so. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { cocoJson, folderWith, photo } from './dataset.test.kit.js'
import { withValidation } from './divide.node.js'
import type { DetectionDataset } from './index.js'
import { readDataset } from './read.node.js'

/** A set without splits: photos by name, each of the content of its number. */
async function setOf(
  t: TestContext,
  photos: Readonly<Record<string, number>>,
  json = 'all.json',
): Promise<DetectionDataset> {
  const images = Object.keys(photos).map((file_name, id) => ({ id, file_name, width: 8, height: 8 }))
  const files = Object.entries(photos).map(async ([name, colour]) => [name, await photo(8, 8, colour)] as const)
  const made = Object.fromEntries(await Promise.all(files))
  return readDataset(folderWith(t, { [json]: cocoJson([], { images }), ...made }))
}

const filesOf = ({ images }: DetectionDataset, positions: readonly number[] = []): string[] =>
  positions.map((i) => images[i]!.file)

test('photos are divided by their content: names, order and company do not matter', async (t) => {
  const photos = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`${i}.png`, i]))
  const { dataset, note } = await withValidation(await setOf(t, photos), 0.25)
  const { train = [], val = [] } = dataset.splits
  assert.equal(train.length + val.length, 60)
  assert.ok(val.length > 5 && val.length < 25, `${val.length} of 60 held out`)
  assert.match(note!, /has no splits: \d+ of 60 photos are held out for validation, chosen by a hash of their content/)
  const held = new Set(filesOf(dataset, val).map((file) => photos[file]))
  const others = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`other-${99 - i}.png`, i + 10]))
  const again = (await withValidation(await setOf(t, others), 0.25)).dataset
  for (const file of filesOf(again, again.splits.val)) assert.ok(held.has(others[file]), file)
  for (const file of filesOf(again, again.splits.train)) assert.ok(!held.has(others[file]), file)
})

test('copies stay on one side, and both sides have a photo', async (t) => {
  for (let colour = 0; colour < 8; colour++) {
    const { dataset } = await withValidation(await setOf(t, { 'a.png': colour, 'b.png': colour, 'c.png': colour + 20 }))
    const sides = [filesOf(dataset, dataset.splits.train), filesOf(dataset, dataset.splits.val)]
    assert.deepEqual(sides.map((side) => side.join()).sort(), ['a.png,b.png', 'c.png'])
  }
})

test('own validation photos are left alone; a train split alone is divided; without training photos it is refused', async (t) => {
  const photos = { 'a.png': 1, 'b.png': 2, 'c.png': 3, 'd.png': 4 }
  const plain = await setOf(t, photos)
  const own: DetectionDataset = { ...plain, splits: { train: [0, 1], val: [2] } }
  assert.deepEqual(await withValidation(own), { dataset: own, note: undefined })
  const trainOnly = await withValidation(await setOf(t, photos, 'train.json'))
  assert.match(trainOnly.note!, /has no validation photos/)
  assert.ok(trainOnly.dataset.splits.val!.length > 0)
  const test: DetectionDataset = { ...plain, splits: { train: [0, 1, 2], test: [3] } }
  assert.deepEqual((await withValidation(test)).dataset.splits.test, [3])
  await assert.rejects(withValidation({ ...plain, splits: { val: [0] } }), /expected photos to train on, got only val/)
  await assert.rejects(
    withValidation(await setOf(t, { 'a.png': 1, 'b.png': 1 })),
    /expected at least two different photos, got one/,
  )
  await assert.rejects(withValidation(plain, 1), /expected a number between 0 and 1, got 1/)
})
