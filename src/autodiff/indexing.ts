/**
 * @file Gradients of operators that read elements at computed places. ONNX Runtime's ScatterND with `add` is racy on
 * several threads; ScatterElements is not, and a one-hot matrix product needs no scatter at all.
 */
import type { Tensor } from '../graph/index.js'
import {
  add,
  cast,
  equal,
  fill,
  fusedMatmul,
  gatherElements,
  type IndexingOp,
  less,
  mul,
  rangeOf,
  reshape,
  scatterElements,
  squeeze,
  transpose,
  unsqueeze,
  where,
} from '../ops/index.js'
import { noGradient, type Rule, type Rules, sizesOf } from './rule.js'

/** Tables up to so many entries times reads are differentiated by a product with a one-hot matrix. */
const ONE_HOT_LIMIT = 1 << 24

/** Rows of a table: the gradient is one-hot(indices)ᵀ · dy. Other axes are brought to the front first. */
const gatherRule: Rule = ({ inputs: [data, indices], gradients: [dy], node }) => {
  const sizes = sizesOf(data!)
  const given = Number(node.attributes['axis'] ?? 0)
  const axis = given < 0 ? given + sizes.length : given
  const picked = indices!.shape.length
  const order = [...dy!.shape.keys()]
  const front = order.splice(axis, picked)
  const count = sizesOf(indices!).reduce((a, b) => a * b, 1)
  const rows = reshape(transpose(dy!, [...front, ...order]), [count, -1])
  const asked = reshape(cast(indices!, 'int64'), [count])
  const counted = where(less(asked, 0), add(asked, sizes[axis]!), asked) // negative indices count from the end
  const rest = sizes.filter((_, other) => other !== axis)
  const width = rest.reduce((a, b) => a * b, 1)
  const table =
    count * sizes[axis]! <= ONE_HOT_LIMIT
      ? fusedMatmul(cast(equal(unsqueeze(counted, [1]), rangeOf(dy!, sizes[axis]!)), 'float32'), rows, { transA: true })
      : addedRows(counted, rows, sizes[axis]!, width)
  const back = [...sizes.keys()].map((other) => (other === axis ? 0 : other < axis ? other + 1 : other))
  return [transpose(reshape(table, [sizes[axis]!, ...rest]), back), undefined]
}

/**
 * Rows [n, width] added up where `indices` [n] say, in one dimension: so ONNX Runtime adds fast and without a race.
 * @returns [count, width]
 */
export function addedRows(indices: Tensor, rows: Tensor, count: number, width: number): Tensor {
  const flat = add(mul(unsqueeze(cast(indices, 'int32'), [1]), int32(rows, width)), cast(rangeOf(rows, width), 'int32'))
  const zeros = fill(rows, [count * width], 0)
  return reshape(scatterElements(zeros, reshape(flat, [-1]), reshape(rows, [-1]), 0, 'add'), [count, width])
}

function int32(like: Tensor, value: number): Tensor {
  return like.graph.constant({ dtype: 'int32', shape: [], data: Int32Array.of(value) })
}

/** Rows of each batch entry, [batch, rows, channels] at [batch, picked, 1]: what was read is added up where it was read. */
const gatherRowsRule: Rule = ({ node, inputs: [data, indices], gradients: [dy] }) => {
  const [batch, rows, channels, more] = sizesOf(data!)
  const [, picked, depth] = sizesOf(indices!)
  if (node.attributes['batch_dims'] !== 1 || depth !== 1 || channels === undefined || more !== undefined) {
    throw noGradient(node, 'a gather of anything but the rows of each batch entry')
  }
  const first = mul(unsqueeze(cast(rangeOf(dy!, batch!), 'int64'), [1]), rows!)
  const flat = reshape(add(squeeze(cast(indices!, 'int64'), [2]), first), [-1])
  const summed = addedRows(flat, reshape(dy!, [batch! * picked!, channels]), batch! * rows!, channels)
  return [reshape(summed, data!.shape), undefined]
}

/** Elements that are put or added somewhere get the gradient of that place; what was overwritten gets none. */
const scatterRule: Rule = ({ node, inputs: [, indices, updates], gradients: [dy] }) => {
  const axis = Number(node.attributes['axis'] ?? 0)
  const reduction = node.attributes['reduction'] ?? 'none'
  if (reduction !== 'add' && reduction !== 'none') throw noGradient(node, `a scatter with reduction '${reduction}'`)
  const untouched = reduction === 'add' ? dy! : scatterElements(dy!, indices!, fill(updates!, updates!.shape, 0), axis)
  return [untouched, undefined, gatherElements(dy!, indices!, axis)]
}

function scattered(data: Tensor, indices: Tensor, dy: Tensor, axis: number): Tensor {
  return scatterElements(fill(data, data.shape, 0), indices, dy, axis, 'add')
}

/** Rules of src/ops/indexing.ts. */
export const indexingRules: Rules<IndexingOp> = {
  Gather: gatherRule,
  GatherElements: ({ inputs: [data, indices], gradients: [dy], node }) => [
    scattered(data!, indices!, dy!, Number(node.attributes['axis'] ?? 0)),
    undefined,
  ],
  GatherND: gatherRowsRule,
  OneHot: 'zero',
  ScatterElements: scatterRule,
  ScatterND: { none: 'no layer uses it in training' },
  TopK: ({ inputs: [x], outputs: [, indices], gradients: [dy], node }) => [
    dy === undefined ? undefined : scattered(x!, indices!, dy, Number(node.attributes['axis'] ?? -1)),
  ],
}
