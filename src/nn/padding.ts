/** @file Padding masks: which pixels and tokens are not part of any image. True always means padding. */
import type { Dim, Tensor } from '../graph/index.js'
import {
  cast,
  dimensionsTensor,
  div,
  floor,
  gather,
  greaterOrEqual,
  mul,
  or,
  rangeOf,
  reshape,
  squeeze,
  unsqueeze,
  where,
} from '../ops/index.js'

/**
 * The padding mask of images that are padded at the right and the bottom.
 * @param sizes int32 [batch, 2]: height and width of each image, in pixels
 * @returns bool [batch, height, width]
 */
export function paddingMaskFromSizes(sizes: Tensor, height: Dim, width: Dim): Tensor {
  const beyond = (column: number, dim: Dim): Tensor => {
    const index = sizes.graph.constant({ dtype: 'int32', shape: [1], data: Int32Array.of(column) })
    return greaterOrEqual(cast(rangeOf(sizes, dim), 'int32'), gather(sizes, index, 1)) // [batch, dim]
  }
  return or(unsqueeze(beyond(0, height), [2]), unsqueeze(beyond(1, width), [1]))
}

/**
 * A mask at the size of a feature map: row `floor(i · in/out)` of the input in float32 arithmetic, as PyTorch's nearest
 * interpolation takes it.
 * @param mask bool [batch, height, width]
 * @returns bool [batch, toHeight, toWidth]
 */
export function shrinkMask(mask: Tensor, toHeight: Dim, toWidth: Dim): Tensor {
  const [, height, width] = mask.shape as [Dim, Dim, Dim]
  const rows = gather(mask, nearestIndices(mask, height, toHeight), 1)
  return gather(rows, nearestIndices(mask, width, toWidth), 2)
}

function nearestIndices(like: Tensor, from: Dim, to: Dim): Tensor {
  const size = (dim: Dim): Tensor => squeeze(cast(dimensionsTensor(like, [dim]), 'float32'), [0])
  const scale = div(size(from), size(to))
  return cast(floor(mul(cast(rangeOf(like, to), 'float32'), scale)), 'int32')
}

/**
 * What attention adds to its logits so that padding is never attended to: 0, or −1e30, which is finite so that a row of
 * padding alone gives no NaN.
 * @param mask bool [batch, tokens]
 * @returns float32 [batch, 1, 1, tokens]
 */
export function paddingBias(mask: Tensor): Tensor {
  const [batch, tokens] = mask.shape as [Dim, Dim]
  const { graph } = mask
  const [hidden, seen] = [-1e30, 0].map((value) =>
    graph.constant({ dtype: 'float32', shape: [], data: Float32Array.of(value) }),
  )
  return reshape(where(mask, hidden!, seen!), [batch, 1, 1, tokens])
}
