/**
 * @file What RT-DETR's detections look like through transformers.js and through detrs, both held to transformers' own
 * post-processing in PyTorch; the same weights, the same picture files. `npm run table:transformers-js`. transformers.js 4.3.1
 * reads RT-DETR's logits as DETR's: a softmax over classes, one class per query, the last class standing for nothing.
 *
 * $DETRS_PYTHON and $DETRS_TRANSFORMERS_JS name the other sides; both are needed.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeImage } from '../src/data/index.node.js'
import { createFilePreprocessor, Detector } from '../src/detect/index.node.js'
import { findModel, type LoadedModel } from '../src/models/index.js'
import { createFfiRuntime } from '../src/runtime/index.node.js'
import { findPython } from '../test/support/python.js'
import { ruleImageBytes } from '../test/support/rule.js'
import { loadByRule } from '../test/support/rule-weights.js'
import { runReference } from './python.js'
import { describeRtDetr, findTransformersJs, TransformersJs, transformersJsVersion } from './transformers-js.js'

interface Case {
  readonly title: string
  readonly name: string
  readonly classes: number
  readonly seed: number
  /** Rule image: seed, height, width. */
  readonly image: readonly [seed: number, height: number, width: number]
  readonly threshold: number
}

interface Found {
  readonly label: number
  readonly score: number
  /** xyxy in pixels */
  readonly box: readonly number[]
}

const [HEIGHT, WIDTH] = [320, 320]
const CASES: readonly Case[] = [
  { title: 'three classes', name: 'three', classes: 3, seed: 1, image: [1, 320, 320], threshold: 0.99 },
  { title: 'three, the last one is best', name: 'last', classes: 3, seed: 6, image: [1, 320, 320], threshold: 0.99 },
  { title: 'one class', name: 'one', classes: 1, seed: 1, image: [1, 320, 320], threshold: 0.9 },
  { title: 'eighty classes', name: 'eighty', classes: 80, seed: 1, image: [1, 320, 320], threshold: 0.9 },
  { title: 'three, a photo of 480×360', name: 'photo', classes: 3, seed: 1, image: [2, 360, 480], threshold: 0.98 },
]

const python = findPython()
const modules = findTransformersJs()
if (python === undefined || modules === undefined) {
  throw new Error('expected $DETRS_PYTHON with reference/requirements.txt and $DETRS_TRANSFORMERS_JS')
}
const runtime = await createFfiRuntime({ threads: 2 })
const folder = mkdtempSync(join(tmpdir(), 'detrs-table-'))
const classNamesOf = (count: number): string[] => Array.from({ length: count }, (_, i) => `class ${i}`)

/** The same network as reference/side_by_side.py builds. */
function load({ classes, seed }: Case): LoadedModel {
  const standard = findModel('rtdetr-r18')
  const classNames = classNamesOf(classes)
  const input = { ...standard.input, resize: { kind: 'stretch', height: HEIGHT, width: WIDTH } } as const
  return loadByRule({ ...standard, classNames, input }, seed)
}

async function ours(one: Case, file: string): Promise<Found[]> {
  const detector = await Detector.create(load(one), runtime, createFilePreprocessor({ workers: 1 }))
  const [photo] = await detector.detect([file], { threshold: one.threshold })
  await detector.dispose()
  return photo!.detections.map(({ labelIndex, score, box }) => {
    return { label: labelIndex, score, box: [box.xmin, box.ymin, box.xmax, box.ymax] }
  })
}

async function theirs(one: Case, file: string): Promise<Found[]> {
  const other = await TransformersJs.start(modules!, join(folder, one.name), 2, file)
  const { detections } = await other.detect(file, one.threshold)
  other.stop()
  const names = classNamesOf(one.classes)
  const found = detections.map(({ label, score, box }) => {
    return { label: names.indexOf(label), score, box: [box.xmin, box.ymin, box.xmax, box.ymax] }
  })
  return found.sort((a, b) => b.score - a.score)
}

function overlap(a: readonly number[], b: readonly number[]): number {
  const side = (axis: number): number => Math.min(a[axis + 2]!, b[axis + 2]!) - Math.max(a[axis]!, b[axis]!)
  const area = (box: readonly number[]): number => (box[2]! - box[0]!) * (box[3]! - box[1]!)
  const shared = Math.max(0, side(0)) * Math.max(0, side(1))
  return shared / (area(a) + area(b) - shared)
}

/** Pairs of the same class and nearly the same box, each detection at most once, as score differences. */
function paired(expected: readonly Found[], found: readonly Found[]): number[] {
  const left = new Set(found)
  return expected.flatMap(({ label, score, box }) => {
    const others = [...left].filter((other) => other.label === label && overlap(other.box, box) > 0.85)
    const nearest = others.sort((a, b) => Math.abs(a.score - score) - Math.abs(b.score - score))[0]
    if (nearest === undefined) return []
    left.delete(nearest)
    return [Math.abs(nearest.score - score)]
  })
}

function describe(found: readonly Found[], expected: readonly Found[]): string {
  const best = found[0]
  const first = best === undefined ? 'nothing' : `class ${best.label} at ${best.score.toFixed(4)}`
  if (found === expected) return `${String(found.length).padStart(3)} detections, best ${first}`
  const differences = paired(expected, found)
  const invented = found.length - differences.length
  const largest = differences.length === 0 ? '' : `, scores off by at most ${Math.max(...differences).toExponential(1)}`
  const counts = `finds ${differences.length} of ${expected.length}, reports ${invented} others`
  return `${String(found.length).padStart(3)} detections, best ${first}; ${counts}${largest}`
}

const files = new Map<string, string>()
for (const { name, classes, image } of CASES) {
  const [seed, height, width] = image
  const file = join(folder, `${name}.png`)
  writeFileSync(file, await encodeImage({ width, height, data: ruleImageBytes(seed, height, width) }, 'png'))
  files.set(name, file)
  describeRtDetr(join(folder, name), classNamesOf(classes), { height: HEIGHT, width: WIDTH })
}
const forPython = CASES.map(({ image: _, ...one }) => {
  return { ...one, height: HEIGHT, width: WIDTH, images: [files.get(one.name)] }
})
writeFileSync(join(folder, 'cases.json'), JSON.stringify(forPython))
runReference(python, 'side_by_side.py', [folder])
const references = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Found[][][]

console.log(`RT-DETR-R18 with rule weights at ${HEIGHT}×${WIDTH}; transformers.js ${transformersJsVersion(modules)}`)
for (const [i, one] of CASES.entries()) {
  const expected = references[i]![0]!
  const file = files.get(one.name)!
  console.log(`${one.title}, threshold ${one.threshold}`)
  console.log(`  PyTorch          ${describe(expected, expected)}`)
  console.log(`  transformers.js  ${describe(await theirs(one, file), expected)}`)
  console.log(`  detrs            ${describe(await ours(one, file), expected)}`)
}
rmSync(folder, { recursive: true })
process.exit(0)
