/** @file What a model of the family is trained with. A model's record never refers to it, so that inference carries no losses. */
import type { Loss } from '../losses/index.js'

/** Weights of the matching cost: class · classWeight + L1 · l1Weight − GIoU · giouWeight. */
export interface MatchingCost {
  /** −probability under a softmax with a no-object class, or the focal cost of a sigmoid. */
  readonly classCost: 'softmax' | 'focal'
  readonly classWeight: number
  readonly l1Weight: number
  readonly giouWeight: number
}

/** Matching and losses of a model. */
export interface Criterion {
  readonly matching: MatchingCost
  readonly losses: readonly Loss[]
}
