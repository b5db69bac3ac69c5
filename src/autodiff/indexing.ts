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
  type IndexingOp,
  less,
  rangeOf,
  reshape,
  scatterElements,
  transpose,
  unsqueeze,
  where,
} from '../ops/index.js'
import { type Rule, type Rules, sizesOf } from './rule.js'

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
  const oneHot = equal(unsqueeze(counted, [1]), rangeOf(dy!, sizes[axis]!))
  const table = fusedMatmul(cast(oneHot, 'float32'), rows, { transA: true })
  const rest = sizes.filter((_, other) => other !== axis)
  const back = [...sizes.keys()].map((other) => (other === axis ? 0 : other < axis ? other + 1 : other))
  return [transpose(reshape(table, [sizes[axis]!, ...rest]), back), undefined]
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
  GatherND: { none: 'no layer uses it in training' },
  OneHot: 'zero',
  ScatterElements: { none: 'it appears in gradients only' },
  ScatterND: { none: 'no layer uses it in training' },
  TopK: ({ inputs: [x], outputs: [, indices], gradients: [dy], node }) => [
    dy === undefined ? undefined : scattered(x!, indices!, dy, Number(node.attributes['axis'] ?? -1)),
  ],
}
