/** @file Operators that read or write elements at computed places. */
import { type Dim, formatShape, type Tensor } from '../graph/index.js'
import { fromNumbers } from '../tensor/index.js'
import { apply, applyMany, type Call, int, type Operand, type Operator, sameAsInput, text } from './operator.js'
import { cast, unsqueeze } from './shape.js'

/** Names of this family's operators. */
export type IndexingOp = 'Gather' | 'GatherElements' | 'GatherND' | 'OneHot' | 'ScatterElements' | 'ScatterND' | 'TopK'

export const indexing: Readonly<Record<IndexingOp, Operator>> = {
  Gather: {
    since: 1,
    inputs: ['data', 'indices'],
    attributes: { axis: int(0) },
    infer: (call) => {
      const { dtype, shape, content } = call.input(0)
      const indices = call.input(1)
      const axis = call.axis(call.int('axis'), shape.length)
      const known = call.knownInts(1)
      const found = content === undefined ? undefined : known?.map((i) => content.at(i))
      const entries = found?.every((entry) => entry !== undefined) ? found : undefined
      const gathered = [...shape.slice(0, axis), ...indices.shape, ...shape.slice(axis + 1)]
      return [{ dtype, shape: gathered, ...(entries === undefined ? {} : { content: entries }) }]
    },
  },
  GatherElements: {
    since: 11,
    inputs: ['data', 'indices'],
    attributes: { axis: int(0) },
    infer: (call) => {
      const { dtype, shape } = call.input(0)
      const indices = call.input(1).shape
      checkElementIndices(call, shape, indices)
      return [{ dtype, shape: indices }]
    },
  },
  GatherND: {
    since: 11,
    inputs: ['data', 'indices'],
    attributes: { batch_dims: int(0) },
    infer: (call) => {
      const { dtype, shape } = call.input(0)
      const indices = call.input(1).shape
      const depth = indices.at(-1)
      const indexed = call.int('batch_dims') + Number(depth)
      if (typeof depth !== 'number' || indexed > shape.length) {
        throw call.shapeError(`indices whose last axis has a size up to ${shape.length}`, formatShape(indices))
      }
      for (let axis = 0; axis < call.int('batch_dims'); axis++) {
        if (!agrees(indices[axis]!, shape[axis]!)) {
          throw call.shapeError(`indices for the batch of ${formatShape(shape)}`, formatShape(indices))
        }
      }
      return [{ dtype, shape: [...indices.slice(0, -1), ...shape.slice(indexed)] }]
    },
  },
  OneHot: {
    since: 11,
    inputs: ['indices', 'depth', 'values'],
    attributes: { axis: int(-1) },
    infer: (call) => {
      const { shape } = call.input(0)
      if (shape.length === 0) throw call.shapeError('indices with an axis', 'a scalar')
      const axis = call.axis(call.int('axis'), shape.length + 1)
      const depth = depthOf(call)
      return [{ dtype: call.input(2).dtype, shape: [...shape.slice(0, axis), depth, ...shape.slice(axis)] }]
    },
  },
  ScatterElements: {
    since: 11,
    inputs: ['data', 'indices', 'updates'],
    attributes: { axis: int(0), reduction: text('none') },
    infer: (call) => {
      const [indices, updates] = [call.input(1).shape, call.input(2).shape]
      checkElementIndices(call, call.input(0).shape, indices)
      call.sameType([0, 2])
      if (!allAgree(indices, updates)) throw call.shapeError(`updates ${formatShape(indices)}`, formatShape(updates))
      return sameAsInput(call)
    },
  },
  ScatterND: {
    since: 11,
    inputs: ['data', 'indices', 'updates'],
    attributes: { reduction: text('none') },
    infer: (call) => {
      const [shape, indices, updates] = [0, 1, 2].map((index) => call.input(index).shape) as [Dims, Dims, Dims]
      const depth = indices.at(-1)
      if (depth === undefined || (typeof depth === 'number' && (depth > shape.length || shape.length === 0))) {
        throw call.shapeError(`indices whose last axis has a size up to ${shape.length}`, formatShape(indices))
      }
      call.sameType([0, 2])
      const expected = typeof depth === 'number' ? [...indices.slice(0, -1), ...shape.slice(depth)] : updates
      if (!allAgree(expected, updates)) throw call.shapeError(`updates ${formatShape(expected)}`, formatShape(updates))
      return sameAsInput(call)
    },
  },
  TopK: {
    since: 11,
    inputs: ['x', 'k'],
    attributes: { axis: int(-1), largest: int(1), sorted: int(1) },
    infer: (call) => {
      const { dtype, shape } = call.input(0)
      const axis = call.axis(call.int('axis'), shape.length)
      const k = call.entries(1, 1)?.[0] ?? call.unknownDim(axis)
      const size = shape[axis]!
      if (typeof k === 'number' && typeof size === 'number' && k > size) {
        throw call.shapeError(`k of at most ${size}`, String(k))
      }
      const top = shape.map((dim, a) => (a === axis ? k : dim))
      return [
        { dtype, shape: top },
        { dtype: 'int64', shape: top },
      ]
    },
  },
}

type Dims = readonly Dim[]

function agrees(a: Dim, b: Dim): boolean {
  return a === b || typeof a === 'string' || typeof b === 'string'
}

function allAgree(a: Dims, b: Dims): boolean {
  return a.length === b.length && a.every((dim, axis) => agrees(dim, b[axis]!))
}

/** Indices that are read element by element have the data's rank, and its sizes at most, but along the axis. */
function checkElementIndices(call: Call, shape: Dims, indices: Dims): void {
  const at = call.axis(call.int('axis'), shape.length)
  const fits = (size: Dim, axis: number): boolean =>
    axis === at || typeof size === 'string' || typeof shape[axis] === 'string' || size <= shape[axis]!
  if (indices.length !== shape.length || !indices.every(fits)) {
    throw call.shapeError(`indices that lie in ${formatShape(shape)} but for axis ${at}`, formatShape(indices))
  }
}

function depthOf(call: Call): Dim {
  const { source, content } = call.input(1)
  return source.kind === 'constant' ? Number(source.data.data[0]) : (content?.[0] ?? call.unknownDim(0))
}

/** Slices of `data` along `axis` at the integer `indices`, whose shape replaces that axis. */
export const gather = (data: Operand, indices: Tensor, axis: number): Tensor =>
  apply('Gather', indexing.Gather, [data, indices], { axis })

/** `data` read at `indices` along `axis`, element by element. */
export const gatherElements = (data: Operand, indices: Tensor, axis: number): Tensor =>
  apply('GatherElements', indexing.GatherElements, [data, indices], { axis })

/** Rows of each batch entry: data [batch, rows, channels] read at indices [batch, picked], giving [batch, picked, channels]. */
export const gatherRows = (data: Tensor, indices: Tensor): Tensor =>
  apply('GatherND', indexing.GatherND, [data, unsqueeze(cast(indices, 'int64'), [2])], { batch_dims: 1 })

/** `data` with `updates` put (or, by `reduction`, added) at `indices` along `axis`, element by element. */
export const scatterElements = (
  data: Tensor,
  indices: Tensor,
  updates: Tensor,
  axis: number,
  reduction: 'none' | 'add' = 'none',
): Tensor => apply('ScatterElements', indexing.ScatterElements, [data, indices, updates], { axis, reduction })

/** The k largest elements along `axis`, sorted, and their int64 positions; ties go to the lower position. */
export function topK(x: Tensor, k: number, axis: number): readonly [values: Tensor, indices: Tensor] {
  const count = x.graph.constant(fromNumbers('int64', [1], [k]))
  const [values, indices] = applyMany('TopK', indexing.TopK, [x, count], { axis }, 2)
  return [values!, indices!]
}
