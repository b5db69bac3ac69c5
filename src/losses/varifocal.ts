/** @file Varifocal loss (VarifocalNet, arXiv:2008.13367, Eq. 2) as RT-DETR uses it (arXiv:2304.08069, §4.3, Eq. 3). */
import { convertBoxTensor, iou } from '../boxes/index.js'
import type { Tensor } from '../graph/index.js'
import { add, cast, mul, reduceSum, sigmoid, stopGradient, sub, unsqueeze, where } from '../ops/index.js'
import { crossEntropyOf, oneHotTargets } from './class-targets.js'
import type { Loss } from './loss.js'

/**
 * Binary cross-entropy of every query and class, per object. The matched class's target is the IoU of the predicted box with its
 * object, which also weighs it; the others' is 0, weighed by alpha · p². So a query is only as sure of its class as of its box.
 * Neither IoU nor weight is differentiated.
 */
export function varifocal(weight: number, alpha = 0.75): Loss {
  return {
    name: 'loss_vfl',
    weight,
    build: ({ logits, boxes: predicted }, targets): Tensor => {
      const { boxes, matched, perObject } = targets
      const isMatched = cast(unsqueeze(matched, [2]), 'bool')
      const whole = boxes.graph.constant({ dtype: 'float32', shape: [4], data: Float32Array.of(0.5, 0.5, 1, 1) })
      const [ours, theirs] = [stopGradient(predicted), boxes].map((cxcywh) =>
        convertBoxTensor(where(isMatched, cxcywh, whole), 'cxcywh', 'xyxy'),
      )
      const overlap = unsqueeze(iou(ours!, theirs!), [2])
      const positive = oneHotTargets(logits, targets) // [batch, queries, classes]
      const target = mul(positive, overlap)
      const p = stopGradient(sigmoid(logits))
      const balance = add(mul(mul(mul(p, p), alpha), sub(1, positive)), target)
      return mul(reduceSum(mul(balance, crossEntropyOf(logits, target)), [0, 1, 2]), perObject)
    },
  }
}
