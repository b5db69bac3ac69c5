/**
 * @file Random decisions. Every one comes from a stream that is named after all that it may depend on (seed, epoch, photo
 * or batch, transform), so that it is the same whichever thread makes it, and in whatever order.
 */
import { streamKey, uniformAt } from '../../tensor/index.js'

/** A source of random decisions. */
export interface Draws {
  /** True with this probability. */
  chance(probability: number): boolean
  /** A uniform whole number from `first` to `last`, both included. */
  integer(first: number, last: number): number
  /** A uniform number from `low` up, below `high`; `low` itself where they are equal. */
  real(low: number, high: number): number
}

/** The draws of a stream by its key (`streamKey`). */
export function seededDraws(key: number): Draws {
  let count = 0
  const fraction = (): number => (uniformAt(key, count++) + 1) / 2
  return {
    chance: (probability) => fraction() < probability,
    integer(first, last) {
      // 48 bits, so that every number of a long list is as likely as any other.
      const position = fraction() + fraction() * 2 ** -24
      return first + Math.floor(position * (last - first + 1))
    },
    real: (low, high) => low + fraction() * (high - low),
  }
}

/**
 * The source for the transform at `path` of a list. `scope` tells whether all photos of a batch are to see the same
 * decisions.
 */
export type DrawStreams = (path: string, scope: 'photo' | 'batch') => Draws

/** What the decisions about one photo depend on, beside the transform. */
export interface DrawPlace {
  /** A whole number below 2^32. */
  readonly seed: number
  readonly epoch: number
  /** The photo's position in the data set. */
  readonly photo: number
  /** The batch's position in its epoch. */
  readonly batch: number
}

/** The streams of one photo in one epoch. */
export function seededStreams({ seed, epoch, photo, batch }: DrawPlace): DrawStreams {
  return (path, scope) =>
    seededDraws(streamKey(`epoch ${epoch} ${scope} ${scope === 'photo' ? photo : batch} ${path}`, seed))
}
