/** @file What a loss of set prediction is: a term over one set of predictions and the targets that were matched to it. */
import type { Tensor } from '../graph/index.js'

/** One set of predictions: of the last decoder layer, an earlier one, or another head. */
export interface PredictedSet {
  /** float32 [batch, queries, outputs] */
  readonly logits: Tensor
  /** float32 [batch, queries, 4]: cxcywh, fractions of the image */
  readonly boxes: Tensor
}

/** What each query should have said, after matching. */
export interface MatchedTargets {
  /** int32 [batch, queries]: class of the matched object; the no-object index (or any) where there is none */
  readonly labels: Tensor
  /** float32 [batch, queries, 4]: cxcywh of the matched object; anything where there is none */
  readonly boxes: Tensor
  /** float32 [batch, queries]: 1 where an object is matched, else 0 */
  readonly matched: Tensor
  /** float32 scalar: 1 / number of objects in the whole batch, at least 1 of them */
  readonly perObject: Tensor
}

/** A loss as a record; the criterion applies it to every set of predictions. */
export interface Loss {
  /** As the field logs it: `loss_ce`, `loss_bbox`, `loss_giou`. */
  readonly name: string
  /** Factor in the total. */
  readonly weight: number
  /** Adds the term to the graph: a float32 scalar, not yet weighted. */
  readonly build: (predicted: PredictedSet, targets: MatchedTargets) => Tensor
}
