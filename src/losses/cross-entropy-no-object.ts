/** @file Classification with a "no object" class (DETR, arXiv:2005.12872, Eq. 2; weight of no object in §4). */
import type { Tensor } from '../graph/index.js'
import { cast, div, equal, logSoftmax, mul, neg, rangeOf, reduceSum, unsqueeze, where } from '../ops/index.js'
import type { Loss, MatchedTargets, PredictedSet } from './loss.js'

/**
 * Weighted mean of −log p(label) over all queries, the last class being "no object". PyTorch's weighted mean divides by the
 * sum of the weights that were applied, not by the number of objects.
 * @param noObjectWeight weight of queries without an object: 0.1 in the paper
 */
export function crossEntropyNoObject(weight: number, noObjectWeight: number): Loss {
  return {
    name: 'loss_ce',
    weight,
    build: ({ logits }: PredictedSet, { labels, matched }: MatchedTargets): Tensor => {
      const outputs = Number(logits.shape[2])
      const isMatched = cast(matched, 'bool')
      const wanted = where(isMatched, cast(labels, 'int64'), outputs - 1)
      const chosen = equal(unsqueeze(wanted, [2]), rangeOf(logits, outputs)) // [batch, queries, outputs]
      const logProbability = reduceSum(mul(logSoftmax(logits, -1), cast(chosen, 'float32')), [2])
      const { graph } = logits
      const [full, reduced] = [1, noObjectWeight].map((value) =>
        graph.constant({ dtype: 'float32', shape: [], data: Float32Array.of(value) }),
      )
      const weights = where(isMatched, full!, reduced!)
      return div(neg(reduceSum(mul(weights, logProbability), [0, 1])), reduceSum(weights, [0, 1]))
    },
  }
}
