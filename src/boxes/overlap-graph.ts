/**
 * @file Intersection over union and its generalised form as graph operators, elementwise on pairs of boxes.
 * All lengths are first divided by those of the smallest box around both: IoU does not change, and float32 neither
 * overflows on huge boxes nor loses small ones, in values and in gradients.
 */
import type { Tensor } from '../graph/index.js'
import { add, clip, div, less, maximum, minimum, mul, split, squeeze, sub, where } from '../ops/index.js'
import { splitBoxes } from './formats.js'
import { checkedEpsilon, type OverlapOptions, SMALLEST_EXTENT } from './overlap.js'

/** Areas of pairs of boxes [..., 1], in units of the smallest box around both. */
interface Areas {
  readonly intersection: Tensor
  readonly union: Tensor
  /** 1; almost 0 where the smallest box around both has no area. */
  readonly hull: Tensor
  /** Quotient of two areas, epsilon added below; nothing over nothing is 0. */
  readonly ratio: (part: Tensor, whole: Tensor) => Tensor
}

/**
 * Intersection over union of pairs of boxes, 0..1; values as in `cornersIou`.
 * @param a floating point [..., 4], xyxy; `b` the same, or a shape that broadcasts. Sizes up to 1e38 in float32.
 * @returns [...]
 * @throws ShapeError when the last dimension is not 4; ConfigError when epsilon is below 0 or not finite.
 */
export function iou(a: Tensor, b: Tensor, options: OverlapOptions = {}): Tensor {
  const { intersection, union, ratio } = areasOf(a, b, options)
  return squeeze(ratio(intersection, union), [-1])
}

/** Generalised IoU of pairs of boxes, -1..1; values as in `cornersGeneralizedIou`, the rest as in `iou`. */
export function generalizedIou(a: Tensor, b: Tensor, options: OverlapOptions = {}): Tensor {
  const { intersection, union, hull, ratio } = areasOf(a, b, options)
  return squeeze(sub(ratio(intersection, union), ratio(sub(hull, union), hull)), [-1])
}

function areasOf(a: Tensor, b: Tensor, options: OverlapOptions): Areas {
  const [lowA, highA] = splitBoxes(a)
  const [lowB, highB] = splitBoxes(b)
  const hull = sub(maximum(highA, highB), minimum(lowA, lowB))
  const overlap = clip(sub(minimum(highA, highB), maximum(lowA, lowB)), 0)
  // Dividing by something huge is what turns an axis without extent into no area.
  const unit = where(less(hull, SMALLEST_EXTENT), 1 / SMALLEST_EXTENT, hull)
  const area = (extents: Tensor): Tensor => product(div(extents, unit))
  const intersection = area(overlap)
  const union = sub(add(area(sub(highA, lowA)), area(sub(highB, lowB))), intersection)
  const epsilon = checkedEpsilon(options)
  const relativeEpsilon = epsilon === 0 ? undefined : div(epsilon, product(unit))
  return {
    intersection,
    union,
    hull: area(hull),
    ratio: (part, whole) => {
      // Boxes that overlap cover a good part of their hull: below this bound the quotient is 0 to 60 bits.
      const safe = maximum(whole, SMALLEST_EXTENT)
      return div(part, relativeEpsilon === undefined ? safe : add(safe, relativeEpsilon))
    },
  }
}

/** Width times height. */
function product(pair: Tensor): Tensor {
  const [x, y] = split(pair, [1, 1], -1)
  return mul(x!, y!)
}
