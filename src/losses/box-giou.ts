/** @file Generalised IoU loss (arXiv:1902.09630; DETR, arXiv:2005.12872, supplement A.2). */
import { convertBoxTensor, generalizedIou } from '../boxes/index.js'
import type { Tensor } from '../graph/index.js'
import { cast, mul, reduceSum, sub, unsqueeze, where } from '../ops/index.js'
import type { Loss } from './loss.js'

/** Sum of 1 − GIoU over matched queries, per object. */
export function boxGiou(weight: number): Loss {
  return {
    name: 'loss_giou',
    weight,
    build: (predicted, { boxes, matched, perObject }): Tensor => {
      const isMatched = cast(unsqueeze(matched, [2]), 'bool')
      const whole = boxes.graph.constant({ dtype: 'float32', shape: [4], data: Float32Array.of(0.5, 0.5, 1, 1) })
      // Unmatched boxes are replaced before the overlap is computed: masking its result would leave 0 · NaN behind.
      const [ours, theirs] = [predicted.boxes, boxes].map((cxcywh) =>
        convertBoxTensor(where(isMatched, cxcywh, whole), 'cxcywh', 'xyxy'),
      )
      const distance = sub(1, generalizedIou(ours!, theirs!)) // [batch, queries]
      return mul(reduceSum(mul(distance, matched), [0, 1]), perObject)
    },
  }
}
