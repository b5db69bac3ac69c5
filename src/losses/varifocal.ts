/** @file Varifocal loss (VarifocalNet, arXiv:2008.13367, Eq. 2) as RT-DETR uses it (arXiv:2304.08069, §4.3, Eq. 3). */
import { iou } from '../boxes/index.js'
import type { Tensor } from '../graph/index.js'
import { add, mul, reduceSum, sigmoid, stopGradient, sub, unsqueeze } from '../ops/index.js'
import { crossEntropyOf, oneHotTargets } from './class-targets.js'
import type { Loss } from './loss.js'
import { matchedCorners } from './matched-corners.js'

/**
 * Binary cross-entropy of every query and class, per object. The matched class's target is the IoU of the predicted box with its
 * object, which also weighs it; the others' is 0, weighed by alpha · p². So a query is only as sure of its class as of its box.
 * Neither IoU nor weight is differentiated.
 */
export function varifocal(weight: number, alpha = 0.75): Loss {
  return {
    name: 'loss_vfl',
    weight,
    build: ({ logits, boxes }, targets): Tensor => {
      const corners = matchedCorners(stopGradient(boxes), targets)
      const overlap = unsqueeze(iou(corners.predicted, corners.targets), [2])
      const positive = oneHotTargets(logits, targets) // [batch, queries, classes]
      const target = mul(positive, overlap)
      const p = stopGradient(sigmoid(logits))
      const balance = add(mul(mul(mul(p, p), alpha), sub(1, positive)), target)
      return mul(reduceSum(mul(balance, crossEntropyOf(logits, target)), [0, 1, 2]), targets.perObject)
    },
  }
}
