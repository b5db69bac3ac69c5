/** @file Everything that a training run must remember to go on as if it had never stopped, as one safetensors file. */
import { encodeSafetensorsParts, parseSafetensors, type StateDict } from '../checkpoint/index.js'
import { bytesOf, CheckpointError, type TensorData } from '../tensor/index.js'
import type { Slab } from './slab.js'
import type { TrainingStep } from './step.js'

/** What the means of an epoch are made of. */
export interface EpochSums {
  readonly steps: number
  readonly loss: number
  readonly gradientNorm: number
  readonly terms: Readonly<Record<string, number>>
}

/** Where a run stands, beside its tensors. All randomness is drawn from (seed, epoch, photo), so no generator is saved. */
export interface RunPosition {
  /** Epochs finished. */
  readonly epoch: number
  /** Batches of the current epoch that are done. */
  readonly batch: number
  /** Steps taken in all. */
  readonly step: number
  /** Best value of the metric that decides what `best` is; −1 before the first evaluation. */
  readonly bestMetric: number
  /** Evaluations since then. */
  readonly evaluationsWithoutGain: number
  /** Sums over the steps of the current epoch, where it is not finished. */
  readonly sums?: EpochSums
  /** The run's options, as JSON; a resumed run must have the same. */
  readonly options: string
}

const VERSION = '3'
const FIRST = 'optimizer.first_moment'
const SECOND = 'optimizer.second_moment'
const EMA = 'ema'
const DIGEST = 'detrs.digest'

/** Digest of a sequence of byte arrays, hexadecimal; the platform gives it. */
export type Digest = (parts: readonly Uint8Array[]) => string

/** The state as the parts of a file, to be written one after the other. */
export function encodeState(step: TrainingStep, position: RunPosition, digest: Digest): Uint8Array[] {
  const flat = (slab: Slab): TensorData => ({ dtype: 'float32', shape: [slab.data.length], data: slab.data })
  const tensors: StateDict = new Map([
    [FIRST, flat(step.optimizer.firstMoment)],
    [SECOND, flat(step.optimizer.secondMoment)],
    ...(step.ema === undefined ? [] : [[EMA, flat(step.ema.weights)] as const]),
    ...[...step.weights.views].map(([key, data]) => [`weight.${key}`, data] as const),
    ...[...step.fixed].map(([key, data]) => [`fixed.${key}`, data] as const),
    // In an order that does not depend on what came first, a step or a saved state.
    ...[...step.fixed.keys()].flatMap((key) => {
      const data = step.averagedStatistics.get(key)
      return data === undefined ? [] : [[`average.${key}`, data] as const]
    }),
  ])
  const metadata = new Map([
    ['detrs.training_state', VERSION],
    ['detrs.optimizer_step', String(step.optimizer.step)],
    ['detrs.ema_updates', String(step.ema?.updates ?? 0)],
    ['detrs.position', JSON.stringify(position)],
  ])
  return encodeSafetensorsParts(tensors, metadata.set(DIGEST, digestOf(tensors, metadata, digest)))
}

/** Of all that a state says, in an order that does not depend on the file's. */
function digestOf(tensors: StateDict, metadata: ReadonlyMap<string, string>, digest: Digest): string {
  const said = [...metadata].filter(([key]) => key !== DIGEST).sort()
  const sorted = [...tensors].sort(([a], [b]) => (a < b ? -1 : 1))
  const shapes = sorted.map(([key, { dtype, shape }]) => [key, dtype, shape])
  const words = new TextEncoder().encode(JSON.stringify([said, shapes]))
  return digest([words, ...sorted.map(([, data]) => bytesOf(data))])
}

/**
 * Puts a saved state back into a step made from the same options.
 * @throws CheckpointError when the file is damaged, of another version, or of another model.
 */
export function restoreState(bytes: Uint8Array, where: string, step: TrainingStep, digest: Digest): RunPosition {
  const { tensors, metadata } = parseSafetensors(bytes, where)
  const fault = (expected: string, got: string): CheckpointError => new CheckpointError({ where, expected, got })
  if (metadata.get('detrs.training_state') !== VERSION) {
    throw fault(`a training state of version ${VERSION}`, metadata.get('detrs.training_state') ?? 'another file')
  }
  if (digestOf(tensors, metadata, digest) !== metadata.get(DIGEST)) {
    throw fault('the digest that was saved with it', 'another: the file is damaged')
  }
  // Which statistics have an average follows from whether a step has been taken.
  const averaged = [...step.fixed.keys()].filter((key) => tensors.has(`average.${key}`))
  const wanted = [
    FIRST,
    SECOND,
    ...(step.ema === undefined ? [] : [EMA]),
    ...[...step.weights.views.keys()].map((key) => `weight.${key}`),
    ...[...step.fixed.keys()].map((key) => `fixed.${key}`),
    ...averaged.map((key) => `average.${key}`),
  ]
  if (wanted.length !== tensors.size || !wanted.every((key) => tensors.has(key))) {
    throw fault('the tensors of this model', 'those of another')
  }
  const fill = (slab: Slab, key: string): void => {
    const source = tensors.get(key)
    if (source?.data.length !== slab.data.length)
      throw fault(`${slab.data.length} numbers in ${key}`, `${source?.data.length ?? 'none'}`)
    slab.data.set(source.data as Float32Array)
  }
  fill(step.optimizer.firstMoment, FIRST)
  fill(step.optimizer.secondMoment, SECOND)
  if (step.ema !== undefined) fill(step.ema.weights, EMA)
  step.weights.fill(new Map([...step.weights.views.keys()].map((key) => [key, tensors.get(`weight.${key}`)!])))
  for (const key of step.fixed.keys()) {
    const saved = tensors.get(`fixed.${key}`)!
    step.fixed.set(key, { ...saved, data: saved.data.slice() } as TensorData)
  }
  for (const key of averaged) {
    const saved = tensors.get(`average.${key}`)! as TensorData<'float32'>
    step.averagedStatistics.set(key, { ...saved, data: saved.data.slice() })
  }
  step.optimizer.step = Number(metadata.get('detrs.optimizer_step'))
  if (step.ema !== undefined) step.ema.updates = Number(metadata.get('detrs.ema_updates'))
  return JSON.parse(metadata.get('detrs.position')!)
}
