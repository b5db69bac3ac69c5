/** @file Pictures and records of an evaluation agree with its numbers; its folder holds what a person looks for. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { decodeImage, encodeImage } from '../data/index.node.js'
import { type CocoEvaluation, evaluateCoco, parseJson } from '../eval/index.js'
import { FileError } from '../tensor/index.js'
import { confusionPicture, largestClasses, meanCurve, precisionRecallPicture, score } from './evaluation-pictures.js'
import { classesCsv, photosCsv, recordEvaluation } from './evaluation-record.js'
import { judgePhotos } from './judged-photos.js'
import { writeEvaluation, writeReport } from './report-folder.node.js'

const folder = mkdtempSync(join(tmpdir(), 'detrs-report-'))
after(() => rmSync(folder, { recursive: true, force: true }))

type Box = [number, number, number, number]
const box = (x: number): Box => [x, 10, 30, 30]
const groundTruth = {
  images: [{ id: 1 }, { id: 2 }, { id: 3 }],
  categories: [
    { id: 1, name: 'cat' },
    { id: 2, name: 'dog, "large"' },
    { id: 3, name: 'unicorn' },
  ],
  annotations: [
    { id: 1, image_id: 1, category_id: 1, bbox: box(0) },
    { id: 2, image_id: 1, category_id: 2, bbox: box(50) },
    { id: 3, image_id: 2, category_id: 1, bbox: box(0) },
  ],
}
const detections = [
  { image_id: 1, category_id: 1, bbox: box(0), score: 0.9 },
  { image_id: 1, category_id: 1, bbox: box(50), score: 0.8 },
  { image_id: 2, category_id: 1, bbox: box(1), score: 0.7 },
  { image_id: 3, category_id: 2, bbox: box(0), score: 0.1 },
]
const evaluation = evaluateCoco({ groundTruth, detections })
const photos = ['a.png', 'b.png', 'gone.png'].map((file) => ({ file, path: join(folder, file) }))
const judged = judgePhotos(evaluation, photos)

/** The mean curve over all IoUs encloses AP, and that at one IoU the AP of that IoU. */
function checkAreas(one: CocoEvaluation): void {
  const { AP, AP50, AP75 } = one.summarize()
  for (const [expected, iou] of [
    [AP, undefined],
    [AP50, 0.5],
    [AP75, 0.75],
  ] as const) {
    const curve = meanCurve(one, iou)!
    assert.ok(Math.abs(curve.reduce((sum, value) => sum + value, 0) / curve.length - expected) < 1e-12)
  }
}

test('the area under each curve is the AP that its legend says', () => {
  checkAreas(evaluation)
  const nothing = evaluateCoco({ groundTruth: { ...groundTruth, annotations: [] }, detections })
  assert.equal(meanCurve(nothing), undefined)
  assert.ok(precisionRecallPicture(nothing).width > 0)
})

const DATA = join(process.env['DETRS_DATA'] ?? '../shared/data', 'coco-eval')
test("the same for COCO's own fake results", { skip: existsSync(DATA) ? false : `${DATA} is absent` }, () => {
  const read = (name: string): never => parseJson(readFileSync(join(DATA, name), 'utf8'), name) as never
  const results = read('cocoapi/results/instances_val2014_fakebbox100_results.json')
  const one = evaluateCoco({ groundTruth: read('instances_val2014_100.json'), detections: results })
  checkAreas(one)
  assert.equal(meanCurve(one, 0.5)![0], Math.max(...meanCurve(one, 0.5)!))
})

test('photos are looked at from the score with the best F1 on', () => {
  assert.equal(judged.minScore, 0.7)
  assert.deepEqual(judged.point, { threshold: 0.7, precision: 2 / 3, recall: 2 / 3, f1: 2 / 3 })
  const hopeless = judgePhotos(evaluateCoco({ groundTruth, detections: [] }), photos)
  assert.deepEqual([hopeless.minScore, hopeless.point], [0.5, undefined])
})

test('right, wrong and missed are counted by class and by photo', () => {
  const record = recordEvaluation(judged, 4)
  assert.deepEqual(
    record.classes.map(({ name, objects, right, wrong, missed }) => [name, objects, right, wrong, missed]),
    [
      ['cat', 2, 2, 1, 0],
      ['dog, "large"', 1, 0, 0, 1],
      ['unicorn', 0, 0, 0, 0],
    ],
  )
  assert.equal(record.epoch, 4)
  assert.equal(photosCsv(record), 'photo,right,wrong,missed\na.png,1,1,1\nb.png,1,0,0\ngone.png,0,0,0\n')
  const [heading, cat, dog, unicorn] = classesCsv(record).trimEnd().split('\n')
  assert.match(heading!, /^class,photos,objects,detections,right,wrong,missed,AP,AP50,AP75,APs,APm,APl,AR1,/)
  assert.ok(cat!.startsWith(`cat,2,2,3,2,1,0,${record.classes[0]!.AP},`))
  assert.ok(dog!.startsWith('"dog, ""large""",1,1,1,0,0,1,0,0,0,'))
  assert.equal(unicorn, 'unicorn,0,0,0,0,0,0,,,,,,,,,,,,')
})

test('of very many classes the confusion matrix shows the hundred that occur most', () => {
  const labels = [...Array.from({ length: 300 }, (_, i) => `c${i}`), 'background']
  const counts = new Uint32Array(301 * 301)
  for (let k = 200; k < 300; k++) counts[k * 301 + k] = 5
  const { width } = confusionPicture({ labels, counts }, { iou: 0.5, minScore: 0.5 })
  assert.ok(width < 101 * 24 + 300, `${width}`)
})

test('where not all classes fit, those without objects and detections are left out', () => {
  const labels = [...Array.from({ length: 300 }, (_, i) => `c${i}`), 'background']
  const counts = new Uint32Array(301 * 301)
  counts[7 * 301 + 7] = 3
  counts[20 * 301 + 300] = 1
  counts[300 * 301 + 9] = 2
  const shown = largestClasses({ labels, counts }, 100)
  assert.deepEqual(shown, {
    labels: ['c7', 'c9', 'c20', 'background'],
    counts: [3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 0, 0],
    rarest: 0,
    empty: 297,
  })
  const two = largestClasses({ labels, counts }, 2)
  assert.deepEqual([two.labels, two.rarest, two.empty], [['c7', 'c9', 'background'], 1, 297])
  assert.ok(confusionPicture({ labels, counts: new Uint32Array(301 * 301) }, { iou: 0.5, minScore: 0.5 }).width > 0)
})

test('scores are written so that none looks like 0', () => {
  assert.deepEqual([0.5, 0.0123, 0.00004, 0, 1].map(score), ['0.50', '0.012', '0.000040', '0.00', '1.00'])
})

test('a folder gets pictures, tables and one page; a photo that is gone is said to be', async () => {
  for (const [i, file] of ['a.png', 'b.png'].entries()) {
    const picture = { width: 100, height: 60, data: new Uint8Array(18_000).fill(60 + 60 * i) }
    writeFileSync(join(folder, file), await encodeImage(picture, 'png'))
  }
  const out = mkdtempSync(join(folder, 'out-'))
  await writeEvaluation(out, judged)
  await writeReport(out, { title: 'Title <1>', subtitle: 'of a test' })
  const names = ['classes.csv', 'confusion-matrix.png', 'evaluation.json', 'photos.csv', 'pr-curves.png', 'report.html']
  assert.deepEqual(readdirSync(out).sort(), [...names, 'validation-predictions.png', 'worst-photos.png'])
  const { width } = await decodeImage(join(out, 'worst-photos.png'))
  assert.ok(width > 480)
  const html = readFileSync(join(out, 'report.html'), 'utf8')
  for (const piece of ['<h1>Title &lt;1&gt;</h1>', '<td>dog, &quot;large&quot;</td>', '<td>a.png</td>']) {
    assert.ok(html.includes(piece), piece)
  }
  assert.equal(html.match(/src="data:image\/png/g)?.length, 2)
  assert.equal(html.match(/src="data:image\/jpeg/g)?.length, 2)
})

test('without files of photos there are numbers and curves, and damaged files are passed over', async () => {
  const out = mkdtempSync(join(folder, 'out-'))
  await writeEvaluation(
    out,
    judgePhotos(
      evaluation,
      photos.map(({ file }) => ({ file })),
    ),
  )
  assert.ok(!existsSync(join(out, 'worst-photos.png')))
  writeFileSync(join(out, 'environment.json'), '{"node": "20')
  writeFileSync(join(out, 'args.json'), '{"batchSize": 8}')
  writeFileSync(join(out, 'results.csv'), 'epoch,loss,AP\n7,1,0.25\n')
  await writeReport(out, { title: 'T', subtitle: '', reasons: ['batch 8: few photos'] })
  const html = readFileSync(join(out, 'report.html'), 'utf8')
  assert.match(html, /<td>batchSize<\/td><td>8<\/td>/)
  assert.match(html, /<td>batch 8<\/td><td>few photos<\/td>/)
  assert.match(html, /<dt>Epochs<\/dt><dd>7<\/dd><dd class="note">best AP 0\.250 after 7<\/dd>/)
  assert.ok(!html.includes('Environment'))
  writeFileSync(join(out, 'results.csv'), 'epoch,loss,AP\n7,1,-1\n')
  await writeReport(out, { title: 'T', subtitle: '' })
  assert.match(readFileSync(join(out, 'report.html'), 'utf8'), /"note">nothing to measure: validation photos have no/)
})

test('a folder that cannot be written is an error', async () => {
  await assert.rejects(writeEvaluation(join(folder, 'missing'), judged), FileError)
  await assert.rejects(writeReport(join(folder, 'missing'), { title: '', subtitle: '' }), FileError)
})
