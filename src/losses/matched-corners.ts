/** @file Matched boxes as the overlap of two boxes takes them. */
import { convertBoxTensor } from '../boxes/index.js'
import type { Tensor } from '../graph/index.js'
import { cast, unsqueeze, where } from '../ops/index.js'
import type { MatchedTargets } from './loss.js'

/** Boxes float32 [batch, queries, 4], xyxy, fractions of the image. */
export interface MatchedCorners {
  readonly predicted: Tensor
  readonly targets: Tensor
}

/**
 * Corners of predicted cxcywh boxes [batch, queries, 4] and of their objects'. Unmatched ones of both are the whole image: replaced
 * before the overlap is computed, for masking its result would leave 0 · NaN behind.
 */
export function matchedCorners(predicted: Tensor, { boxes, matched }: MatchedTargets): MatchedCorners {
  const isMatched = cast(unsqueeze(matched, [2]), 'bool')
  const whole = boxes.graph.constant({ dtype: 'float32', shape: [4], data: Float32Array.of(0.5, 0.5, 1, 1) })
  const corners = (cxcywh: Tensor): Tensor => convertBoxTensor(where(isMatched, cxcywh, whole), 'cxcywh', 'xyxy')
  return { predicted: corners(predicted), targets: corners(boxes) }
}
