/** @file The training loop: epochs of steps, schedule, evaluation, early stop, saving; what surrounds it comes in as hooks. */
import type { ParameterGroup } from './adamw.js'
import type { EpochSums, RunPosition } from './state.js'
import type { StepResult, TrainingBatch, TrainingStep } from './step.js'

/** Batches of an epoch, the same for the same epoch whatever happened before. */
export interface BatchSource {
  readonly batchesPerEpoch: number
  /** What each step of `epoch` takes, from position `from` on, in order; several batches are parts of one step. */
  batches(epoch: number, from: number): AsyncIterable<TrainingBatch | readonly TrainingBatch[]>
}

/** Figures of an evaluation by name (`AP`, `AP50`, …). */
export type Metrics = Readonly<Record<string, number>>

/** Means over an epoch. */
export interface EpochSummary {
  readonly epoch: number
  readonly loss: number
  readonly terms: ReadonlyMap<string, number>
  readonly gradientNorm: number
  readonly learningRate: number
  readonly metrics?: Metrics
}

/** A hook that returns this ends the run after the current step. */
export type Verdict = 'stop' | undefined

/** What a run tells while it goes on. */
export interface TrainerHooks {
  onTrainStart?(position: RunPosition): Verdict | Promise<Verdict>
  onEpochStart?(epoch: number): Verdict | Promise<Verdict>
  onBatchEnd?(result: StepResult, position: RunPosition): Verdict | Promise<Verdict>
  /** After an epoch and its evaluation. */
  onFitEpochEnd?(summary: EpochSummary): Verdict | Promise<Verdict>
  /** When the state shall be written; `best` when the last evaluation was the best so far. */
  onModelSave?(position: RunPosition, best: boolean): Promise<void>
}

/** How to train. */
export interface TrainerOptions {
  readonly step: TrainingStep
  readonly source: BatchSource
  readonly epochs: number
  /** Settings of every parameter group at a step, counted from 0. */
  readonly groups: (step: number) => readonly ParameterGroup[]
  /** Evaluates the current weights (the average, where there is one); run after every `evaluateEvery` epochs. */
  readonly evaluate?: () => Promise<Metrics>
  readonly evaluateEvery?: number
  /** Name of the metric that decides what is best, larger being better. */
  readonly metric?: string
  /** Evaluations without a gain after which the run ends. */
  readonly patience?: number
  readonly hooks?: TrainerHooks
}

/** Why a run ended. */
export type TrainingEnd = 'finished' | 'stopped' | 'no gain'

/**
 * Trains from `position` to the last epoch.
 * @returns why it ended and where; the state has been saved then
 */
export async function train(
  options: TrainerOptions,
  position: RunPosition,
): Promise<{ end: TrainingEnd; position: RunPosition }> {
  const { step, source, epochs, groups, hooks = {}, evaluate, evaluateEvery = 1, metric = 'AP' } = options
  let at = position
  let end: TrainingEnd = 'finished'
  if ((await hooks.onTrainStart?.(at)) === 'stop') return { end: 'stopped', position: at }
  while (at.epoch < epochs) {
    if ((await hooks.onEpochStart?.(at.epoch)) === 'stop') end = 'stopped'
    const means = new Means(at.sums)
    for await (const batch of end === 'finished' ? source.batches(at.epoch, at.batch) : []) {
      const settings = groups(at.step)
      const result = await step.run(batch, settings)
      at = { ...at, batch: at.batch + 1, step: at.step + 1 }
      means.add(result)
      if ((await hooks.onBatchEnd?.(result, at)) === 'stop') {
        end = 'stopped'
        break
      }
    }
    if (end === 'stopped' && at.batch < source.batchesPerEpoch) {
      if (at.batch > 0) at = { ...at, sums: means.sums() }
      break
    }
    const { sums: _, ...before } = at
    at = { ...before, epoch: at.epoch + 1, batch: 0 }
    const due = at.epoch % evaluateEvery === 0 || at.epoch === epochs
    const metrics = due ? await evaluate?.() : undefined
    const best = metrics !== undefined && metrics[metric]! > at.bestMetric
    if (metrics !== undefined) {
      at = {
        ...at,
        bestMetric: best ? metrics[metric]! : at.bestMetric,
        evaluationsWithoutGain: best ? 0 : at.evaluationsWithoutGain + 1,
      }
    }
    // The first groups may be those of a backbone.
    const learningRate = groups(Math.max(0, at.step - 1)).at(-1)!.learningRate
    const summary = { epoch: at.epoch, ...means.summary(), learningRate, ...(metrics === undefined ? {} : { metrics }) }
    // The state comes last: a run that dies in between does the epoch again, and nothing of it is lost.
    if ((await hooks.onFitEpochEnd?.(summary)) === 'stop') end = 'stopped'
    await hooks.onModelSave?.(at, best)
    if (end === 'stopped' && at.epoch < epochs) return { end, position: at }
    end = 'finished'
    if (at.evaluationsWithoutGain >= (options.patience ?? Number.POSITIVE_INFINITY))
      return { end: 'no gain', position: at }
  }
  if (end === 'stopped') await hooks.onModelSave?.(at, false)
  return { end, position: at }
}

/** Running means of what steps report. */
class Means {
  #count: number
  #loss: number
  #norm: number
  readonly #terms: Map<string, number>

  /** @param sums of the steps before, in an epoch that is gone on with */
  constructor({ steps, loss, gradientNorm, terms }: EpochSums = { steps: 0, loss: 0, gradientNorm: 0, terms: {} }) {
    this.#count = steps
    this.#loss = loss
    this.#norm = gradientNorm
    this.#terms = new Map(Object.entries(terms))
  }

  add({ loss, gradientNorm, terms }: StepResult): void {
    this.#count++
    this.#loss += loss
    this.#norm += gradientNorm
    for (const [name, value] of terms) this.#terms.set(name, (this.#terms.get(name) ?? 0) + value)
  }

  sums(): EpochSums {
    return {
      steps: this.#count,
      loss: this.#loss,
      gradientNorm: this.#norm,
      terms: Object.fromEntries(this.#terms),
    }
  }

  summary(): { loss: number; gradientNorm: number; terms: ReadonlyMap<string, number> } {
    const n = Math.max(1, this.#count)
    return {
      loss: this.#loss / n,
      gradientNorm: this.#norm / n,
      terms: new Map([...this.#terms].map(([name, sum]) => [name, sum / n])),
    }
  }
}
