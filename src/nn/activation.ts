/** @file Activations that are more than one operator. */
import type { Tensor } from '../graph/index.js'
import { add, clip, div, erf, log, maximum, mul, sigmoid, sub } from '../ops/index.js'

/** x·σ(x) (arXiv:1702.03118). */
export const silu = (x: Tensor): Tensor => mul(x, sigmoid(x))

/** x·Φ(x), by the error function and not its tanh approximation (arXiv:1606.08415). */
export const gelu = (x: Tensor): Tensor => mul(mul(x, 0.5), add(erf(mul(x, Math.SQRT1_2)), 1))

/** ln(x / (1 − x)) of numbers from 0 to 1; neither part of the fraction is taken below `epsilon`. */
export function inverseSigmoid(x: Tensor, epsilon = 1e-5): Tensor {
  const bounded = clip(x, 0, 1)
  return log(div(maximum(bounded, epsilon), maximum(sub(1, bounded), epsilon)))
}
