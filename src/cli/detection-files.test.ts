import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { type Found, tinyDetection, writePicture } from '../../test/support/cli.js'
import { TINY_CLASSES } from '../../test/support/tiny-model.js'
import { decodeImage } from '../data/index.node.js'

const { at, detect } = tinyDetection('-t', '0')

before(async () => {
  mkdirSync(at('sub'))
  await writePicture(at('2.jpg'), 400, 300, 1)
  await writePicture(at('10.png'), 64, 128, 2)
  await writePicture(at('sub/写真 ü.webp'), 330, 30, 3)
  copyFileSync(at('10.png'), at('sub/10.png'))
  writeFileSync(at('notes.txt'), 'no image')
})

test('annotated pictures have the size of their photos, small ones a multiple, and a name of their own', async () => {
  const out = at('new/annotated')
  const photos = ['2.jpg', '10.png', 'sub/10.png', 'sub/写真 ü.webp', 'notes.txt'].map(at)
  const { code, err } = await detect(...photos, '--out', out)
  assert.equal(code, 1)
  assert.match(err, /^annotated pictures: 4 in .*annotated$/m)
  const sizes = new Map<string, string>()
  for (const name of readdirSync(out)) {
    const { width, height } = await decodeImage(join(out, name))
    sizes.set(name.normalize('NFC'), `${width}×${height}`)
  }
  assert.deepEqual(Object.fromEntries(sizes), {
    '10-2.png': '192×384',
    '10.png': '192×384',
    '2.jpg': '400×300',
    '写真 ü.png': '330×30',
  })
  const [before, after] = [await decodeImage(at('2.jpg')), await decodeImage(join(out, '2.jpg'))]
  const changed = before.data.filter((value, i) => Math.abs(value - after.data[i]!) > 60).length
  assert.ok(changed > 1000, `${changed} values`)
})

test('a photo that cannot be drawn is reported, and keeps its detections', async () => {
  mkdirSync(at('blocked/2.jpg'), { recursive: true })
  const { code, out, err } = await detect('--json', at('2.jpg'), at('10.png'), '--out', at('blocked'))
  assert.equal(code, 1)
  assert.deepEqual(
    (JSON.parse(out) as Found[]).map(({ detections }) => detections.length),
    [12, 12],
  )
  assert.match(err, /^detrs: .*2\.jpg: expected a place that can be written, got a folder\. Choose another place\.$/m)
  assert.match(err, /^annotated pictures: 1 in /m)
  assert.match(err, /^detrs: 1 of 2 photos failed$/m)
})

test('COCO results are the detections with ids and corner, width, height', async () => {
  copyFileSync(at('2.jpg'), at('000000000139.jpg'))
  const [coco, photos] = [at('results.json'), [at('000000000139.jpg'), at('10.png'), at('sub/写真 ü.webp')]]
  const { code, out } = await detect('--json', '--coco', coco, ...photos)
  assert.equal(code, 0)
  const results = JSON.parse(readFileSync(coco, 'utf8')) as unknown
  const expected = (JSON.parse(out) as Found[]).flatMap(({ detections }, i) =>
    detections.map(({ label, score, box }) => ({
      image_id: [139, 10, '写真 ü'][i],
      category_id: label === 'class 2' ? 3 : TINY_CLASSES.indexOf(label) + 1,
      bbox: [box.xmin, box.ymin, box.xmax - box.xmin, box.ymax - box.ymin],
      score,
    })),
  )
  assert.deepEqual(results, expected)
})

test('COCO results take the ids of annotations, by names of photos and classes', async () => {
  const annotations = {
    images: [
      { id: 7, file_name: 'a/10.png' },
      { id: 'x', file_name: 'sub/10.png' },
    ],
    categories: [
      { id: 40, name: TINY_CLASSES[1] },
      { id: 30, name: TINY_CLASSES[0] },
    ],
  }
  const [gt, coco] = [at('annotations.json'), at('annotated.json')]
  writeFileSync(gt, JSON.stringify(annotations))
  const { code, out, err } = await detect('--json', '--coco', coco, '--gt', gt, at('sub/10.png'))
  assert.equal(code, 0, err)
  const results = JSON.parse(readFileSync(coco, 'utf8')) as { image_id: unknown; category_id: number }[]
  const [found] = JSON.parse(out) as Found[]
  const known = found!.detections.filter(({ label }) => TINY_CLASSES.slice(0, 2).includes(label))
  assert.ok(known.length > 0)
  assert.deepEqual(
    results.map(({ image_id, category_id }) => [image_id, category_id]),
    known.map(({ label }) => ['x', label === TINY_CLASSES[0] ? 30 : 40]),
  )
  if (known.length < found!.detections.length) assert.match(err, /annotations\.json has no such classes, left out of/)
  const unknown = await detect('--coco', coco, '--gt', gt, at('2.jpg'))
  assert.match(unknown.err, /--gt .*annotations\.json: expected one photo named 2\.jpg, got none\./)
  const alone = await detect('--gt', gt, at('2.jpg'))
  assert.match(alone.err, /--gt: expected --coco FILE, whose results take the ids/)
})
