/** @file Builder functions whose arguments are dimensions: symbolic ones are read at run time, and only where needed. */
import type { Dim, Tensor } from '../graph/index.js'
import { fromNumbers, GraphError } from '../tensor/index.js'
import { apply } from './operator.js'
import { concat, shapeOps, squeeze } from './shape.js'

/**
 * The sizes as an int64 tensor: a constant where they are numbers; symbolic ones are read at run time from a tensor
 * that has them.
 */
export function dimensionsTensor(like: Tensor, dims: readonly Dim[]): Tensor {
  const { graph } = like
  const pieces: Tensor[] = []
  let numbers: number[] = []
  const flush = (): void => {
    if (numbers.length > 0) pieces.push(graph.constant(fromNumbers('int64', [numbers.length], numbers)))
    numbers = []
  }
  for (const dim of dims) {
    if (typeof dim === 'number') {
      numbers.push(dim)
      continue
    }
    flush()
    const source = graph.dimSource(dim)
    if (source === undefined) {
      throw new GraphError({
        where: graph.scope || graph.name,
        expected: 'a tensor whose shape has this dimension',
        got: `${dim}, which none has`,
      })
    }
    pieces.push(apply('Shape', shapeOps.Shape, [source.tensor], { start: source.axis, end: source.axis + 1 }))
  }
  flush()
  if (pieces.length === 0) return graph.constant(fromNumbers('int64', [0], []))
  return pieces.length === 1 ? pieces[0]! : concat(pieces, 0)
}

/**
 * The same elements in another shape. A size that the runtime can copy or infer is not computed, so that a symbolic
 * dimension costs nothing in most cases.
 */
export function reshape(x: Tensor, shape: readonly Dim[]): Tensor {
  // In the requested shape, 0 copies the size at the same axis and -1 stands for the one size that is left over.
  const copied = shape.map((dim, axis) => (typeof dim === 'string' && dim === x.shape[axis] ? 0 : dim))
  const open = copied.filter((dim) => typeof dim === 'string')
  const inferable = open.length === 1 && !shape.includes(-1)
  const target = inferable ? copied.map((dim) => (typeof dim === 'string' ? -1 : dim)) : copied
  return apply('Reshape', shapeOps.Reshape, [x, dimensionsTensor(x, target)])
}

/** `x` broadcast to `shape`. */
export const expand = (x: Tensor, shape: readonly Dim[]): Tensor =>
  apply('Expand', shapeOps.Expand, [x, dimensionsTensor(x, shape)])

/** 0, 1, … up to the size of dimension `dim` of `like`, as int64 [dim]. */
export function rangeOf(like: Tensor, dim: Dim): Tensor {
  const scalar = (value: number): Tensor => like.graph.constant(fromNumbers('int64', [], [value]))
  const limit = typeof dim === 'number' ? scalar(dim) : squeeze(dimensionsTensor(like, [dim]), [0])
  return apply('Range', shapeOps.Range, [scalar(0), limit, scalar(1)])
}

/** A new constant-filled float32 tensor. */
export function fill(like: Tensor, shape: readonly Dim[], value: number): Tensor {
  const data = { dtype: 'float32' as const, shape: [1], data: Float32Array.of(value) }
  return apply('ConstantOfShape', shapeOps.ConstantOfShape, [dimensionsTensor(like, shape)], { value: data })
}
