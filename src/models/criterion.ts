/** @file What a model of the family is trained with. A model's record never refers to it, so that inference carries no losses. */
import type { Loss } from '../losses/index.js'
import type { DenoisingOptions, MatchingCostTerms } from '../matching/index.js'

/** Matching and losses of a model. */
export interface Criterion {
  readonly matching: MatchingCostTerms
  readonly losses: readonly Loss[]
  /** Noisy copies of objects as further queries; none unless said. */
  readonly denoising?: DenoisingOptions
}
