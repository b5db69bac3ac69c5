/** @file The folder of a training run: its options, a row per epoch, weights, and the states from which it can go on. */
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { encodeSafetensorsParts } from '../checkpoint/index.js'
import { acquireLock, type FileLock } from '../checkpoint/index.node.js'
import { type DetectionModel, modelMetadata } from '../models/index.js'
import {
  CheckpointError,
  DetrsError,
  describeReadFault,
  describeWriteFault,
  FileError,
  makeFolder,
  type TensorData,
} from '../tensor/index.node.js'
import { sha256 } from './digest.node.js'
import { UNFINISHED, writeDurably } from './durable-file.node.js'
import { parseRunRecord, type RunRecord } from './run-record.js'
import { encodeState, type RunPosition, restoreState } from './state.js'
import type { TrainingStep } from './step.js'
import type { EpochSummary } from './trainer.js'

const STATES_KEPT = 3
const STATE_NAME = /^step-(\d{8})\.safetensors$/

/** How often a process shows that it works on a run, milliseconds; a dead one's run is free after two beats. */
const HEARTBEAT_MS = 1000

/** One run on disk. While a process has it open, no other one can. */
export class RunFolder {
  readonly path: string
  readonly #lock: FileLock

  private constructor(path: string, lock: FileLock) {
    this.path = path
    this.#lock = lock
  }

  /**
   * A new folder `parent/name`, or `name2`, `name3`, … where that is taken. It must be closed.
   * @throws FileError when it cannot be made.
   */
  static async create(parent: string, name: string, record: RunRecord): Promise<RunFolder> {
    try {
      await makeFolder(parent)
      for (let n = 1; ; n++) {
        const path = join(parent, n === 1 ? name : `${name}${n}`)
        const made = await mkdir(path).then(
          () => true,
          (error: NodeJS.ErrnoException) => {
            if (error.code === 'EEXIST') return false
            throw error
          },
        )
        if (!made) continue
        await Promise.all([mkdir(join(path, 'weights')), mkdir(join(path, 'states'))])
        const folder = new RunFolder(path, await lockRun(path))
        await folder.saveRecord(record)
        return folder
      }
    } catch (cause) {
      if (cause instanceof DetrsError) throw cause
      const got = describeWriteFault(cause)
      throw new FileError({ where: parent, expected: 'a folder that can be written', got, cause })
    }
  }

  /**
   * An existing run's folder and what it was begun with. It must be closed.
   * @throws FileError when it is none, cannot be written, or another process works on it.
   */
  static async open(path: string): Promise<{ folder: RunFolder; record: RunRecord }> {
    const options = join(path, 'args.json')
    const text = await readFile(options, 'utf8').catch((cause) => {
      const got = cause.code === 'ENOENT' ? 'one without args.json, or nothing' : describeReadFault(cause)
      throw new FileError({ where: path, expected: 'the folder of a training run', got, cause })
    })
    const record = parseRunRecord(text, options)
    const folder = new RunFolder(path, await lockRun(path))
    await folder.#removeUnfinished()
    return { folder, record }
  }

  /** Lets other processes work on the run. */
  async close(): Promise<void> {
    await this.#lock.release()
  }

  /** Writes args.json. */
  async saveRecord(record: RunRecord): Promise<void> {
    await this.#write('args.json', [new TextEncoder().encode(`${JSON.stringify(record, null, 2)}\n`)])
  }

  /** Saves the state; older ones beyond the last few are removed. */
  async saveState(step: TrainingStep, position: RunPosition): Promise<void> {
    const name = `step-${String(position.step).padStart(8, '0')}.safetensors`
    await this.#write(join('states', name), encodeState(step, position, sha256))
    // What is newer than this state is damaged, and was passed over.
    const old = (await this.#stateNames()).filter((file) => file <= name).slice(STATES_KEPT)
    await Promise.all(old.map((file) => rm(join(this.path, 'states', file), { force: true })))
  }

  /** Whether there is nothing to go on from because the run ended before its first state was saved. */
  async isAtBeginning(): Promise<boolean> {
    return (await this.#stateNames()).length === 0 && (await this.#rows()).length <= 2
  }

  /** Epochs that results.csv tells of. */
  async epochsDone(): Promise<number> {
    const last = (await this.#rows()).at(-1)?.split(',')[0]
    return Number.isInteger(Number(last)) ? Number(last) : 0
  }

  /**
   * Puts the newest readable state into `step`.
   * @returns its position and the states that were damaged and passed over
   * @throws CheckpointError when there is none.
   */
  async restore(step: TrainingStep): Promise<{ position: RunPosition; damaged: readonly string[] }> {
    const damaged: string[] = []
    for (const name of await this.#stateNames()) {
      const path = join(this.path, 'states', name)
      try {
        return { position: restoreState(await readFile(path), path, step, sha256), damaged }
      } catch (error) {
        damaged.push(error instanceof DetrsError ? error.message : `${path}: ${describeReadFault(error)}.`)
      }
    }
    throw new CheckpointError({
      where: this.path,
      expected: 'a saved state to go on from',
      got: damaged.length === 0 ? 'none' : `${damaged.length} that cannot be used. The newest: ${damaged[0]}`,
    })
  }

  /** Writes weights that `detrs detect` can use as they are. */
  async saveWeights(
    name: 'last' | 'best',
    model: DetectionModel,
    weights: ReadonlyMap<string, TensorData>,
    classNames: readonly (string | null)[],
  ): Promise<string> {
    const official = model.layouts[0]!
    const tensors = new Map([...weights].map(([key, value]) => [official.keysOf(key)[0]!, value]))
    const metadata = new Map(modelMetadata(model, classNames))
    const path = join('weights', `${name}.safetensors`)
    await this.#write(path, encodeSafetensorsParts(tensors, metadata))
    return join(this.path, path)
  }

  /** Adds a row to results.csv; a row of the same epoch, from before a resume, is replaced. */
  async addRow({ epoch, loss, terms, gradientNorm, learningRate, metrics }: EpochSummary): Promise<void> {
    const values = { epoch, loss, ...Object.fromEntries(terms), gradientNorm, learningRate, ...metrics }
    const [heading, ...rows] = await this.#rows()
    const columns = heading?.split(',') ?? [...Object.keys(values), ...(metrics === undefined ? METRIC_COLUMNS : [])]
    const row = columns.map((column) => values[column as keyof typeof values] ?? '').join(',')
    const kept = rows.filter((line) => Number(line.split(',')[0]) < epoch)
    await this.#write('results.csv', [new TextEncoder().encode(`${[columns.join(','), ...kept, row].join('\n')}\n`)])
  }

  /** Lines of results.csv, the heading first. */
  async #rows(): Promise<string[]> {
    const text = await readFile(join(this.path, 'results.csv'), 'utf8').catch(nothingIfMissing(''))
    return text.split('\n').filter((line) => line !== '')
  }

  /** Newest first. */
  async #stateNames(): Promise<string[]> {
    const names = await readdir(join(this.path, 'states')).catch(nothingIfMissing([]))
    return names.filter((name) => STATE_NAME.test(name)).sort((a, b) => (a < b ? 1 : -1))
  }

  async #write(name: string, parts: Iterable<Uint8Array>): Promise<void> {
    if (await this.#lock.isTaken()) throw worksOnIt(this.path, 'another one, which took it over')
    await writeDurably(join(this.path, name), parts)
  }

  /** What a process that was killed left half-written. */
  async #removeUnfinished(): Promise<void> {
    for (const folder of [this.path, join(this.path, 'states'), join(this.path, 'weights')]) {
      const names = await readdir(folder).catch(nothingIfMissing([]))
      const unfinished = names.filter((name) => name.endsWith(UNFINISHED))
      await Promise.all(unfinished.map((name) => rm(join(folder, name), { force: true })))
    }
  }
}

function nothingIfMissing<T>(nothing: T): (error: NodeJS.ErrnoException) => T {
  return (cause) => {
    if (cause.code === 'ENOENT') return nothing
    const [where, got] = [cause.path ?? 'run folder', describeReadFault(cause)]
    throw new FileError({ where, expected: 'a file or folder that can be read', got, cause })
  }
}

function worksOnIt(where: string, got: string): FileError {
  const expected = 'to be the only process that works on this run'
  return new FileError({ where, expected, got, next: 'Let it finish, or end it.' })
}

function lockRun(path: string): Promise<FileLock> {
  return acquireLock(join(path, 'lock'), {
    heartbeatMs: HEARTBEAT_MS,
    signal: new AbortController().signal,
    onWait: () => undefined,
    onAlive: () => {
      throw worksOnIt(path, 'another one at work')
    },
  })
}

/** Columns that rows of epochs without an evaluation leave empty. */
const METRIC_COLUMNS = ['AP', 'AP50', 'AP75']
