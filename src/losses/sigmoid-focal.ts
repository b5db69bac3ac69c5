/** @file Sigmoid focal loss (RetinaNet, arXiv:1708.02002, Eq. 5) as the DETR family normalises it. */
import type { Tensor } from '../graph/index.js'
import {
  abs,
  add,
  cast,
  equal,
  exp,
  log,
  maximum,
  mul,
  neg,
  rangeOf,
  reduceSum,
  sigmoid,
  sub,
  unsqueeze,
} from '../ops/index.js'
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
    build: ({ logits }, { labels, matched, perObject }): Tensor => {
      const classes = rangeOf(logits, logits.shape[2]!)
      const chosen = cast(equal(unsqueeze(cast(labels, 'int64'), [2]), classes), 'float32')
      const target = mul(chosen, unsqueeze(matched, [2])) // [batch, queries, classes]
      const p = sigmoid(logits)
      // max(x, 0) − x·t + ln(1 + e^−|x|): finite for every logit.
      const softplus = log(add(exp(neg(abs(logits))), 1))
      const crossEntropy = add(sub(maximum(logits, 0), mul(logits, target)), softplus)
      const wrong = sub(add(p, target), mul(mul(p, target), 2)) // 1 − p_t
      const balance = add(mul(target, 2 * alpha - 1), 1 - alpha) // alpha for positives, 1 − alpha for negatives
      const focal = mul(mul(balance, mul(wrong, wrong)), crossEntropy)
      return mul(reduceSum(focal, [0, 1, 2]), perObject)
    },
  }
}
