/**
 * @file Kills a training run with SIGKILL at random moments and goes on with it, again and again: what it ends with must
 * be what a run ends with that was never killed, every file to the bit. Some moments are chosen in the middle of writing.
 * Exit code 1 on any difference, half-written file or run that cannot go on.
 *
 *   node dist/test/kill-training.js [--kills 50] [--seed 1] [--log kills.log]
 */
import { type ChildProcess, spawn } from 'node:child_process'
import {
  appendFileSync,
  existsSync,
  type FSWatcher,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  watch,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { parseSafetensors } from '../src/checkpoint/index.js'
import { MAIN } from './support/cli.js'
import { randomOf } from './support/random.js'
import { differingFiles, filesOf } from './support/run-files.js'
import { writeShapesDataset } from './support/shapes-dataset.js'

const EPOCHS = 24
const OPTIONS = [
  '--model',
  'detr-small',
  '--epochs',
  `${EPOCHS}`,
  '--size',
  '64',
  '--batch',
  '4',
  '--threads',
  '2',
  '--evaluate-every',
  '2',
]
/** Longest time from a start to a kill; a start takes about 2 s, an epoch about half a second. */
const LONGEST_MS = 7000

const { values: args } = parseArgs({
  options: {
    kills: { type: 'string', default: '50' },
    seed: { type: 'string', default: '1' },
    log: { type: 'string' },
  },
})
const [kills, seed] = [Number(args.kills), Number(args.seed)]
if (!Number.isInteger(kills) || kills < 1 || !Number.isInteger(seed)) {
  console.error('kill-training: expected --kills of at least 1 and a whole --seed, got other options.')
  process.exit(1)
}

function report(line: string): void {
  console.log(line)
  if (args.log !== undefined) appendFileSync(args.log, `${line}\n`)
}

const random = randomOf(seed)

/** When a process shall die: after a time, or in the writing of the n-th file of a kind. */
type Moment =
  | { readonly kind: 'time'; readonly ms: number }
  | { readonly kind: 'writing'; readonly folder: string; readonly count: number; readonly ms: number }

function drawMoment(): Moment {
  if (random.int(1, 5) <= 2) return { kind: 'time', ms: random.int(0, LONGEST_MS) }
  const folder = random.pick(['states', 'states', 'weights', '.'])
  // 35 MB of state take some 50 ms to write.
  return { kind: 'writing', folder, count: random.int(1, 6), ms: random.int(0, folder === 'states' ? 60 : 15) }
}

interface Ended {
  /** Exit code; undefined when it was killed. */
  readonly code: number | undefined
  readonly seconds: number
}

/** Runs `detrs train` until it ends or the moment has come. */
async function trainUntil(words: readonly string[], runFolder: string, moment: Moment | undefined): Promise<Ended> {
  const started = performance.now()
  const child = spawn(process.execPath, [MAIN, 'train', ...words], { stdio: ['ignore', 'ignore', 'pipe'] })
  let [said, killed] = ['', false]
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const kill = (): void => {
    killed = child.kill('SIGKILL') || killed
  }
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const stopWaiting = moment === undefined ? () => undefined : killAt(moment, child, runFolder, kill)
  const code = await ended
  stopWaiting()
  const seconds = (performance.now() - started) / 1000
  if (code === null && killed) return { code: undefined, seconds }
  if (code !== 0) report(`exit code ${code}: ${said.trim()}`)
  return { code: code ?? 1, seconds }
}

/** @returns what ends the waiting */
function killAt(moment: Moment, child: ChildProcess, runFolder: string, kill: () => void): () => void {
  if (moment.kind === 'time') {
    const timer = setTimeout(kill, moment.ms)
    return () => clearTimeout(timer)
  }
  let left = moment.count
  let watcher: FSWatcher | undefined
  const folder = join(runFolder, moment.folder)
  const waitForFolder = async (): Promise<void> => {
    while (child.exitCode === null && !existsSync(folder)) await delay(2)
    if (child.exitCode !== null) return
    watcher = watch(folder, (event, name) => {
      // A renaming is told twice: as the temporary file appears and as it goes.
      if (event !== 'rename' || !name?.endsWith('.part') || !existsSync(join(folder, name))) return
      if (--left === 0) setTimeout(kill, moment.ms)
    })
  }
  void waitForFolder()
  return () => watcher?.close()
}

/** What a run killed just now has left: temporary files, half-written `since` it began, and files that should be whole. */
function leftBy(runFolder: string, since: number): { temporary: string[]; broken: string[]; newest: string } {
  const files = existsSync(runFolder) ? filesOf(runFolder).map((name) => join(runFolder, name)) : []
  const broken = files.filter((path) => {
    if (!path.endsWith('.safetensors')) return false
    try {
      parseSafetensors(readFileSync(path), path)
      return false
    } catch {
      return true
    }
  })
  const temporary = files
    .filter((path) => path.endsWith('.part') && statSync(path).mtimeMs >= since)
    .map((path) => `${relative(runFolder, path)} of ${(statSync(path).size / 1e6).toFixed(1)} MB`)
  const states = files.filter((path) => /step-\d+\.safetensors$/.test(path))
  return { temporary, broken, newest: states.at(-1)?.match(/step-0*(\d+)/)?.[1] ?? 'none' }
}

async function main(folder: string): Promise<number> {
  if (args.log !== undefined) writeFileSync(args.log, '')
  const data = join(folder, 'data')
  await writeShapesDataset(data, 12, 4)
  const fresh = (out: string): string[] => ['--data', data, '--out', join(folder, out), ...OPTIONS]
  report(`${OPTIONS.join(' ')}; node ${process.versions.node}, ${process.platform} ${process.arch}`)
  const whole = join(folder, 'whole', 'train')
  const never = await trainUntil(fresh('whole'), whole, undefined)
  if (never.code !== 0) return 1
  report(`never killed: ${never.seconds.toFixed(1)} s, ${filesOf(whole).length} files`)

  let [killed, wrong, runs, inWriting] = [0, 0, 0, 0]
  while (killed < kills && wrong === 0) {
    const out = `killed-${++runs}`
    const runFolder = join(folder, out, 'train')
    let words = fresh(out)
    for (;;) {
      const moment = killed < kills ? drawMoment() : undefined
      const began = Date.now()
      const { code, seconds } = await trainUntil(words, runFolder, moment)
      if (code !== undefined) {
        if (code !== 0) wrong++
        break
      }
      killed++
      const { temporary, broken, newest } = leftBy(runFolder, began)
      if (temporary.length > 0) inWriting++
      wrong += broken.length
      const where = temporary.length === 0 ? '' : `, in the writing of ${temporary.join(', ')}`
      const halves = broken.length === 0 ? '' : `; BROKEN: ${broken.join(', ')}`
      report(`kill ${killed}, run ${runs}: after ${seconds.toFixed(2)} s${where}; newest state: ${newest}${halves}`)
      // Killed before its options were written, a run has not begun.
      if (existsSync(join(runFolder, 'args.json'))) words = ['--resume', runFolder]
      else rmSync(join(folder, out), { recursive: true, force: true })
    }
    const differing = differingFiles(whole, runFolder)
    wrong += differing.length
    report(`run ${runs} ended; ${differing.length === 0 ? 'all files equal' : `DIFFERENT: ${differing.join(', ')}`}`)
    rmSync(join(folder, out), { recursive: true, force: true })
  }
  report(`${killed} kills, ${inWriting} of them in the middle of writing, ${runs} runs, ${wrong} faults`)
  report(wrong === 0 ? 'passed' : 'FAILED')
  return wrong === 0 ? 0 : 1
}

const folder = mkdtempSync(join(tmpdir(), 'detrs-kills-'))
try {
  process.exitCode = await main(folder)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
