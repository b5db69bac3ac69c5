/** @file Operators that read or write elements at computed places. */
import { type Dim, formatShape, type Tensor } from '../graph/index.js'
import { fromNumbers } from '../tensor/index.js'
import { apply, applyMany, type Call, int, type Operand, type Operator, sameAsInput, text } from './operator.js'

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
      call.axis(call.int('axis'), shape.length)
      if (indices.length !== shape.length)
        throw call.shapeError(`indices of rank ${shape.length}`, formatShape(indices))
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
      return [{ dtype, shape: [...indices.slice(0, -1), ...shape.slice(indexed)] }]
    },
  },
  OneHot: {
    since: 11,
    inputs: ['indices', 'depth', 'values'],
    attributes: { axis: int(-1) },
    infer: (call) => {
      const { shape } = call.input(0)
      const axis = call.axis(call.int('axis'), shape.length + 1)
      const depth = depthOf(call)
      return [{ dtype: call.input(2).dtype, shape: [...shape.slice(0, axis), depth, ...shape.slice(axis)] }]
    },
  },
  ScatterElements: {
    since: 11,
    inputs: ['data', 'indices', 'updates'],
    attributes: { axis: int(0), reduction: text('none') },
    infer: sameAsInput,
  },
  ScatterND: {
    since: 11,
    inputs: ['data', 'indices', 'updates'],
    attributes: { reduction: text('none') },
    infer: sameAsInput,
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
