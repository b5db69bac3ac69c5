/**
 * @file Photos per core-second through the loader with DETR's augmentation, against PyTorch's DataLoader with the same on
 * the same files (reference/loader_speed.py). All sides take turns; figures are medians, in CPU time of all threads and
 * processes. `node dist/bench/loader-speed.js [rounds] [--busy]`; `--busy` measures on a machine that is not idle, too.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { readDataset } from '../src/data/formats/read.node.js'
import { createLoader, detrAugmentation } from '../src/data/index.node.js'
import { findPython } from '../test/support/python.js'
import { median, requireIdleMachine } from './idle.js'

/** What one pass over the photos took. */
interface Pass {
  readonly photos: number
  readonly seconds: number
  /** Seconds of CPU time. */
  readonly cpu: number
}

interface Side {
  readonly name: string
  readonly run: () => Promise<Pass>
  readonly stop: () => Promise<void>
}

const words = process.argv.slice(2)
const ROUNDS = Number(words.find((word) => !word.startsWith('--')) ?? 5)
const REPEAT = 4

const data = process.env['DETRS_DATA'] ?? fileURLToPath(new URL('../../../shared/data', import.meta.url))
const folder = join(data, 'coco128')
if (!existsSync(folder)) {
  console.error(`bench: expected photos in ${folder}, got no such folder. Set DETRS_DATA.`)
  process.exit(1)
}

async function ours(workers: number): Promise<Side> {
  const dataset = await readDataset(folder)
  const indices = Array.from({ length: REPEAT }, () => [...dataset.images.keys()]).flat()
  const transforms = detrAugmentation()
  const loader = createLoader({ dataset, indices, transforms, batchSize: 8, shuffle: true, workers })
  let epoch = 0
  return {
    name: `detrs, ${workers} worker${workers === 1 ? '' : 's'}, bytes`,
    async run() {
      const [start, before] = [performance.now(), process.cpuUsage()]
      let photos = 0
      for await (const batch of loader.batches({ epoch: epoch++, batch: 0 })) photos += batch.photos.length
      const { user, system } = process.cpuUsage(before)
      return { photos, seconds: (performance.now() - start) / 1000, cpu: (user + system) / 1e6 }
    },
    stop: () => loader.close(),
  }
}

async function pytorch(python: string, name: string, options: readonly string[]): Promise<Side> {
  const script = fileURLToPath(new URL('../../reference/loader_speed.py', import.meta.url))
  const files = [join(folder, 'annotations/instances_train2017.json'), join(folder, 'train2017')]
  const child = spawn(python, [script, ...files, '--repeat', String(REPEAT), ...options])
  child.stderr.pipe(process.stderr)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const { value } = await lines.next()
  if (value !== 'ready') throw new Error(`loader_speed.py: expected ready, got ${value}`)
  return {
    name,
    async run() {
      child.stdin.write('run\n')
      return JSON.parse((await lines.next()).value as string) as Pass
    },
    async stop() {
      child.stdin.end()
    },
  }
}

const busy = words.includes('--busy')
if (!busy) await requireIdleMachine()
const sides = [await ours(1), await ours(2)]
const python = findPython()
if (python === undefined) console.error('bench: no Python with torch: only our own side is measured')
else {
  sides.push(
    await pytorch(python, 'PyTorch, Pillow, normalised floats', ['--float']),
    await pytorch(python, 'PyTorch, Pillow, bytes', []),
    await pytorch(python, 'PyTorch, torchvision tensors, normalised floats', ['--decode', 'torchvision', '--float']),
    await pytorch(python, 'PyTorch, torchvision tensors, bytes', ['--decode', 'torchvision']),
  )
}

const passes = new Map<string, Pass[]>(sides.map(({ name }) => [name, []]))
for (const { run } of sides) await run()
if (!busy) await requireIdleMachine()
for (let round = 0; round < ROUNDS; round++) {
  for (const { name, run } of sides) passes.get(name)!.push(await run())
}
for (const { stop } of sides) await stop()

const rate = (name: string): number => median(passes.get(name)!.map(({ photos, cpu }) => photos / cpu))
const base = rate(sides[0]!.name)
console.log(`DETR's augmentation of coco128, batches of 8, ${ROUNDS} rounds of ${128 * REPEAT} photos, medians`)
for (const { name } of sides) {
  const own = rate(name)
  const all = passes.get(name)!
  const wall = median(all.map(({ photos, seconds }) => photos / seconds))
  const milliseconds = (1000 / own).toFixed(1).padStart(5)
  const share = `detrs is at ${(base / own).toFixed(2)}×`
  console.log(
    `${name.padEnd(50)} ${own.toFixed(1).padStart(6)} photos per core-second (${milliseconds} ms), ${wall.toFixed(0)} per second; ${share}`,
  )
}
process.exit(0)
