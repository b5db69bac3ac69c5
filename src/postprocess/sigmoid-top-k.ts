/** @file Detections of models with a sigmoid per class and no class "no object" (Deformable DETR, arXiv:2010.04159, and later). */
import type { Dim, Tensor } from '../graph/index.js'
import { cast, div, gatherRows, mod, reshape, sigmoid, topK } from '../ops/index.js'
import { scaleBoxes } from './boxes.js'

/**
 * The most probable pairs of query and class, best first: one query can give several. All classes count, the last one and an
 * only one included.
 * @param logits float32 [batch, queries, classes]
 * @param boxes float32 [batch, queries, 4], cxcywh as fractions of the image
 * @param imageSizes int32 [batch, 2]: height and width in pixels
 * @param count largest number of detections per image
 */
export function sigmoidTopK(
  logits: Tensor,
  boxes: Tensor,
  imageSizes: Tensor,
  count: number,
): { scores: Tensor; labels: Tensor; boxes: Tensor } {
  const [batch, queries, classes] = logits.shape as [Dim, number, number]
  const [best, places] = topK(reshape(logits, [batch, queries * classes]), Math.min(count, queries * classes), 1)
  const outputs = logits.graph.constant({ dtype: 'int64', shape: [], data: BigInt64Array.of(BigInt(classes)) })
  return {
    scores: sigmoid(best),
    labels: cast(mod(places, outputs), 'int32'),
    boxes: scaleBoxes(gatherRows(boxes, div(places, outputs)), imageSizes),
  }
}
