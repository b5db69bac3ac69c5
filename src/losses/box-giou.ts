/** @file Generalised IoU loss (arXiv:1902.09630; DETR, arXiv:2005.12872, supplement A.2). */
import { generalizedIou } from '../boxes/index.js'
import type { Tensor } from '../graph/index.js'
import { mul, reduceSum, sub } from '../ops/index.js'
import type { Loss } from './loss.js'
import { matchedCorners } from './matched-corners.js'

/** Sum of 1 − GIoU over matched queries, per object. */
export function boxGiou(weight: number): Loss {
  return {
    name: 'loss_giou',
    weight,
    build: (predicted, targets): Tensor => {
      const corners = matchedCorners(predicted.boxes, targets)
      const distance = sub(1, generalizedIou(corners.predicted, corners.targets)) // [batch, queries]
      return mul(reduceSum(mul(distance, targets.matched), [0, 1]), targets.perObject)
    },
  }
}
