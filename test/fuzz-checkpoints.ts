/**
 * @file Mutates the golden weight files and reads each mutant: it must be read or refused with a CheckpointError, within
 * 2 seconds and 1 GiB. Anything else is printed with its number, by which it can be repeated.
 *
 *   node dist/test/fuzz-checkpoints.js [count = 100000] [seed = 1] [first = 0]
 */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { buildZip, bytesFrom, rawSafetensors } from '../src/checkpoint/hostile.test.kit.js'
import { readCheckpoint } from '../src/checkpoint/index.js'
import { openZip } from '../src/checkpoint/zip.js'
import { CheckpointError, sizeOfShape, streamKey, uniformAt } from '../src/tensor/index.js'

/** What a run of the fuzzer found. */
export interface FuzzResult {
  read: number
  refused: number
  readonly failures: string[]
  slowestMs: number
  peakMiB: number
}

interface SeedFile {
  readonly name: string
  readonly bytes: Uint8Array
}

const TIME_LIMIT_MS = 2000
const MEMORY_LIMIT_MIB = 1024
const MAX_FAILURES = 10

/** Reads mutants `first` to `first + count - 1` of a seed; `before` is told each number. */
export function fuzzCheckpoints(count: number, seed: number, first = 0, before?: (index: number) => void): FuzzResult {
  const seeds = loadSeeds()
  const result: FuzzResult = { read: 0, refused: 0, failures: [], slowestMs: 0, peakMiB: 0 }
  const baseline = peakMiB()
  for (let index = first; index < first + count && result.failures.length < MAX_FAILURES; index++) {
    before?.(index)
    const mutant = mutate(seeds, index, seed)
    const start = performance.now()
    const failure = judge(mutant, result)
    const elapsed = performance.now() - start
    const grown = peakMiB() - baseline
    result.slowestMs = Math.max(result.slowestMs, elapsed)
    result.peakMiB = Math.max(result.peakMiB, grown)
    const reason =
      failure ??
      (elapsed > TIME_LIMIT_MS ? `took ${elapsed.toFixed(0)} ms` : undefined) ??
      (grown > MEMORY_LIMIT_MIB ? `took ${grown.toFixed(0)} MiB` : undefined)
    if (reason !== undefined) result.failures.push(`mutant ${index} of ${mutant.name}: ${reason}`)
  }
  return result
}

function judge(mutant: SeedFile, result: FuzzResult): string | undefined {
  try {
    const { tensors } = readCheckpoint(mutant.bytes, mutant.name)
    for (const [name, { data, shape }] of tensors) {
      if (data.length !== sizeOfShape(shape)) return `tensor ${name} of shape [${shape}] has ${data.length} elements`
    }
    result.read++
  } catch (error) {
    if (!(error instanceof CheckpointError))
      return error instanceof Error ? (error.stack ?? error.message) : String(error)
    result.refused++
  }
  return undefined
}

/** The most memory that the process has had so far, in MiB. */
function peakMiB(): number {
  return process.resourceUsage().maxRSS / 1024
}

/** The golden files, and the zip archives once more without checksums, which would hide what lies behind them. */
function loadSeeds(): SeedFile[] {
  const folder = new URL('../../test/golden/checkpoints/', import.meta.url)
  const names = readdirSync(folder).filter((name) => name !== 'expected.json')
  const files = names.sort().map((name) => ({ name, bytes: new Uint8Array(readFileSync(new URL(name, folder))) }))
  const zips = files.filter(({ bytes }) => bytes[0] === 0x50)
  return [
    ...files,
    ...zips.map(({ name, bytes }) => ({ name: `${name} without checksums`, bytes: withoutChecksums(bytes) })),
  ]
}

function withoutChecksums(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice()
  for (const at of positionsOf(copy, DIRECTORY_ENTRY)) copy.fill(0, at + 16, at + 20)
  return copy
}

const DIRECTORY_ENTRY = [0x50, 0x4b, 1, 2]

function positionsOf(bytes: Uint8Array, pattern: readonly number[]): number[] {
  const found: number[] = []
  for (let at = 0; at + pattern.length <= bytes.length; at++) {
    if (pattern.every((byte, i) => bytes[at + i] === byte)) found.push(at)
  }
  return found
}

/** Draws whole numbers from the counter-based stream of one mutant. */
class Dice {
  readonly #key: number
  #drawn = 0

  constructor(name: string, seed: number) {
    this.#key = streamKey(name, seed)
  }

  /** 0 to `sides` - 1. */
  roll(sides: number): number {
    return Math.min(sides - 1, Math.floor(((uniformAt(this.#key, this.#drawn++) + 1) / 2) * sides))
  }

  pick<T>(items: readonly T[]): T {
    return items[this.roll(items.length)]!
  }
}

type Mutation = (bytes: Uint8Array, dice: Dice, seeds: readonly SeedFile[]) => Uint8Array

const MUTATIONS: readonly Mutation[] = [
  flipBit,
  flipBit,
  flipBit,
  setByte,
  setByte,
  setOpcode,
  setLength,
  setLength,
  setHeaderField,
  setHeaderField,
  setDigit,
  truncate,
  insert,
  remove,
  duplicate,
  splice,
]

/** Mutant `index`: one to four mutations of one seed file, half of them inside an intact container. */
function mutate(seeds: readonly SeedFile[], index: number, seed: number): SeedFile {
  const dice = new Dice(`mutant ${index}`, seed)
  const { name, bytes } = dice.pick(seeds)
  const change = (part: Uint8Array): Uint8Array => mutateBytes(part, dice, seeds)
  if (dice.roll(2) === 0) return { name, bytes: change(bytes) }
  if (name.endsWith('.safetensors')) return { name, bytes: mutateHeader(bytes, change) }
  return { name, bytes: bytes[0] === 0x50 ? mutateEntry(bytes, dice, change) : change(bytes) }
}

function mutateBytes(bytes: Uint8Array, dice: Dice, seeds: readonly SeedFile[]): Uint8Array {
  let mutant: Uint8Array = bytes.slice()
  for (let rounds = 1 + dice.roll(1 + dice.roll(4)); rounds > 0; rounds--) {
    if (mutant.length > 0) mutant = dice.pick(MUTATIONS)(mutant, dice, seeds)
  }
  return mutant
}

/** A safetensors file whose header is changed and has the right length. */
function mutateHeader(bytes: Uint8Array, change: (part: Uint8Array) => Uint8Array): Uint8Array {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
  return bytesFrom(rawSafetensors(change(bytes.subarray(8, 8 + length))), bytes.subarray(8 + length))
}

/** A zip archive of which one entry, mostly the pickle, is changed, with right sizes and checksums. */
function mutateEntry(bytes: Uint8Array, dice: Dice, change: (part: Uint8Array) => Uint8Array): Uint8Array {
  const zip = openZip(bytes, 'seed')
  const names = [...zip.entries.keys()]
  const chosen = dice.roll(4) > 0 ? names.find((name) => name.endsWith('data.pkl')) : dice.pick(names)
  return buildZip(
    names.map((name) => ({
      name,
      data: name === chosen ? change(zip.read(name)) : zip.read(name),
      deflate: dice.roll(4) === 0,
    })),
  )
}

function flipBit(bytes: Uint8Array, dice: Dice): Uint8Array {
  const at = dice.roll(bytes.length)
  bytes[at] = bytes[at]! ^ (1 << dice.roll(8))
  return bytes
}

function setByte(bytes: Uint8Array, dice: Dice): Uint8Array {
  bytes[dice.roll(bytes.length)] = dice.pick([0, 1, 0x7f, 0x80, 0xff, dice.roll(256)])
  return bytes
}

/** Puts a pickle opcode where the pickle most likely is. */
function setOpcode(bytes: Uint8Array, dice: Dice): Uint8Array {
  const opcodes =
    '().0123NQRKMJGXTUBCabcdehijloqrstu]}\x80\x81\x82\x85\x86\x87\x88\x89\x8a\x8b\x8d\x8f\x90\x91\x93\x94\x95'
  bytes[dice.roll(Math.min(bytes.length, 3000))] = opcodes.charCodeAt(dice.roll(opcodes.length))
  return bytes
}

const LENGTHS = [
  0n,
  1n,
  0x7fn,
  0xffn,
  0xffffn,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 53n,
  2n ** 63n,
  2n ** 64n - 1n,
]

/** Overwrites 1, 2, 4 or 8 bytes with a number that lengths go wrong at. */
function writeLength(bytes: Uint8Array, at: number, dice: Dice): void {
  const near = BigInt(bytes.length + dice.roll(3) - 1)
  const value = dice.pick([...LENGTHS, near, BigInt(dice.roll(2 ** 20))])
  const width = dice.pick([1, 2, 4, 4, 8])
  for (let i = 0; i < width && at + i < bytes.length; i++) bytes[at + i] = Number((value >> BigInt(8 * i)) & 0xffn)
}

function setLength(bytes: Uint8Array, dice: Dice): Uint8Array {
  writeLength(bytes, dice.roll(bytes.length), dice)
  return bytes
}

/** A field of a zip header, or the safetensors header length. */
function setHeaderField(bytes: Uint8Array, dice: Dice): Uint8Array {
  const signatures = [...positionsOf(bytes, [0x50, 0x4b]), 0]
  writeLength(bytes, Math.min(bytes.length - 1, dice.pick(signatures) + dice.roll(46)), dice)
  return bytes
}

/** Changes a decimal digit: shapes and offsets of safetensors. */
function setDigit(bytes: Uint8Array, dice: Dice): Uint8Array {
  const start = dice.roll(bytes.length)
  for (let at = start; at < bytes.length; at++) {
    if (bytes[at]! >= 0x30 && bytes[at]! <= 0x39) {
      bytes[at] = 0x30 + dice.roll(10)
      break
    }
  }
  return bytes
}

function truncate(bytes: Uint8Array, dice: Dice): Uint8Array {
  return bytes.slice(0, dice.roll(bytes.length))
}

function insert(bytes: Uint8Array, dice: Dice): Uint8Array {
  const at = dice.roll(bytes.length + 1)
  const added = Uint8Array.from({ length: 1 + dice.roll(20) }, () => dice.roll(256))
  return joined(bytes.subarray(0, at), added, bytes.subarray(at))
}

function remove(bytes: Uint8Array, dice: Dice): Uint8Array {
  const at = dice.roll(bytes.length)
  return joined(bytes.subarray(0, at), bytes.subarray(at + 1 + dice.roll(40)))
}

function duplicate(bytes: Uint8Array, dice: Dice): Uint8Array {
  const from = dice.roll(bytes.length)
  const at = dice.roll(bytes.length)
  return joined(bytes.subarray(0, at), bytes.subarray(from, from + 1 + dice.roll(400)), bytes.subarray(at))
}

/** The start of one file and the end of another. */
function splice(bytes: Uint8Array, dice: Dice, seeds: readonly SeedFile[]): Uint8Array {
  const other = dice.pick(seeds).bytes
  return joined(bytes.subarray(0, dice.roll(bytes.length)), other.subarray(dice.roll(other.length)))
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}

/** Runs the fuzzer in a worker, which can be stopped when a file hangs it. */
async function watch(count: number, seed: number, first: number): Promise<number> {
  const progress = new Int32Array(new SharedArrayBuffer(4)).fill(-1)
  const started = performance.now()
  const worker = new Worker(new URL(import.meta.url), {
    workerData: { count, seed, first, progress },
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_LIMIT_MIB },
  })
  const outcome = await new Promise<FuzzResult | string>((resolve) => {
    let seen = -1
    let since = performance.now()
    const timer = setInterval(() => {
      const now = Atomics.load(progress, 0)
      if (now !== seen) [seen, since] = [now, performance.now()]
      else if (performance.now() - since > 5 * TIME_LIMIT_MS) resolve(`mutant ${seen} hangs`)
    }, 200)
    worker.once('message', (message: FuzzResult) => resolve(message))
    worker.once('error', (error) => resolve(`mutant ${Atomics.load(progress, 0)}: ${error.stack ?? error.message}`))
    worker.once('exit', (code) => {
      clearInterval(timer)
      resolve(`mutant ${Atomics.load(progress, 0)}: the worker ended with code ${code}`)
    })
  })
  await worker.terminate()
  const result =
    typeof outcome === 'string' ? { read: 0, refused: 0, failures: [outcome], slowestMs: 0, peakMiB: 0 } : outcome
  for (const failure of result.failures) console.error(failure)
  console.log(
    `fuzz-checkpoints: ${count} files, seed ${seed}: ${result.read} read, ${result.refused} refused, ` +
      `${result.failures.length} failed; slowest ${result.slowestMs.toFixed(0)} ms, ` +
      `${result.peakMiB.toFixed(0)} MiB more at the peak, ${((performance.now() - started) / 1000).toFixed(0)} s`,
  )
  return result.failures.length === 0 ? 0 : 1
}

if (!isMainThread && workerData !== null && 'progress' in workerData) {
  const { count, seed, first, progress } = workerData as {
    count: number
    seed: number
    first: number
    progress: Int32Array
  }
  parentPort!.postMessage(fuzzCheckpoints(count, seed, first, (index) => Atomics.store(progress, 0, index)))
} else if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [count = 100_000, seed = 1, first = 0] = process.argv.slice(2).map(Number)
  process.exitCode = await watch(count, seed, first)
}
