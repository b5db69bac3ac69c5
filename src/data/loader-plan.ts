/** @file Which photos a batch holds: a function of the seed, the epoch and the batch's number, and of nothing else. */
import { streamKey } from '../tensor/index.js'
import { seededDraws } from './transforms/index.js'

/** A place in training: the batch that comes next. */
export interface LoaderPosition {
  /** From 0. */
  readonly epoch: number
  /** Number of the batch in its epoch, from 0. */
  readonly batch: number
}

/** A batch before it is loaded. */
export interface PlannedBatch {
  readonly position: LoaderPosition
  /** The batch after it. */
  readonly next: LoaderPosition
  /** Positions of its photos in the data set. */
  readonly indices: readonly number[]
}

/** What makes the plan. */
export interface PlanOptions {
  /** Positions of the photos to take. */
  readonly indices: readonly number[]
  readonly batchSize: number
  readonly seed: number
  readonly shuffle: boolean
  /** Leaves out a last batch that is not full. */
  readonly dropLast: boolean
}

/** Batches in every epoch. */
export function batchesPerEpoch({ indices, batchSize, dropLast }: PlanOptions): number {
  const batches = indices.length / batchSize
  return dropLast ? Math.floor(batches) : Math.ceil(batches)
}

/** The batches from `from` to the end of the epoch before `untilEpoch`, in order. */
export function* planBatches(options: PlanOptions, from: LoaderPosition, untilEpoch: number): Generator<PlannedBatch> {
  const count = batchesPerEpoch(options)
  const { batchSize } = options
  for (let { epoch, batch } = from; epoch < untilEpoch; epoch++, batch = 0) {
    const order = epochOrder(options, epoch)
    for (; batch < count; batch++) {
      yield {
        position: { epoch, batch },
        next: batch + 1 < count ? { epoch, batch: batch + 1 } : { epoch: epoch + 1, batch: 0 },
        indices: order.slice(batch * batchSize, (batch + 1) * batchSize),
      }
    }
  }
}

/** The photos in the order of an epoch (Fisher and Yates), another one in each. */
function epochOrder({ indices, seed, shuffle }: PlanOptions, epoch: number): readonly number[] {
  if (!shuffle) return indices
  const draws = seededDraws(streamKey(`epoch ${epoch} order`, seed))
  const order = [...indices]
  for (let last = order.length - 1; last > 0; last--) {
    const chosen = draws.integer(0, last)
    const value = order[chosen]!
    order[chosen] = order[last]!
    order[last] = value
  }
  return order
}
