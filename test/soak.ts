/**
 * @file Soak of the FFI engine: thousands of runs over hundreds of buffers under forced garbage collection, sessions made
 * and disposed meanwhile. Prints memory at intervals; exit code 1 on any wrong value or on growth of memory.
 *
 *   node --expose-gc dist/test/soak.js [--runs 2400] [--log soak.log]
 */
import { appendFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { createFfiRuntime, type NamedTensors, type Runtime, type Session } from '../src/runtime/index.node.js'
import { tinyOnnx } from '../src/runtime/tiny-onnx.test.fixture.js'
import { mix, type TensorData, tensorData } from '../src/tensor/index.js'

const BUFFERS = 400
/** Elements of the largest buffer: 4 MB. */
const LARGEST = 1_000_000
/** Runs until the heap has reached its size: fresh outputs are 47 MB a run, and when they are collected is up to V8. */
const WARM_UP_RUNS = 400
/** Growth of resident memory, between the warm-up and the end, that counts as a leak. */
const ALLOWED_GROWTH = 0.1

const { values: args } = parseArgs({
  options: { runs: { type: 'string', default: '2400' }, log: { type: 'string' } },
})
const runs = Number(args.runs)
const collect = (globalThis as { gc?: (options?: { type: 'minor' }) => void }).gc
if (collect === undefined || !Number.isInteger(runs) || runs < 2 * WARM_UP_RUNS) {
  console.error(`soak: expected node --expose-gc and --runs of at least ${2 * WARM_UP_RUNS}, got other options.`)
  process.exit(1)
}

/** 4 bytes to 4 MB, mostly small: three quarters below 4 KB. */
const sizes = Array.from({ length: BUFFERS }, (_, i) => {
  const u = (mix(i) >>> 8) / 2 ** 24
  return Math.max(1, Math.floor(LARGEST ** (i % 4 === 0 ? u : u / 2)))
})
sizes[0] = 1
sizes[1] = LARGEST

function report(line: string): void {
  console.log(line)
  if (args.log !== undefined) appendFileSync(args.log, `${line}\n`)
}

/** A buffer, every third one shared. */
function buffer(index: number, shared: boolean): TensorData<'float32'> {
  const size = sizes[index]!
  const data = new Float32Array(shared ? new SharedArrayBuffer(size * 4) : new ArrayBuffer(size * 4))
  return tensorData('float32', [size], data)
}

/** out_i = in_i + step, for all buffers; every tenth output has a size that the graph does not know. */
function soakModel(): Uint8Array {
  return tinyOnnx({
    inputs: [
      ...sizes.map((size, i) => [`in${i}`, 'float32', [i % 10 === 9 ? `n${i}` : size]] as const),
      ['step', 'float32', []] as const,
    ],
    outputs: sizes.map((size, i) => [`out${i}`, 'float32', [i % 10 === 9 ? `n${i}` : size]] as const),
    steps: sizes.map((_, i) => ['Add', [`in${i}`, 'step'], [`out${i}`], `add.${i}`] as const),
  })
}

function fill(tensor: TensorData, seed: number): void {
  const data = tensor.data as Float32Array
  const base = mix(seed) & 0xffff
  for (let i = 0; i < data.length; i++) data[i] = (base + i) & 0xffff
}

/** Counts wrong elements: ends always, the middle by a stride that changes with every run. */
function wrongIn(result: TensorData, seed: number, step: number): number {
  const data = result.data as Float32Array
  const base = mix(seed) & 0xffff
  let wrong = 0
  const stride = data.length > 4096 ? 1 + (mix(seed ^ step) % 61) : 1
  for (let i = 0; i < data.length; i += stride) if (data[i] !== ((base + i) & 0xffff) + step) wrong++
  const last = data.length - 1
  if (data[last] !== ((base + last) & 0xffff) + step) wrong++
  return wrong
}

/** Memory that a freed buffer could be given to. */
function makeGarbage(value: number): void {
  for (let i = 1; i <= 20; i++) new Float32Array(1000 * i).fill(value)
}

async function oneRun(
  session: Session,
  inputs: Record<string, TensorData>,
  outputs: NamedTensors,
  run: number,
): Promise<number> {
  const step = (run % 50) + 1
  sizes.forEach((_, i) => {
    if (run % 4 === i % 4) fill(inputs[`in${i}`]!, i)
  })
  const feeds = { ...inputs, step: tensorData('float32', [], Float32Array.of(step)) }
  // Half of the runs bind the long-lived outputs; the others get fresh ones, which only the engine keeps alive.
  const running = session.run(feeds, run % 2 === 0 ? { into: outputs } : {})
  makeGarbage(run)
  if (run % 5 === 0) collect!({ type: 'minor' })
  if (run % 20 === 0) collect!()
  const results = await running
  let wrong = 0
  sizes.forEach((_, i) => {
    wrong += wrongIn(results[`out${i}`]!, i, step)
  })
  return wrong
}

/** A small session, used at once from two sides and disposed of. */
async function shortLife(runtime: Runtime, model: Uint8Array, run: number): Promise<number> {
  const session = await runtime.createSession(model)
  const value = tensorData('float32', [3], Float32Array.of(run, run + 1, run + 2))
  const results = await Promise.all([session.run({ x: value }), session.run({ x: value })])
  // Some sessions are forgotten, for the finalization registry.
  if (run % 4 !== 0) await session.dispose()
  return results.filter(({ y }) => (y!.data as Float32Array)[2] !== -(run + 2)).length
}

const megabytes = (): number => process.memoryUsage.rss() / 1e6

async function main(): Promise<number> {
  if (args.log !== undefined) writeFileSync(args.log, '')
  const runtime = await createFfiRuntime()
  const session = await runtime.createSession(soakModel())
  const small = tinyOnnx({
    inputs: [['x', 'float32', ['n']]],
    outputs: [['y', 'float32', ['n']]],
    steps: [['Neg', ['x'], ['y'], 'neg']],
  })
  const entries = (kind: string, shift: number): Record<string, TensorData> =>
    Object.fromEntries(sizes.map((_, i) => [`${kind}${i}`, buffer(i, (i + shift) % 3 === 0)]))
  const [inputs, outputs] = [entries('in', 0), entries('out', 1)]
  sizes.forEach((_, i) => {
    fill(inputs[`in${i}`]!, i)
  })
  const bytes = sizes.reduce((sum, size) => sum + size * 4, 0)
  report(`onnxruntime ${runtime.version}, node ${process.versions.node}, ${runtime.threads} threads`)
  report(`${BUFFERS} buffers in and ${BUFFERS} out, ${(bytes / 1e6).toFixed(1)} MB each way, ${runs} runs`)

  const started = performance.now()
  const interval = Math.floor(runs / 12)
  let wrong = 0
  let sessions = 1
  let baseline = 0
  for (let run = 1; run <= runs; run++) {
    // Half of the runs overlap with the creation, use and disposal of another session.
    const others = run % 2 === 0 ? shortLife(runtime, small, run) : 0
    if (run % 2 === 0) sessions++
    wrong += (await oneRun(session, inputs, outputs, run)) + (await others)
    if (run === WARM_UP_RUNS) {
      collect!()
      baseline = megabytes()
    }
    if (run % interval === 0) {
      collect!()
      const now = megabytes()
      const seconds = (performance.now() - started) / 1000
      report(
        `run ${run}: ${wrong} wrong values, ${sessions} sessions made, rss ${now.toFixed(0)} MB, ${seconds.toFixed(0)} s`,
      )
    }
  }
  await session.dispose()
  collect!()
  const last = megabytes()
  const grown = last > baseline * (1 + ALLOWED_GROWTH)
  report(`${wrong} wrong values; rss ${baseline.toFixed(0)} MB after the warm-up, ${last.toFixed(0)} MB at the end`)
  report(wrong === 0 && !grown ? 'passed' : 'FAILED')
  return wrong === 0 && !grown ? 0 : 1
}

process.exitCode = await main()
