/** @file Gradients of operators that move elements without changing them. */
import type { Tensor } from '../graph/index.js'
import { cast, concat, fill, pad, reduceSum, reshape, type ShapeOp, slice, transpose, trilu } from '../ops/index.js'
import { isFloat, toNumbers } from '../tensor/index.js'
import { type Backward, type Rule, type Rules, sizesOf, sumTo } from './rule.js'

const reshapeBack: Rule = ({ inputs: [x], gradients: [dy] }) => [reshape(dy!, x!.shape)]

function attributeAxis({ node, outputs: [y] }: Backward, fallback: number): number {
  const axis = Number(node.attributes['axis'] ?? fallback)
  return axis < 0 ? axis + y!.shape.length : axis
}

function constantInts(tensor: Tensor | undefined): number[] | undefined {
  return tensor?.source.kind === 'constant' ? toNumbers(tensor.source.data) : undefined
}

const concatRule: Rule = (backward) => {
  const axis = attributeAxis(backward, 0)
  let start = 0
  return backward.inputs.map((input) => {
    const size = sizesOf(input!)[axis]!
    start += size
    return slice(backward.gradients[0]!, axis, start - size, start)
  })
}

const splitRule: Rule = (backward) => {
  const pieces = backward.outputs.map((output, i) => backward.gradients[i] ?? fill(output, output.shape, 0))
  return [concat(pieces, attributeAxis(backward, 0))]
}

/** What was cut away has gradient 0. */
const sliceRule: Rule = ({ inputs: [x, starts, , axes, steps], outputs: [y], gradients: [dy] }) => {
  const from = constantInts(starts)!
  const along = constantInts(axes) ?? from.map((_, i) => i)
  if (constantInts(steps)?.some((step) => step !== 1)) throw new RangeError('internal: slices with steps are not used')
  const [before, after] = [x!.shape.map(() => 0), x!.shape.map(() => 0)]
  along.forEach((given, i) => {
    const axis = given < 0 ? given + before.length : given
    const size = sizesOf(x!)[axis]!
    const start = Math.min(Math.max(from[i]! < 0 ? from[i]! + size : from[i]!, 0), size)
    before[axis] = start
    after[axis] = size - start - sizesOf(y!)[axis]!
  })
  return [pad(dy!, before, after)]
}

const padRule: Rule = ({ inputs: [x, pads], gradients: [dy], node }) => {
  if ((node.attributes['mode'] ?? 'constant') !== 'constant') throw new RangeError('internal: only constant padding')
  const before = constantInts(pads)!
  return [sizesOf(x!).reduce((piece, size, axis) => slice(piece, axis, before[axis]!, before[axis]! + size), dy!)]
}

const tileRule: Rule = ({ inputs: [x, repeats], gradients: [dy] }) => {
  const counts = constantInts(repeats)!
  const sizes = sizesOf(x!)
  // Each axis becomes (copies, size); the copies are summed.
  const folded = reshape(
    dy!,
    sizes.flatMap((size, axis) => [counts[axis]!, size]),
  )
  return [
    reduceSum(
      folded,
      sizes.map((_, axis) => 2 * axis),
    ),
  ]
}

/** Rules of src/ops/shape.ts. */
export const shapeRules: Rules<ShapeOp> = {
  Cast: ({ inputs: [x], gradients: [dy] }) => [isFloat(x!.dtype) ? cast(dy!, x!.dtype) : undefined],
  Concat: concatRule,
  ConstantOfShape: 'zero',
  DepthToSpace: { none: 'no layer uses it in training' },
  Expand: ({ inputs: [x], gradients: [dy] }) => [sumTo(dy!, x!.shape)],
  Flatten: reshapeBack,
  Pad: padRule,
  Range: 'zero',
  Reshape: reshapeBack,
  Shape: 'zero',
  Size: 'zero',
  Slice: sliceRule,
  Split: splitRule,
  Squeeze: reshapeBack,
  Tile: tileRule,
  Transpose: ({ inputs: [x], gradients: [dy], node }) => {
    const perm = (node.attributes['perm'] as readonly number[] | undefined) ?? [...x!.shape.keys()].reverse()
    const inverse = perm.map((_, axis) => perm.indexOf(axis))
    return [transpose(dy!, inverse)]
  },
  Trilu: ({ inputs: [, k], gradients: [dy], node }) => [trilu(dy!, node.attributes['upper'] !== 0, k)],
  Unsqueeze: reshapeBack,
}
