/** @file Detections of models with a softmax and a last class "no object" (DETR, arXiv:2005.12872, §4). */
import type { Dim, Tensor } from '../graph/index.js'
import { argMax, cast, reduceMax, slice, softmax } from '../ops/index.js'
import { scaleBoxes } from './boxes.js'

/**
 * One detection per query: the most probable real class, its probability, its box. The no-object class is dropped after
 * the softmax, so a query that leans towards "nothing" still reports its best class with a low score. Unsorted.
 * @param logits float32 [batch, queries, classes + 1]
 * @param boxes float32 [batch, queries, 4], cxcywh as fractions of the image
 * @param imageSizes int32 [batch, 2]: height and width in pixels
 */
export function softmaxNoObject(
  logits: Tensor,
  boxes: Tensor,
  imageSizes: Tensor,
): { scores: Tensor; labels: Tensor; boxes: Tensor } {
  const outputs: Dim = logits.shape[2]!
  const probabilities = slice(softmax(logits, -1), 2, 0, Number(outputs) - 1)
  return {
    scores: reduceMax(probabilities, [2]),
    labels: cast(argMax(probabilities, 2), 'int32'),
    boxes: scaleBoxes(boxes, imageSizes),
  }
}
