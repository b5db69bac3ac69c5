/** @file A choice between two lists of transforms. */
import type { FieldCheck } from './field-checks.js'
import { probability } from './field-checks.js'
import type { Transform } from './transform.js'
import type { TransformKind } from './transform-kind.js'

/** Applies `first` with a probability, else `second`. */
export interface Either {
  readonly kind: 'either'
  /** Of `first`. */
  readonly probability: number
  readonly first: readonly Transform[]
  readonly second: readonly Transform[]
}

/** Applies `first` with the probability, else `second`: nothing when that is left out. */
export function either(chance: number, first: readonly Transform[], second: readonly Transform[] = []): Either {
  return { kind: 'either', probability: chance, first, second }
}

/** @param check of a list of transforms. */
export function eitherKind(check: FieldCheck): TransformKind<Either> {
  return {
    fields: { probability, first: check, second: check },
    apply(draft, record, { draws, run }) {
      return draws.chance(record.probability) ? run(draft, record.first, 'first') : run(draft, record.second, 'second')
    },
  }
}
