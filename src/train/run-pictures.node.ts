/**
 * @file What a run shows a person, kept up to date in its folder: environment, first batches, curves, TensorBoard events,
 * pictures of the best weights' evaluation, one page. A picture that cannot be made is a warning, never the end of a run.
 */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os'
import { basename, join } from 'node:path'
import type { CocoEvaluation } from '../eval/index.js'
import {
  batchSheet,
  curvesPicture,
  EventFile,
  judgePhotos,
  type PhotoFile,
  parseResults,
  writeEvaluation,
  writePicture,
  writeReport,
  writeWhole,
} from '../report/index.node.js'
import type { Runtime } from '../runtime/index.js'
import type { TrainingBatch } from './step.js'
import type { EpochSummary } from './trainer.js'

/** What the pictures are of. */
export interface RunPicturesOptions {
  /** Path of the run's folder. */
  readonly folder: string
  readonly title: string
  readonly runtime: Runtime
  readonly classNames: readonly string[]
  /** Validation photos in the order of their evaluation. */
  readonly photos: readonly PhotoFile[]
  /** Why the settings are what they are. */
  readonly reasons: readonly string[]
  /** What the run was started with besides the settings of args.json. */
  readonly options: object
  /** Epochs that are done already. */
  readonly epoch: number
  /** Receives a sentence for each thing that could not be drawn. */
  readonly warn: (line: string) => void
}

const BATCHES_SHOWN = 3

/** Draws and writes. No method ever throws. */
export class RunPictures {
  readonly #options: RunPicturesOptions
  readonly #told: Set<string> = new Set()
  #events: EventFile | undefined
  #evaluation: CocoEvaluation | undefined
  #epoch: number

  private constructor(options: RunPicturesOptions) {
    this.#options = options
    this.#epoch = options.epoch
  }

  /** Writes environment.json, of this start, and begins an event file. */
  static async open(options: RunPicturesOptions): Promise<RunPictures> {
    const pictures = new RunPictures(options)
    const { folder, runtime } = options
    await pictures.#attempt('environment.json', async () => {
      const environment = { ...(await environmentOf(runtime)), ...options.options }
      await writeWhole(folder, 'environment.json', `${JSON.stringify(environment, null, 2)}\n`)
    })
    await pictures.#attempt('the events for TensorBoard', async () => {
      pictures.#events = await EventFile.create(folder, options.epoch + 1)
    })
    return pictures
  }

  /** A batch that is about to be trained on; the first three of a run are drawn. */
  async batch({ epoch, batch }: { epoch: number; batch: number }, shown: TrainingBatch): Promise<void> {
    if (epoch > 0 || batch >= BATCHES_SHOWN) return
    const { folder, classNames } = this.#options
    const name = `train-batch-${batch}.png`
    await this.#attempt(name, () => {
      return writePicture(folder, name, batchSheet(shown, classNames, `Batch ${batch + 1} of the first epoch`))
    })
  }

  /** Keeps an evaluation until it is known whether it is the best. */
  evaluated(evaluation: CocoEvaluation): void {
    this.#evaluation = evaluation
  }

  /** After a row was added to results.csv. */
  async epochEnd(summary: EpochSummary): Promise<void> {
    this.#epoch = summary.epoch
    await this.#attempt('the events for TensorBoard', async () => this.#events?.add(summary.epoch, scalarsOf(summary)))
    if (summary.metrics !== undefined) await this.#drawCurves()
  }

  /** After weights were saved, which comes after the end of their epoch; `best` where those of the last evaluation are the best so far. */
  async saved(best: boolean): Promise<void> {
    if (!best) return
    await this.#drawEvaluation()
    await this.#writePage()
  }

  /** When the run is over, for now. */
  async finish(): Promise<void> {
    await this.#drawCurves()
    // Without objects to find, no evaluation is ever the best.
    if (!existsSync(join(this.#options.folder, 'evaluation.json'))) await this.#drawEvaluation()
    await this.#writePage()
  }

  async #drawCurves(): Promise<void> {
    const { folder } = this.#options
    await this.#attempt('results.png', async () => {
      const text = await readFile(join(folder, 'results.csv'), 'utf8').catch(() => '')
      if (text !== '') await writePicture(folder, 'results.png', curvesPicture(parseResults(text)))
    })
  }

  async #drawEvaluation(): Promise<void> {
    const evaluation = this.#evaluation
    if (evaluation === undefined) return
    const { folder, photos } = this.#options
    this.#evaluation = undefined
    await this.#attempt('the evaluation', () => writeEvaluation(folder, judgePhotos(evaluation, photos), this.#epoch))
  }

  async #writePage(): Promise<void> {
    const { folder, title, reasons } = this.#options
    const subtitle = `Run folder ${basename(folder)}, ${this.#epoch} epochs`
    await this.#attempt('report.html', () => writeReport(folder, { title, subtitle, reasons }))
  }

  /** Does what may fail; the same failure is told once. */
  async #attempt(what: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
    } catch (error) {
      const line = `${what} could not be written: ${error instanceof Error ? error.message : String(error)}`
      if (!this.#told.has(line)) this.#options.warn(line)
      this.#told.add(line)
    }
  }
}

/** What the numbers of a run depend on besides data and settings. */
async function environmentOf(runtime: Runtime): Promise<Record<string, unknown>> {
  const manifest = await readFile(new URL('../../../package.json', import.meta.url), 'utf8').catch(() => '{}')
  const { version = 'unknown' } = JSON.parse(manifest) as { version?: string }
  return {
    detrs: version,
    started: new Date().toISOString(),
    node: process.versions.node,
    system: `${platform()} ${release()} ${arch()}`,
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    processors: availableParallelism(),
    memoryGiB: Number((totalmem() / 2 ** 30).toFixed(1)),
    engine: runtime.name,
    onnxRuntime: runtime.version,
    providers: runtime.providers,
    threads: runtime.threads,
  }
}

function scalarsOf({ loss, terms, gradientNorm, learningRate, metrics = {} }: EpochSummary): [string, number][] {
  return [
    ['train/loss', loss],
    ...[...terms].map(([name, value]): [string, number] => [`train/${name}`, value]),
    ['train/gradient_norm', gradientNorm],
    ['train/learning_rate', learningRate],
    ...Object.entries(metrics).map(([name, value]): [string, number] => [`val/${name}`, value]),
  ]
}
