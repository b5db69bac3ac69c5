/** @file What a run shows is kept up to date, and what cannot be drawn or written is one warning. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { encodeImage } from '../data/index.node.js'
import { evaluateCoco } from '../eval/index.js'
import type { Runtime } from '../runtime/index.js'
import { tensorData } from '../tensor/index.js'
import { RunPictures } from './run-pictures.node.js'
import type { EpochSummary } from './trainer.js'

const folder = mkdtempSync(join(tmpdir(), 'detrs-run-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const runtime = { name: 'ffi', version: '1.2.3', providers: ['cpu'], threads: 3 } as unknown as Runtime
const photo = join(folder, 'a.png')
writeFileSync(photo, await encodeImage({ width: 90, height: 60, data: new Uint8Array(16_200) }, 'png'))
const box: [number, number, number, number] = [0, 0, 30, 30]
const groundTruth = {
  images: [{ id: 1 }],
  categories: [{ id: 1, name: 'cat' }],
  annotations: [{ id: 1, image_id: 1, category_id: 1, bbox: box }],
}
const evaluationOf = (score: number) =>
  evaluateCoco({ groundTruth, detections: [{ image_id: 1, category_id: 1, bbox: box, score }] })
const batch = {
  images: tensorData('uint8', [1, 64, 64, 3], new Uint8Array(64 * 64 * 3)),
  sizes: tensorData('int32', [1, 2], Int32Array.of(40, 60)),
  targets: [{ labels: Int32Array.of(0), boxes: Float32Array.of(0.5, 0.5, 0.5, 0.5) as never }],
}
const summaryOf = (epoch: number, metrics?: Record<string, number>): EpochSummary => {
  const summary = { epoch, loss: 3 / epoch, terms: new Map([['loss_ce', 1]]), gradientNorm: 2, learningRate: 0.1 }
  return metrics === undefined ? summary : { ...summary, metrics }
}

async function open(path: string, warnings: string[], epoch = 0): Promise<RunPictures> {
  return RunPictures.open({
    folder: path,
    title: 'a model on data',
    runtime,
    classNames: ['cat'],
    photos: [{ file: 'a.png', path: photo }],
    reasons: ['batch 1: one photo'],
    options: { evaluateEvery: 1 },
    epoch,
    warn: (line) => warnings.push(line),
  })
}

test('from the first batch to the last page', async () => {
  const [run, warnings] = [join(folder, 'run'), [] as string[]]
  mkdirSync(run)
  const pictures = await open(run, warnings)
  const environment = JSON.parse(readFileSync(join(run, 'environment.json'), 'utf8'))
  assert.deepEqual(
    [environment.engine, environment.onnxRuntime, environment.threads, environment.evaluateEvery],
    ['ffi', '1.2.3', 3, 1],
  )
  assert.match(environment.detrs, /^\d+\.\d+\.\d+/)
  for (let i = 0; i < 5; i++) await pictures.batch({ epoch: 0, batch: i }, batch)
  await pictures.batch({ epoch: 1, batch: 0 }, batch)
  const drawn = (): string[] => readdirSync(run).filter((name) => name.endsWith('.png'))
  assert.deepEqual(drawn().sort(), ['train-batch-0.png', 'train-batch-1.png', 'train-batch-2.png'])

  writeFileSync(join(run, 'results.csv'), 'epoch,loss,AP\n1,3,\n')
  await pictures.epochEnd(summaryOf(1))
  assert.ok(!drawn().includes('results.png'), 'nothing was evaluated')

  const epochOf = (): number => JSON.parse(readFileSync(join(run, 'evaluation.json'), 'utf8')).epoch
  pictures.evaluated(evaluationOf(0.9))
  await pictures.epochEnd(summaryOf(2, { AP: 0.9 }))
  await pictures.saved(true)
  assert.ok(drawn().includes('worst-photos.png') && drawn().includes('results.png'))
  assert.equal(epochOf(), 2)
  pictures.evaluated(evaluationOf(0.1))
  await pictures.epochEnd(summaryOf(3, { AP: 0.1 }))
  await pictures.saved(false)
  await pictures.finish()
  assert.equal(epochOf(), 2, 'pictures stay those of the best weights')
  assert.match(readFileSync(join(run, 'report.html'), 'utf8'), /Run folder run, 3 epochs/)
  assert.deepEqual(warnings, [])
  pictures.evaluated(evaluationOf(0.95))
  await pictures.epochEnd(summaryOf(4, { AP: 0.95 }))
  await pictures.saved(true)
  assert.equal(epochOf(), 4, 'better weights are shown as soon as they are saved')

  const resumed = await open(run, warnings, 4)
  await resumed.epochEnd(summaryOf(5))
  assert.equal(readdirSync(run).filter((name) => name.includes('tfevents')).length, 2)
})

test('where no evaluation is ever the best, the last one is shown', async () => {
  const [run, warnings] = [join(folder, 'never'), [] as string[]]
  mkdirSync(run)
  const pictures = await open(run, warnings)
  pictures.evaluated(evaluationOf(0.9))
  await pictures.epochEnd(summaryOf(1, { AP: -1 }))
  await pictures.saved(false)
  await pictures.finish()
  assert.ok(readdirSync(run).includes('pr-curves.png'))
  assert.deepEqual(warnings, [])
})

test('a folder that is gone: a warning for each thing, no more than once, and no error', async () => {
  const warnings: string[] = []
  const pictures = await open(join(folder, 'gone'), warnings)
  for (let epoch = 1; epoch < 4; epoch++) {
    await pictures.batch({ epoch: 0, batch: 0 }, batch)
    pictures.evaluated(evaluationOf(0.9))
    await pictures.epochEnd(summaryOf(epoch, { AP: epoch / 10 }))
    await pictures.saved(true)
  }
  await pictures.finish()
  assert.deepEqual(
    warnings.map((line) => line.split(' could not be written: ')[0]),
    ['environment.json', 'the events for TensorBoard', 'train-batch-0.png', 'the evaluation', 'report.html'],
  )
  for (const line of warnings) assert.match(line, /expected a place that can be written, got no such folder/)
})
