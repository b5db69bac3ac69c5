/** @file Gradients of operators that move elements without changing them. */
import { cast, concat, fill, pad, reduceSum, reshape, type ShapeOp, slice, transpose, trilu } from '../ops/index.js'
import { isFloat } from '../tensor/index.js'
import { type Backward, entriesOf, noGradient, type Rule, type Rules, sizesOf, sumTo } from './rule.js'

const reshapeBack: Rule = ({ inputs: [x], gradients: [dy] }) => [reshape(dy!, x!.shape)]

function attributeAxis({ node, outputs: [y] }: Backward, fallback: number): number {
  const axis = Number(node.attributes['axis'] ?? fallback)
  return axis < 0 ? axis + y!.shape.length : axis
}

/** Input `index`, a list of axes, brought into 0..rank-1; all axes where it is left out. */
function axesAt(backward: Backward, index: number): readonly number[] {
  const rank = backward.inputs[0]!.shape.length
  if (backward.inputs[index] === undefined) return [...Array(rank).keys()]
  return entriesOf(backward, index).map((axis) => (axis < 0 ? axis + rank : axis))
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
const sliceRule: Rule = (backward) => {
  const { inputs, outputs, gradients, node } = backward
  const [[x, , , , steps], [y], [dy]] = [inputs, outputs, gradients]
  const axes = axesAt(backward, 3)
  if (steps !== undefined && entriesOf(backward, 4).some((step) => step !== 1)) throw noGradient(node, 'steps')
  const [before, after] = [x!.shape.map(() => 0), x!.shape.map(() => 0)]
  entriesOf(backward, 1).forEach((from, i) => {
    const axis = axes[i]!
    const size = sizesOf(x!)[axis]!
    const start = Math.min(Math.max(from < 0 ? from + size : from, 0), size)
    before[axis] = start
    after[axis] = size - start - sizesOf(y!)[axis]!
  })
  return [pad(dy!, before, after)]
}

/** What was put on is cut away again, and what was cropped (a negative pad) put on as 0. */
const padRule: Rule = (backward) => {
  const { inputs, gradients, node } = backward
  const mode = node.attributes['mode'] ?? 'constant'
  if (mode !== 'constant') throw noGradient(node, `padding in mode ${mode}`)
  const pads = entriesOf(backward, 1)
  const [before, after] = [inputs[0]!.shape.map(() => 0), inputs[0]!.shape.map(() => 0)]
  axesAt(backward, 3).forEach((axis, i, { length }) => {
    before[axis] = -pads[i]!
    after[axis] = -pads[i + length]!
  })
  return [pad(gradients[0]!, before, after)]
}

const tileRule: Rule = (backward) => {
  const [[x], [dy]] = [backward.inputs, backward.gradients]
  const counts = entriesOf(backward, 1)
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
