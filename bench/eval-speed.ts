/**
 * @file COCO's evaluation against pycocotools: 5,000 made-up photos with 36,000 annotations and 100 detections each, 80
 * classes, boxes and masks. Both sides take turns and read the same files; figures are the least of the rounds, since a
 * neighbour on the machine can only add; processor seconds count all threads. Needs a Python with pycocotools ($DETRS_PYTHON).
 *
 *   node dist/bench/eval-speed.js [rounds = 3] [photos = 5000]
 */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type CocoAnnotation,
  type CocoBox,
  type CocoDetection,
  type CocoGroundTruth,
  type CocoRegionType,
  evaluateCoco,
  rleFromPolygons,
  rleToString,
} from '../src/eval/index.js'
import { streamKey, uniformAt } from '../src/tensor/index.js'
import { findPycocotools, Pycocotools } from '../test/support/pycocotools.js'

const [HEIGHT, WIDTH, CLASSES, DETECTIONS, ANNOTATIONS] = [480, 640, 80, 100, 7.2]

const [rounds, photos] = [Number(process.argv[2] ?? 3), Number(process.argv[3] ?? 5000)]
const key = streamKey('eval-speed', 1)
let drawn = 0
/** 0..1. */
const chance = (): number => (uniformAt(key, drawn++) + 1) / 2
const hundredths = (value: number): number => Math.round(value * 100) / 100

function randomBox(): CocoBox {
  const [w, h] = [8 + chance() ** 3 * 400, 8 + chance() ** 3 * 300]
  return [chance() * (WIDTH - w), chance() * (HEIGHT - h), w, h].map(hundredths) as unknown as CocoBox
}

function shaken([x, y, w, h]: CocoBox): CocoBox {
  const part = 0.3 * chance()
  const move = (value: number, size: number): number => hundredths(value + size * part * (chance() - 0.5))
  return [move(x, w), move(y, h), Math.max(2, move(w, w)), Math.max(2, move(h, h))]
}

/** A bumpy outline of 24 corners inside a box. */
function outline([x, y, w, h]: CocoBox): number[] {
  return Array.from({ length: 24 }, (_, i) => {
    const reach = 0.35 + 0.15 * chance()
    const angle = (i * Math.PI) / 12
    return [x + w / 2 + reach * w * Math.cos(angle), y + h / 2 + reach * h * Math.sin(angle)].map(hundredths)
  }).flat()
}

function makeGroundTruth(type: CocoRegionType): CocoGroundTruth {
  const images = Array.from({ length: photos }, (_, i) => ({ id: i + 1, height: HEIGHT, width: WIDTH }))
  const categories = Array.from({ length: CLASSES }, (_, i) => ({ id: i + 1, name: `class ${i + 1}` }))
  const annotations = Array.from({ length: Math.round(photos * ANNOTATIONS) }, (_, i): CocoAnnotation => {
    const bbox = randomBox()
    const mask = type === 'segm' ? { segmentation: [outline(bbox)] } : {}
    const iscrowd = chance() < 0.01 ? 1 : 0
    // A few classes are frequent, as in photos of people.
    const category_id = 1 + Math.floor(chance() ** 2 * CLASSES)
    const image_id = 1 + Math.floor(chance() * photos)
    return { id: i + 1, image_id, category_id, iscrowd, bbox, area: bbox[2] * bbox[3], ...mask }
  })
  return { images, annotations, categories }
}

/** Most near an annotation of the photo, with its class or another; the rest anywhere. */
function makeDetections({ images, annotations }: CocoGroundTruth, type: CocoRegionType): CocoDetection[] {
  const byPhoto = new Map<unknown, CocoAnnotation[]>(images.map(({ id }) => [id, []]))
  for (const annotation of annotations) byPhoto.get(annotation.image_id)!.push(annotation)
  return images.flatMap(({ id }) =>
    Array.from({ length: DETECTIONS }, (): CocoDetection => {
      const near = byPhoto.get(id)!
      const object = chance() < 0.6 ? near[Math.floor(chance() * near.length)] : undefined
      const bbox = object?.bbox === undefined ? randomBox() : shaken(object.bbox)
      const category_id =
        object !== undefined && chance() < 0.5 ? object.category_id : 1 + Math.floor(chance() * CLASSES)
      const common = { image_id: id, category_id, score: Math.round(chance() * 1e5) / 1e5 }
      if (type === 'bbox') return { ...common, bbox }
      const counts = rleToString(rleFromPolygons([outline(bbox)], HEIGHT, WIDTH))
      return { ...common, segmentation: { size: [HEIGHT, WIDTH], counts } }
    }),
  )
}

type Seconds = readonly [wall: number, processor: number]

interface Times {
  readonly read: Seconds
  readonly evaluate: Seconds
  readonly stats: readonly number[]
}

function now(): Seconds {
  const { user, system } = process.cpuUsage()
  return [performance.now() / 1000, (user + system) / 1e6]
}

const plus = (a: Seconds, b: Seconds): Seconds => [a[0] + b[0], a[1] + b[1]]
const minus = (a: Seconds, b: Seconds): Seconds => [a[0] - b[0], a[1] - b[1]]

function ours(files: readonly [string, string], type: CocoRegionType): Times {
  const start = now()
  const [groundTruth, detections] = files.map((file) => JSON.parse(readFileSync(file, 'utf8')) as unknown)
  const read = now()
  const evaluation = evaluateCoco({
    groundTruth: groundTruth as CocoGroundTruth,
    detections: detections as CocoDetection[],
    type,
  })
  const stats = Object.values(evaluation.summarize())
  return { read: minus(read, start), evaluate: minus(now(), read), stats }
}

async function compare(type: CocoRegionType, python: string, folder: string): Promise<void> {
  const files = [join(folder, `${type}-gt.json`), join(folder, `${type}-dt.json`)] as const
  const groundTruth = makeGroundTruth(type)
  writeFileSync(files[0], JSON.stringify(groundTruth))
  const rows = makeDetections(groundTruth, type).map((row) => JSON.stringify(row))
  writeFileSync(files[1], `[${rows.join(',')}]`)
  const megabytes = files.map((file) => `${(statSync(file).size / 1e6).toFixed(0)} MB`).join(' and ')
  console.log(
    `${type}: ${groundTruth.annotations.length} annotations, ${rows.length} detections, files of ${megabytes}`,
  )
  const reference = new Pycocotools(python, ['--time', ...files, type])
  await reference.receive()
  const times = { ours: [] as Times[], theirs: [] as Times[] }
  for (let round = 0; round < rounds; round++) {
    times.ours.push(ours(files, type))
    reference.send('run')
    times.theirs.push(JSON.parse(await reference.receive()) as Times)
  }
  reference.stop()
  const same = times.ours[0]!.stats.every((value, i) => value === times.theirs[0]!.stats[i])
  console.log(`  AP ${times.ours[0]!.stats[0]}; all twelve numbers ${same ? 'are equal' : 'DIFFER'}`)
  const parts: readonly [string, (time: Times) => Seconds][] = [
    ['read files', ({ read }) => read],
    ['evaluate', ({ evaluate }) => evaluate],
    ['whole', ({ read, evaluate }) => plus(read, evaluate)],
  ]
  for (const [name, of] of parts) {
    const least = (all: readonly Times[], i: 0 | 1): number => Math.min(...all.map((time) => of(time)[i]))
    const figures = (['wall', 'processor'] as const).map((clock, i) => {
      const [mine, theirs] = [times.ours, times.theirs].map((all) => least(all, i as 0 | 1)) as [number, number]
      return `${clock} ${mine.toFixed(2)} s against ${theirs.toFixed(2)} s: ${(theirs / mine).toFixed(1)} times as fast`
    })
    console.log(`  ${name.padEnd(10)} ${figures.join('; ')}`)
  }
}

const python = findPycocotools()
if (python === undefined) {
  console.error('bench: expected a Python with pycocotools, got none. Set DETRS_PYTHON.')
  process.exit(1)
}
const folder = mkdtempSync(join(tmpdir(), 'detrs-bench-'))
try {
  for (const type of ['bbox', 'segm'] as const) await compare(type, python, folder)
} finally {
  rmSync(folder, { recursive: true })
}
