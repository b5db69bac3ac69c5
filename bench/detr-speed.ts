/**
 * @file DETR-R50 at 800×1066, batch 1, two threads: detrs against the same weights exported by PyTorch in the same ONNX
 * Runtime, and against PyTorch eager. All sides take turns in one run; figures are medians. `npm run bench`
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Graph } from '../src/graph/index.js'
import { buildDetectionGraph, buildPredictionGraph, findModel, measureModel } from '../src/models/index.js'
import { encodeModel } from '../src/onnx/index.js'
import { matmul } from '../src/ops/index.js'
import { optimizeForInference } from '../src/passes/index.js'
import { createFfiRuntime, type Runtime, type Session } from '../src/runtime/index.node.js'
import type { TensorData } from '../src/tensor/index.js'
import { findPython } from '../test/support/python.js'
import { ruleImageBytes } from '../test/support/rule.js'
import { ruleWeights } from '../test/support/rule-weights.js'
import { median, requireIdleMachine } from './idle.js'
import { EagerPyTorch, runReference } from './python.js'

const [HEIGHT, WIDTH, THREADS] = [800, 1066, 2]
const ROUNDS = Number(process.argv[2] ?? 15)

interface Side {
  readonly name: string
  readonly run: () => Promise<number>
}

const model = findModel('detr-r50')
const network = model.create()
const weights = ruleWeights(model, network, 1)
const image = ruleImageBytes(5, HEIGHT, WIDTH)

function timed(session: Session, feeds: Readonly<Record<string, TensorData>>): () => Promise<number> {
  return async () => {
    const start = performance.now()
    await session.run(feeds)
    return performance.now() - start
  }
}

function normalizedPixels(): Float32Array {
  const { mean, std } = model.input
  const plane = HEIGHT * WIDTH
  return Float32Array.from({ length: 3 * plane }, (_, i) => {
    const c = Math.floor(i / plane)
    return (image[(i % plane) * 3 + c]! / 255 - mean[c]!) / std[c]!
  })
}

async function compile(runtime: Runtime, graph: Graph): Promise<Session> {
  const optimized = optimizeForInference({ graph, weights })
  const { bytes, externalData } = encodeModel(optimized.graph, { weights: optimized.weights, externalFromBytes: 1024 })
  return runtime.createSession(bytes, { externalData })
}

async function ours(runtime: Runtime): Promise<Side[]> {
  const pixel_values: TensorData = { dtype: 'float32', shape: [1, 3, HEIGHT, WIDTH], data: normalizedPixels() }
  const pixel_mask: TensorData = {
    dtype: 'bool',
    shape: [1, HEIGHT, WIDTH],
    data: new Uint8Array(HEIGHT * WIDTH).fill(1),
  }
  const size: TensorData = { dtype: 'int32', shape: [1, 2], data: Int32Array.of(HEIGHT, WIDTH) }
  const images: TensorData = { dtype: 'uint8', shape: [1, HEIGHT, WIDTH, 3], data: image }
  const fixed = { batch: 1, height: HEIGHT, width: WIDTH }
  const network_ = await compile(runtime, buildPredictionGraph(model, network, fixed))
  const detector = await compile(runtime, buildDetectionGraph(model, network))
  return [
    { name: 'detrs, network, fixed size', run: timed(network_, { pixel_values, pixel_mask }) },
    {
      name: 'detrs, detector: pixels to boxes, any size',
      run: timed(detector, { images, sizes: size, image_sizes: size }),
    },
  ]
}

async function exported(runtime: Runtime, python: string, folder: string): Promise<Side[]> {
  const sides: Side[] = []
  for (const exporter of ['dynamo', 'legacy']) {
    const file = join(folder, `${exporter}.onnx`)
    try {
      runReference(python, 'export_onnx.py', [file, '--exporter', exporter])
    } catch {
      console.error(`bench: PyTorch's ${exporter} exporter is not usable here`)
      continue
    }
    const session = await runtime.createSession(readFileSync(file))
    const feeds = Object.fromEntries(
      session.inputs.map(({ name, dtype, shape }) => {
        const length = shape.reduce<number>((a, b) => a * Number(b), 1)
        const data = dtype === 'float32' ? normalizedPixels() : fullMask(dtype, length)
        return [name, { dtype, shape: shape.map(Number), data }]
      }),
    )
    sides.push({ name: `PyTorch's ${exporter} export, same runtime`, run: timed(session, feeds as never) })
  }
  return sides
}

function fullMask(dtype: string, length: number): BigInt64Array | Uint8Array {
  return dtype === 'int64' ? new BigInt64Array(length).fill(1n) : new Uint8Array(length).fill(1)
}

/** Speed of the largest matrix product that fits comfortably: what the machine can do at best, in GFLOP/s. */
async function measuredPeak(runtime: Runtime): Promise<number> {
  const n = 2048
  const graph = new Graph('peak')
  const [a, b] = ['a', 'b'].map((name) => graph.input(name, 'float32', [n, n]))
  graph.output('c', matmul(a!, b!))
  const session = await runtime.createSession(encodeModel(graph).bytes)
  const matrix: TensorData = { dtype: 'float32', shape: [n, n], data: new Float32Array(n * n).fill(0.5) }
  const run = timed(session, { a: matrix, b: matrix })
  for (let i = 0; i < 3; i++) await run()
  const times: number[] = []
  for (let i = 0; i < 10; i++) times.push(await run())
  await session.dispose()
  return (2 * n ** 3) / Math.min(...times) / 1e6
}

await requireIdleMachine()
const runtime = await createFfiRuntime({ threads: THREADS })
const folder = mkdtempSync(join(tmpdir(), 'detrs-bench-'))
const python = findPython()
if (python === undefined) console.error('bench: no Python with torch and transformers: only our own side is measured')

const peak = await measuredPeak(runtime)
const sides = [...(await ours(runtime)), ...(python === undefined ? [] : await exported(runtime, python, folder))]
const words = ['--threads', String(THREADS), '--height', String(HEIGHT), '--width', String(WIDTH)]
const eager = python === undefined ? undefined : await EagerPyTorch.start(python, words)
if (eager !== undefined) sides.push({ name: 'PyTorch eager', run: () => eager.run() })

const times = new Map<string, number[]>(sides.map(({ name }) => [name, []]))
for (const { run } of sides) for (let i = 0; i < 3; i++) await run()
await requireIdleMachine()
for (let round = 0; round < ROUNDS; round++) {
  for (const { name, run } of sides) {
    // Idle threads of the side before spin for a while.
    await delay(300)
    times.get(name)!.push(await run())
  }
}
eager?.stop()
rmSync(folder, { recursive: true })

const { flops } = measureModel(model, HEIGHT, WIDTH)
const [reference] = sides
const base = median(times.get(reference!.name)!)
console.log(
  `DETR-R50, ${HEIGHT}×${WIDTH}, batch 1, ${THREADS} threads, ONNX Runtime ${runtime.version}, ${ROUNDS} rounds`,
)
console.log(
  `peak of a 2048³ matrix product: ${peak.toFixed(0)} GFLOP/s; the network is ${(flops / 1e9).toFixed(0)} GFLOP`,
)
for (const { name } of sides) {
  const all = times.get(name)!
  const middle = median(all)
  const speed = flops / middle / 1e6
  const range = `${Math.min(...all).toFixed(0)} to ${Math.max(...all).toFixed(0)}`
  const share = `${speed.toFixed(0)} GFLOP/s, ${((100 * speed) / peak).toFixed(0)} % of the peak`
  console.log(
    `${name.padEnd(44)} ${middle.toFixed(0).padStart(6)} ms (${range}), ${share}, ${(middle / base).toFixed(2)} times ours`,
  )
}
process.exit(0)
