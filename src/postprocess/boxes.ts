/** @file Box predictions to pixels of the original image. */
import type { Tensor } from '../graph/index.js'
import { add, cast, concat, gather, mul, slice, sub, unsqueeze } from '../ops/index.js'

/**
 * @param boxes float32 [batch, queries, 4]: cxcywh, fractions of the image
 * @param imageSizes int32 [batch, 2]: height and width in pixels
 * @returns float32 [batch, queries, 4]: xyxy in pixels, not clipped to the image
 */
export function scaleBoxes(boxes: Tensor, imageSizes: Tensor): Tensor {
  const centre = slice(boxes, 2, 0, 2)
  const half = mul(slice(boxes, 2, 2, 4), 0.5)
  const corners = concat([sub(centre, half), add(centre, half)], 2)
  const widthHeight = boxes.graph.constant({ dtype: 'int32', shape: [4], data: Int32Array.of(1, 0, 1, 0) })
  const scale = cast(gather(imageSizes, widthHeight, 1), 'float32') // [batch, 4]
  return mul(corners, unsqueeze(scale, [1]))
}
