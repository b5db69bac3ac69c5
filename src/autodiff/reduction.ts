/** @file Gradients of reductions. */
import type { Dim, Tensor } from '../graph/index.js'
import { cast, div, equal, expand, mul, type ReductionOp, reduceSum, reshape } from '../ops/index.js'
import { type Backward, entriesOf, type Rule, type Rules, sizesOf } from './rule.js'

/** The axes that the node reduces; all when it names none. */
function axesOf(backward: Backward): readonly number[] {
  const { node, inputs } = backward
  const [x, axes] = inputs
  const rank = x!.shape.length
  const named = axes === undefined ? [] : entriesOf(backward, 1)
  if (named.length > 0) return named.map((axis) => (axis < 0 ? axis + rank : axis))
  return node.attributes['noop_with_empty_axes'] === 1 ? [] : [...x!.shape.keys()]
}

/** A reduced tensor with its reduced axes put back as size 1, so that it broadcasts against the input. */
function keepingAxes(tensor: Tensor, backward: Backward): Tensor {
  const axes = axesOf(backward)
  const kept: Dim[] = backward.inputs[0]!.shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim))
  return kept.length === tensor.shape.length ? tensor : reshape(tensor, kept)
}

function reducedCount(backward: Backward): number {
  const sizes = sizesOf(backward.inputs[0]!)
  return axesOf(backward).reduce((count, axis) => count * sizes[axis]!, 1)
}

/** The extreme elements share the gradient equally where several are equal, as PyTorch's amax does. */
const extremeRule: Rule = (backward) => {
  const [x] = backward.inputs
  // Each element is its own extreme, and to the builder no axes mean all.
  if (axesOf(backward).length === 0) return [backward.gradients[0]]
  const wins = cast(equal(x!, keepingAxes(backward.outputs[0]!, backward)), 'float32')
  const count = reduceSum(wins, axesOf(backward), { keepDims: true })
  return [mul(wins, div(keepingAxes(backward.gradients[0]!, backward), count))]
}

/** Rules of src/ops/reduction.ts. */
export const reductionRules: Rules<ReductionOp> = {
  ReduceMax: extremeRule,
  ReduceMean: (backward) => [
    // Each of n elements counts 1/n.
    expand(mul(keepingAxes(backward.gradients[0]!, backward), 1 / reducedCount(backward)), backward.inputs[0]!.shape),
  ],
  ReduceMin: extremeRule,
  ReduceProd: { none: 'no layer uses it in training' },
  ReduceSum: (backward) => [expand(keepingAxes(backward.gradients[0]!, backward), backward.inputs[0]!.shape)],
  ReduceSumSquare: (backward) => [
    mul(mul(backward.inputs[0]!, 2), keepingAxes(backward.gradients[0]!, backward)), // d x² = 2x
  ],
  ArgMax: 'zero',
  ArgMin: 'zero',
}
