/** @file The evaluation equals pycocotools in every bit: goldens of reference/coco_eval.py, and COCO's own files. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  type CocoDetection,
  type CocoEvaluation,
  type CocoGroundTruth,
  type CocoRegionType,
  type CocoSummary,
  evaluateCoco,
} from './index.js'

interface Numbers {
  readonly stats: readonly number[]
  readonly digest: string
}

interface Golden {
  readonly names: readonly (keyof CocoSummary)[]
  readonly files: Readonly<Record<CocoRegionType, Numbers>>
  readonly cases: readonly {
    readonly groundTruth: CocoGroundTruth
    readonly detections: readonly CocoDetection[]
    readonly numbers: Readonly<Partial<Record<CocoRegionType, Numbers>>>
  }[]
}

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const DATA = join(process.env['DETRS_DATA'] ?? join(ROOT, '../shared/data'), 'coco-eval')
const golden = JSON.parse(readFileSync(join(ROOT, 'test/golden/coco-eval.json'), 'utf8')) as Golden

/** The twelve numbers and the digest of precision, recall and scores. */
function numbersOf(evaluation: CocoEvaluation): Numbers {
  const hash = createHash('sha256')
  for (const { buffer } of [evaluation.precision, evaluation.recall, evaluation.scores])
    hash.update(new Uint8Array(buffer))
  const summary = evaluation.summarize()
  return { stats: golden.names.map((name) => summary[name]), digest: hash.digest('hex').slice(0, 16) }
}

for (const type of ['bbox', 'segm'] as const) {
  const cases = golden.cases.flatMap((each, i) => ({ ...each, i })).filter(({ numbers }) => numbers[type] !== undefined)
  test(`${cases.length} random cases have pycocotools' numbers and arrays: ${type}`, () => {
    assert.ok(cases.length >= 25)
    for (const { groundTruth, detections, numbers, i } of cases) {
      assert.deepEqual(numbersOf(evaluateCoco({ groundTruth, detections, type })), numbers[type], `case ${i}`)
    }
  })
}

test("the numbers of COCO's own fake results", { skip: existsSync(DATA) ? false : `${DATA} is absent` }, () => {
  const groundTruth = JSON.parse(readFileSync(join(DATA, 'instances_val2014_100.json'), 'utf8')) as CocoGroundTruth
  for (const type of ['bbox', 'segm'] as const) {
    const file = join(DATA, `cocoapi/results/instances_val2014_fake${type}100_results.json`)
    const detections = JSON.parse(readFileSync(file, 'utf8')) as CocoDetection[]
    const evaluation = evaluateCoco({ groundTruth, detections, type })
    assert.deepEqual(numbersOf(evaluation), golden.files[type], type)
    assert.deepEqual(evaluation.notes, [])
    assert.deepEqual(evaluation.counts, [10, 101, 80, 4, 3])
  }
})
