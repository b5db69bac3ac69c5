/** @file What sigmoid losses of classes share: one-hot targets, and cross-entropy that is finite for every logit. */
import type { Tensor } from '../graph/index.js'
import { abs, add, cast, equal, exp, log, maximum, mul, neg, rangeOf, sub, unsqueeze } from '../ops/index.js'
import type { MatchedTargets } from './loss.js'

/** float32 [batch, queries, classes]: 1 for the class of a matched object, else 0. */
export function oneHotTargets(logits: Tensor, { labels, matched }: MatchedTargets): Tensor {
  const classes = rangeOf(logits, logits.shape[2]!)
  const chosen = cast(equal(unsqueeze(cast(labels, 'int64'), [2]), classes), 'float32')
  return mul(chosen, unsqueeze(matched, [2]))
}

/** −t·ln σ(x) − (1 − t)·ln(1 − σ(x)), element by element, as max(x, 0) − x·t + ln(1 + e^−|x|). */
export function crossEntropyOf(logits: Tensor, target: Tensor): Tensor {
  const softplus = log(add(exp(neg(abs(logits))), 1))
  return add(sub(maximum(logits, 0), mul(logits, target)), softplus)
}
