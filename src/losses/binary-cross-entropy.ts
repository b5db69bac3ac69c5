/** @file Binary cross-entropy of every class, the plainest of RT-DETR's classification losses (lyuwenyu/RT-DETR 068dfde). */
import type { Tensor } from '../graph/index.js'
import { mul, reduceSum } from '../ops/index.js'
import { crossEntropyOf, oneHotTargets } from './class-targets.js'
import type { Loss } from './loss.js'

/** Sum over all queries and classes, per object; an unmatched query is negative for every class. */
export function binaryCrossEntropy(weight: number): Loss {
  return {
    name: 'loss_bce',
    weight,
    build: ({ logits }, targets): Tensor => {
      const crossEntropy = crossEntropyOf(logits, oneHotTargets(logits, targets))
      return mul(reduceSum(crossEntropy, [0, 1, 2]), targets.perObject)
    },
  }
}
