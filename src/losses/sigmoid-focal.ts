/** @file Sigmoid focal loss (RetinaNet, arXiv:1708.02002, Eq. 5) as the DETR family normalises it. */
import type { Tensor } from '../graph/index.js'
import { add, mul, reduceSum, sigmoid, sub } from '../ops/index.js'
import { crossEntropyOf, oneHotTargets } from './class-targets.js'
import type { Loss } from './loss.js'

/**
 * Sum over all queries and classes of α_t (1 − p_t)^2 · binary cross-entropy, per object; an unmatched query is negative
 * for every class.
 * @param alpha weight of positives, 1 − alpha that of negatives; 0.25 throughout the family. γ is 2.
 */
export function sigmoidFocal(weight: number, alpha = 0.25): Loss {
  return {
    name: 'loss_ce',
    weight,
    build: ({ logits }, targets): Tensor => {
      const target = oneHotTargets(logits, targets) // [batch, queries, classes]
      const p = sigmoid(logits)
      const crossEntropy = crossEntropyOf(logits, target)
      const wrong = sub(add(p, target), mul(mul(p, target), 2)) // 1 − p_t
      const balance = add(mul(target, 2 * alpha - 1), 1 - alpha) // alpha for positives, 1 − alpha for negatives
      const focal = mul(mul(balance, mul(wrong, wrong)), crossEntropy)
      return mul(reduceSum(focal, [0, 1, 2]), targets.perObject)
    },
  }
}
