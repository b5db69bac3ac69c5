/** @file What a gradient rule is, and what all of them share. */
import type { Dim, Node, Tensor } from '../graph/index.js'
import { reduceSum, reshape } from '../ops/index.js'
import { GradientError } from '../tensor/index.js'

/** One use of an operator, seen from its outputs' gradients. */
export interface Backward {
  readonly node: Node
  /** Inputs of the forward node; use `input` for those that must be there. */
  readonly inputs: readonly (Tensor | undefined)[]
  readonly outputs: readonly Tensor[]
  /** Gradient of the loss by each output; undefined where the loss does not depend on it. */
  readonly gradients: readonly (Tensor | undefined)[]
}

/**
 * Gradients of the loss by the node's inputs, in order; undefined for an input that has none. `zero`: the operator is
 * piecewise constant. `{ none }`: no gradient, for the reason given; meeting one on the way to a parameter is an error.
 */
export type Rule = ((backward: Backward) => readonly (Tensor | undefined)[]) | 'zero' | { readonly none: string }

/** One rule per operator of a family: a missing one does not compile. */
export type Rules<Op extends string> = Readonly<Record<Op, Rule>>

/** Rule of an operator with one output whose gradient is all that is needed. */
export function unaryRule(derivative: (dy: Tensor, x: Tensor, y: Tensor) => Tensor): Rule {
  return ({ inputs, outputs, gradients }) => [derivative(gradients[0]!, inputs[0]!, outputs[0]!)]
}

/** Module path and operator of a node, for errors. */
function placeOf({ name, op }: Node): string {
  const path = modulePath(name)
  return path === '' ? op : `${path} (${op})`
}

/** The part of a node's name before its operator. */
export function modulePath(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf('/')))
}

/** What is thrown for a node whose gradient does not exist or is not written. */
export function noGradient(node: Node, got: string): GradientError {
  return new GradientError({ where: placeOf(node), expected: 'an operator with a gradient', got })
}

/** Sums what broadcasting has spread: brings a gradient back to the shape of the operand. */
export function sumTo(gradient: Tensor, shape: readonly Dim[]): Tensor {
  const extra = gradient.shape.length - shape.length
  const axes = gradient.shape.flatMap((dim, axis) => {
    const own = axis - extra
    return own < 0 || (shape[own] === 1 && dim !== 1) ? [axis] : []
  })
  if (axes.length === 0) return gradient
  const summed = reduceSum(gradient, axes, { keepDims: true })
  return extra === 0 ? summed : reshape(summed, shape)
}

/**
 * The shape as numbers; training graphs are built for one size.
 * @throws GradientError when a dimension is symbolic.
 */
export function sizesOf({ graph, shape }: Tensor): readonly number[] {
  return shape.map((dim) => {
    if (typeof dim === 'number') return dim
    const next = 'Build the graph for one size.'
    throw new GradientError({
      where: graph.scope,
      expected: 'sizes that are numbers',
      got: `[${shape.join(', ')}]`,
      next,
    })
  })
}

/**
 * The entries of a small integer input.
 * @throws GradientError when a run must compute them.
 */
export function entriesOf({ node, inputs }: Backward, index: number): readonly number[] {
  const content = inputs[index]?.content
  if (content?.every((entry) => typeof entry === 'number')) return content as readonly number[]
  throw noGradient(node, `${node.op} whose input ${index} is computed by the run`)
}
