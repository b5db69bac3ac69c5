/**
 * @file Random ground truth and detections, evaluated here and by pycocotools: the twelve numbers and the arrays of
 * precision, recall and scores must be the same to the bit. Needs a Python with pycocotools ($DETRS_PYTHON).
 *
 *   node dist/test/fuzz-eval.js [count = 10000] [first = 1000000]
 */
import { createHash } from 'node:crypto'
import {
  type CocoDetection,
  type CocoEvaluation,
  type CocoGroundTruth,
  type CocoRegionType,
  evaluateCoco,
} from '../src/eval/index.js'
import { findPycocotools, Pycocotools } from './support/pycocotools.js'

interface Case {
  readonly groundTruth: CocoGroundTruth
  readonly detections: readonly CocoDetection[]
  readonly numbers: Readonly<Partial<Record<CocoRegionType, { stats: readonly number[]; digest: string }>>>
}

/** Cases that Python works on ahead of us. */
const AHEAD = 16
const MAX_FAILURES = 10

function digestOf({ precision, recall, scores }: CocoEvaluation): string {
  const hash = createHash('sha256')
  for (const { buffer } of [precision, recall, scores]) hash.update(new Uint8Array(buffer))
  return hash.digest('hex').slice(0, 16)
}

/** What differs in a case; undefined when nothing does. */
function difference({ groundTruth, detections, numbers }: Case, type: CocoRegionType): string | undefined {
  const expected = numbers[type]
  if (expected === undefined) return undefined
  try {
    const evaluation = evaluateCoco({ groundTruth, detections, type })
    const stats = Object.values(evaluation.summarize())
    const at = expected.stats.findIndex((value, i) => value !== stats[i])
    if (at >= 0) return `number ${at + 1} is ${stats[at]}, pycocotools has ${expected.stats[at]}`
    return digestOf(evaluation) === expected.digest ? undefined : 'the arrays differ'
  } catch (error) {
    return String(error)
  }
}

const [count, first] = [Number(process.argv[2] ?? 10_000), Number(process.argv[3] ?? 1_000_000)]
const python = findPycocotools()
if (python === undefined) {
  console.error('fuzz-eval: expected a Python with pycocotools, got none. Set DETRS_PYTHON.')
  process.exit(1)
}
const reference = new Pycocotools(python, ['--serve'])
const failures: string[] = []
const tally = { cases: 0, bbox: 0, segm: 0, crowds: 0, idZero: 0, detections: 0, annotations: 0 }
const start = performance.now()
for (let i = 0; i < Math.min(AHEAD, count); i++) reference.send(String(first + i))
for (let i = 0; i < count && failures.length < MAX_FAILURES; i++) {
  if (i + AHEAD < count) reference.send(String(first + i + AHEAD))
  const each = JSON.parse(await reference.receive()) as Case
  const { annotations } = each.groundTruth
  tally.cases++
  tally.annotations += annotations.length
  tally.detections += each.detections.length
  if (annotations.some(({ iscrowd }) => iscrowd === 1)) tally.crowds++
  if (annotations.some(({ id }) => id === 0)) tally.idZero++
  for (const type of ['bbox', 'segm'] as const) {
    if (each.numbers[type] !== undefined) tally[type]++
    const found = difference(each, type)
    if (found !== undefined) failures.push(`case ${first + i}, ${type}: ${found}`)
  }
  if ((i + 1) % 1000 === 0) console.log(`${i + 1} cases, ${failures.length} failures`)
}
reference.stop()
for (const failure of failures) console.log(failure)
const { cases, bbox, segm, crowds, idZero, detections, annotations } = tally
const seconds = ((performance.now() - start) / 1000).toFixed(0)
console.log(`${cases} cases from ${first} in ${seconds} s: ${bbox} evaluations of boxes, ${segm} of masks`)
console.log(
  `${annotations} annotations, ${detections} detections; ${crowds} cases with crowds, ${idZero} with annotation id 0`,
)
console.log(`${failures.length} differences`)
process.exit(failures.length === 0 ? 0 : 1)
