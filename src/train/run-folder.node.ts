/** @file The folder of a training run: its options, a row per epoch, weights, and the states from which it can go on. */
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { encodeSafetensorsParts } from '../checkpoint/index.js'
import { type DetectionModel, MetadataKey } from '../models/index.js'
import { CheckpointError, FileError, type TensorData } from '../tensor/index.js'
import { writeDurably } from './durable-file.node.js'
import { type Digest, encodeState, type RunPosition, restoreState } from './state.js'
import type { TrainingStep } from './step.js'
import type { EpochSummary } from './trainer.js'

const STATES_KEPT = 3
const STATE_NAME = /^step-(\d{8})\.safetensors$/

const sha256: Digest = (parts) => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex')
}

/** One run on disk. */
export class RunFolder {
  readonly path: string

  private constructor(path: string) {
    this.path = path
  }

  /**
   * A new folder `parent/name`, or `name2`, `name3`, … where that is taken.
   * @throws FileError when it cannot be made.
   */
  static async create(parent: string, name: string, options: object): Promise<RunFolder> {
    try {
      await mkdir(parent, { recursive: true })
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
        await writeFile(join(path, 'args.json'), `${JSON.stringify(options, null, 2)}\n`)
        return new RunFolder(path)
      }
    } catch (cause) {
      const got = (cause as NodeJS.ErrnoException).code ?? String(cause)
      throw new FileError({ where: parent, expected: 'a folder that can be written', got, cause })
    }
  }

  /** An existing run's folder and the options that it was started with. @throws FileError when it is none. */
  static async open(path: string): Promise<{ folder: RunFolder; options: unknown }> {
    try {
      return { folder: new RunFolder(path), options: JSON.parse(await readFile(join(path, 'args.json'), 'utf8')) }
    } catch (cause) {
      const got = (cause as NodeJS.ErrnoException).code ?? 'a damaged args.json'
      throw new FileError({ where: path, expected: 'the folder of a training run', got, cause })
    }
  }

  /** Saves the state; older ones beyond the last few are removed. */
  async saveState(step: TrainingStep, position: RunPosition): Promise<void> {
    const name = `step-${String(position.step).padStart(8, '0')}.safetensors`
    await writeDurably(join(this.path, 'states', name), encodeState(step, position, sha256))
    const old = (await this.#stateNames()).slice(STATES_KEPT)
    await Promise.all(old.map((file) => rm(join(this.path, 'states', file), { force: true })))
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
        if (!(error instanceof CheckpointError)) throw error
        damaged.push(error.message)
      }
    }
    throw new CheckpointError({
      where: this.path,
      expected: 'a saved state to go on from',
      got: damaged.length === 0 ? 'none' : damaged.join(' '),
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
    const metadata = new Map([
      [MetadataKey.version, '1'],
      [MetadataKey.model, model.name],
      [MetadataKey.config, JSON.stringify({ ...model.config, classes: classNames.length })],
      [MetadataKey.classNames, JSON.stringify(classNames)],
      [MetadataKey.input, JSON.stringify(model.input)],
    ])
    const path = join(this.path, 'weights', `${name}.safetensors`)
    await writeDurably(path, encodeSafetensorsParts(tensors, metadata))
    return path
  }

  /** Adds a row to results.csv; a row of the same epoch, from before a resume, is replaced. */
  async addRow({ epoch, loss, terms, gradientNorm, learningRate, metrics }: EpochSummary): Promise<void> {
    const path = join(this.path, 'results.csv')
    const values = { epoch, loss, ...Object.fromEntries(terms), gradientNorm, learningRate, ...metrics }
    const [heading, ...rows] = (await readFile(path, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '')
    const columns = heading?.split(',') ?? [...Object.keys(values), ...(metrics === undefined ? METRIC_COLUMNS : [])]
    const row = columns.map((column) => values[column as keyof typeof values] ?? '').join(',')
    const kept = rows.filter((line) => Number(line.split(',')[0]) < epoch)
    await writeDurably(path, [new TextEncoder().encode(`${[columns.join(','), ...kept, row].join('\n')}\n`)])
  }

  /** Newest first. */
  async #stateNames(): Promise<string[]> {
    const names = await readdir(join(this.path, 'states')).catch(() => [])
    return names.filter((name) => STATE_NAME.test(name)).sort((a, b) => b.localeCompare(a))
  }
}

/** Columns that rows of epochs without an evaluation leave empty. */
const METRIC_COLUMNS = ['AP', 'AP50', 'AP75']
