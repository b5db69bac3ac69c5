/** @file L1 distance of normalised boxes (DETR, arXiv:2005.12872, Eq. 3 and supplement A.2). */
import type { Tensor } from '../graph/index.js'
import { abs, cast, mul, reduceSum, sub, unsqueeze, where } from '../ops/index.js'
import type { Loss } from './loss.js'

/** Sum of |cx|, |cy|, |w|, |h| differences over matched queries, per object. */
export function boxL1(weight: number): Loss {
  return {
    name: 'loss_bbox',
    weight,
    build: (predicted, { boxes, matched, perObject }): Tensor => {
      const isMatched = cast(unsqueeze(matched, [2]), 'bool')
      // An unmatched query is compared with itself: masking the distance would leave 0 · NaN of what stands there.
      const distance = abs(sub(predicted.boxes, where(isMatched, boxes, predicted.boxes))) // [batch, queries, 4]
      return mul(reduceSum(distance, [0, 1, 2]), perObject)
    },
  }
}
