/** @file The criterion: applies loss records to every set of predictions and adds them up (DETR, arXiv:2005.12872, §3.1). */
import type { Tensor } from '../graph/index.js'
import { add, mul } from '../ops/index.js'
import type { Loss, MatchedTargets, PredictedSet } from './loss.js'

/** A set of predictions, what was matched to it, and the suffix of its terms' names (`''`, `_0`, `_enc`, `_dn`). */
export interface SupervisedSet {
  readonly suffix: string
  readonly predicted: PredictedSet
  readonly targets: MatchedTargets
}

/** The loss of a step, as tensors of its graph. */
export interface CriterionResult {
  /** float32 scalar: sum of all weighted terms */
  readonly total: Tensor
  /** Unweighted terms by name, such as `loss_giou_3`. */
  readonly terms: ReadonlyMap<string, Tensor>
}

/** Builds every loss for every set. */
export function applyCriterion(losses: readonly Loss[], sets: readonly SupervisedSet[]): CriterionResult {
  const terms = new Map<string, Tensor>()
  const weighted: Tensor[] = []
  for (const { suffix, predicted, targets } of sets) {
    for (const loss of losses) {
      const name = `${loss.name}${suffix}`
      const term = predicted.logits.graph.scoped(`criterion.${name}`, () => loss.build(predicted, targets))
      terms.set(name, term)
      weighted.push(loss.weight === 1 ? term : mul(term, loss.weight))
    }
  }
  return { total: weighted.reduce(add), terms }
}
