/**
 * @file RT-DETR at 640×640, batch 1, two threads: detrs against the same weights exported by PyTorch in the same ONNX Runtime,
 * against transformers.js and against PyTorch eager; then decoder layers one by one (arXiv:2304.08069, Table 5). All sides take
 * turns in one run; figures are medians. `npm run bench:rtdetr [ROUNDS [rtdetr-r18 | rtdetr-r50 | layers]]`
 *
 * $DETRS_PYTHON and $DETRS_TRANSFORMERS_JS name the other sides, $DETRS_EXPORTS a folder that keeps PyTorch's exports.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { encodeImage } from '../src/data/index.node.js'
import { createFilePreprocessor, Detector } from '../src/detect/index.node.js'
import type { Graph } from '../src/graph/index.js'
import {
  buildDetectionGraph,
  buildPredictionGraph,
  type DetectionModel,
  findModel,
  type LoadedModel,
  measureModel,
} from '../src/models/index.js'
import { encodeModel } from '../src/onnx/index.js'
import { optimizeForInference } from '../src/passes/index.js'
import { createFfiRuntime, feedsFor, type Session } from '../src/runtime/index.node.js'
import type { TensorData } from '../src/tensor/index.js'
import { findPython } from '../test/support/python.js'
import { ruleImage, ruleImageBytes } from '../test/support/rule.js'
import { loadByRule } from '../test/support/rule-weights.js'
import { median, requireIdleMachine } from './idle.js'
import { EagerPyTorch, runReference } from './python.js'
import { describeRtDetr, findTransformersJs, TransformersJs, transformersJsVersion } from './transformers-js.js'

const [SIDE, THREADS, WARM_UP, SEED] = [640, 2, 2, 5]
/** Seconds to wait for an idle machine when all sides are ready. */
const PATIENCE = 300
const ROUNDS = Number(process.argv[2] ?? 9)
const ONLY = process.argv[3]
/** Milliseconds of the paper's R50 with 1 to 6 decoder layers (Table 5). */
const PAPER_LAYERS = [7.0, 7.5, 7.9, 8.3, 8.8, 9.3]

interface Side {
  readonly name: string
  readonly run: () => Promise<number>
  readonly stop?: () => unknown
}

const runtime = await createFfiRuntime({ threads: THREADS })
const python = findPython()
const modules = findTransformersJs()
const folder = mkdtempSync(join(tmpdir(), 'detrs-bench-'))
const exports = process.env['DETRS_EXPORTS'] ?? folder
const photo = join(folder, 'photo.png')
const pixels: TensorData = { dtype: 'float32', shape: [1, 3, SIDE, SIDE], data: ruleImage(SEED, SIDE, SIDE) }

function timed(session: Session, feeds: Readonly<Record<string, TensorData>>): () => Promise<number> {
  return async () => {
    const start = performance.now()
    await session.run(feeds)
    return performance.now() - start
  }
}

async function compile(graph: Graph, weights: LoadedModel['weights']): Promise<Session> {
  const optimized = optimizeForInference({ graph, weights })
  const { bytes, externalData } = encodeModel(optimized.graph, { weights: optimized.weights, externalFromBytes: 1024 })
  return runtime.createSession(bytes, { externalData })
}

async function networkAlone(name: string, { model, network, weights }: LoadedModel): Promise<Side> {
  const session = await compile(buildPredictionGraph(model, network, { batch: 1, height: SIDE, width: SIDE }), weights)
  const pixel_mask: TensorData = { dtype: 'bool', shape: [1, SIDE, SIDE], data: new Uint8Array(SIDE * SIDE).fill(1) }
  const all: Readonly<Record<string, TensorData>> = { pixel_values: pixels, pixel_mask }
  return { name, run: timed(session, feedsFor(session, all)), stop: () => session.dispose() }
}

async function ours(loaded: LoadedModel): Promise<Side[]> {
  const session = await compile(buildDetectionGraph(loaded.model, loaded.network), loaded.weights)
  const size: TensorData = { dtype: 'int32', shape: [1, 2], data: Int32Array.of(SIDE, SIDE) }
  const images: TensorData = { dtype: 'uint8', shape: [1, SIDE, SIDE, 3], data: ruleImageBytes(SEED, SIDE, SIDE) }
  const detector = await Detector.create(loaded, runtime, createFilePreprocessor({ workers: 1 }))
  return [
    await networkAlone('detrs, network', loaded),
    {
      name: 'detrs, pixels to boxes',
      run: timed(session, { images, image_sizes: size }),
      stop: () => session.dispose(),
    },
    {
      name: 'detrs, file to boxes',
      run: async () => {
        const start = performance.now()
        await detector.detect([photo])
        return performance.now() - start
      },
      stop: () => detector.dispose(),
    },
  ]
}

/** PyTorch's export of a model, made unless an earlier run has kept it. */
function exportedFile(model: DetectionModel, name: string, words: readonly string[]): string {
  const model_folder = join(exports, `${model.name}-${name}`)
  mkdirSync(model_folder, { recursive: true })
  const file = describeRtDetr(model_folder, model.classNames, { height: SIDE, width: SIDE })
  if (!existsSync(file)) {
    runReference(python!, 'export_onnx.py', [file, '--variant', model.name, '--exporter', 'legacy', ...words])
  }
  return file
}

async function others(model: DetectionModel): Promise<Side[]> {
  if (python === undefined) return []
  const sides: Side[] = []
  const fixed = exportedFile(model, 'fixed', ['--opset', '17'])
  const free = exportedFile(model, 'free', ['--opset', '16', '--free'])
  for (const [name, file] of [
    ["PyTorch's export, fixed size, same runtime", fixed],
    ["PyTorch's export, any size, same runtime", free],
  ] as const) {
    const session = await runtime.createSession(readFileSync(file))
    sides.push({ name, run: timed(session, { pixel_values: pixels }), stop: () => session.dispose() })
  }
  if (modules !== undefined) {
    const other = await TransformersJs.start(modules, join(free, '..', '..'), THREADS, photo)
    sides.push({ name: 'transformers.js, model', run: () => other.model() })
    sides.push({ name: 'transformers.js, file to boxes', run: () => other.pipeline(), stop: () => other.stop() })
  }
  const eager = await EagerPyTorch.start(python, ['--threads', String(THREADS), '--variant', model.name])
  return [...sides, { name: 'PyTorch eager', run: () => eager.run(), stop: () => eager.stop() }]
}

/** Milliseconds by name, all sides taking turns. */
async function measured(
  sides: readonly Side[],
): Promise<Map<string, { middle: number; least: number; range: string }>> {
  const times = new Map<string, number[]>(sides.map(({ name }) => [name, []]))
  for (const { run } of sides) for (let i = 0; i < WARM_UP; i++) await run()
  await requireIdleMachine(PATIENCE)
  for (let round = 0; round < ROUNDS; round++) {
    for (const { name, run } of sides) {
      // Idle threads of the side before spin for a while.
      await delay(300)
      times.get(name)!.push(await run())
    }
  }
  for (const { stop } of sides) await stop?.()
  return new Map(
    Array.from(times, ([name, all]) => {
      const least = Math.min(...all)
      return [name, { middle: median(all), least, range: `${least.toFixed(0)} to ${Math.max(...all).toFixed(0)}` }]
    }),
  )
}

async function compare(model: DetectionModel): Promise<void> {
  const sides = [...(await ours(loadByRule(model))), ...(await others(model))]
  const found = await measured(sides)
  const gflop = measureModel(model, SIDE, SIDE).flops / 1e9
  console.log(
    `${model.title}, ${SIDE}×${SIDE}, batch 1, ${THREADS} threads, ${ROUNDS} rounds, ${gflop.toFixed(0)} GFLOP`,
  )
  const base = { network: found.get('detrs, network')!.middle, file: found.get('detrs, file to boxes')!.middle }
  for (const [name, { middle, range }] of found) {
    const times = name.includes('file') ? middle / base.file : middle / base.network
    const whose = name.includes('file') ? "detrs' from a file" : "detrs' network"
    const text = `${middle.toFixed(0).padStart(6)} ms (${range}), ${times.toFixed(2)} times ${whose}`
    console.log(`  ${name.padEnd(44)} ${text}`)
  }
}

async function decoderLayers(): Promise<void> {
  const model = findModel('rtdetr-r50')
  const loaded = loadByRule(model)
  const sides: Side[] = []
  for (const i of PAPER_LAYERS.keys()) {
    const shorter = { ...model, ...model.adjusted!({ decoderLayers: i + 1 }) }
    sides.push(await networkAlone(String(i + 1), { ...loaded, model: shorter, network: shorter.create() }))
  }
  const found = await measured(sides)
  // A layer costs less than rounds differ: the least times tell it.
  const all = found.get(String(PAPER_LAYERS.length))!.least
  console.log(`${model.title}, ${SIDE}×${SIDE}, batch 1, ${THREADS} threads, ${ROUNDS} rounds: decoder layers`)
  for (const [i, paper] of PAPER_LAYERS.entries()) {
    const { middle, least, range } = found.get(String(i + 1))!
    const [own, theirs] = [least / all, paper / PAPER_LAYERS.at(-1)!].map((ratio) => ratio.toFixed(2))
    const times = `${middle.toFixed(0).padStart(4)} ms (${range}), the least ${own} of all six`
    console.log(`  ${i + 1}  ${times}; paper ${paper.toFixed(1)} ms, ${theirs}`)
  }
}

writeFileSync(photo, await encodeImage({ width: SIDE, height: SIDE, data: ruleImageBytes(SEED, SIDE, SIDE) }, 'png'))
if (python === undefined) console.error('bench: no Python with torch and transformers: only our own side is measured')
if (modules === undefined) console.error('bench: $DETRS_TRANSFORMERS_JS names no folder: transformers.js is left out')
console.log(`detrs with ONNX Runtime ${runtime.version}`)
if (modules !== undefined) console.log(`transformers.js ${transformersJsVersion(modules)}`)
for (const name of ['rtdetr-r18', 'rtdetr-r50']) {
  if (ONLY === undefined || ONLY === name) await compare(findModel(name))
}
if (ONLY === undefined || ONLY === 'layers') await decoderLayers()
rmSync(folder, { recursive: true })
process.exit(0)
