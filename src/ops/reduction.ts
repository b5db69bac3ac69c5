/** @file Operators that reduce axes. */
import type { Dim, Tensor } from '../graph/index.js'
import { fromNumbers } from '../tensor/index.js'
import { apply, type Call, int, type Operator } from './operator.js'
import { axisCount } from './shape-rules.js'

const reduction = (): Operator => ({
  since: 18,
  inputs: ['data', 'axes?'],
  attributes: { keepdims: int(1), noop_with_empty_axes: int(0) },
  infer: (call) => [{ dtype: call.input(0).dtype, shape: reducedShape(call) }],
})

const arg = (): Operator => ({
  since: 12,
  inputs: ['data'],
  attributes: { axis: int(0), keepdims: int(1), select_last_index: int(0) },
  infer: (call) => {
    const { shape } = call.input(0)
    const axis = call.axis(call.int('axis'), shape.length)
    return [{ dtype: 'int64', shape: dropAxes(shape, [axis], call.int('keepdims') === 1) }]
  },
})

/** Names of this family's operators. */
export type ReductionOp =
  | 'ReduceMax'
  | 'ReduceMean'
  | 'ReduceMin'
  | 'ReduceProd'
  | 'ReduceSum'
  | 'ReduceSumSquare'
  | 'ArgMax'
  | 'ArgMin'

export const reductions: Readonly<Record<ReductionOp, Operator>> = {
  ReduceMax: reduction(),
  ReduceMean: reduction(),
  ReduceMin: reduction(),
  ReduceProd: reduction(),
  ReduceSum: { ...reduction(), since: 13 },
  ReduceSumSquare: reduction(),
  ArgMax: arg(),
  ArgMin: arg(),
}

function reducedShape(call: Call): readonly Dim[] {
  const { shape } = call.input(0)
  const keep = call.int('keepdims') === 1
  const copies = call.int('noop_with_empty_axes') === 1
  const given = call.inputs[1] === undefined ? [] : call.knownInts(1)
  if (given === undefined) {
    // The axes come at run time: only their number can be told.
    const count = keep ? 0 : axisCount(call, 1) || (copies ? 0 : shape.length)
    return shape.slice(count).map((_, axis) => call.unknownDim(axis))
  }
  if (given.length === 0 && copies) return shape
  const axes = given.length === 0 ? [...shape.keys()] : given.map((axis) => call.axis(axis, shape.length))
  return dropAxes(shape, axes, keep)
}

function dropAxes(shape: readonly Dim[], axes: readonly number[], keep: boolean): readonly Dim[] {
  return keep
    ? shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim))
    : shape.filter((_, axis) => !axes.includes(axis))
}

interface ReduceOptions {
  /** Whether reduced axes stay, with size 1; false unless said. */
  readonly keepDims?: boolean
}

function reduce(op: keyof typeof reductions, x: Tensor, axes: readonly number[], options: ReduceOptions): Tensor {
  const axesTensor = x.graph.constant(fromNumbers('int64', [axes.length], axes))
  return apply(op, reductions[op], [x, axesTensor], { keepdims: options.keepDims ? 1 : 0 })
}

export const reduceMax = (x: Tensor, axes: readonly number[], options: ReduceOptions = {}): Tensor =>
  reduce('ReduceMax', x, axes, options)
export const reduceMean = (x: Tensor, axes: readonly number[], options: ReduceOptions = {}): Tensor =>
  reduce('ReduceMean', x, axes, options)
export const reduceMin = (x: Tensor, axes: readonly number[], options: ReduceOptions = {}): Tensor =>
  reduce('ReduceMin', x, axes, options)
export const reduceSum = (x: Tensor, axes: readonly number[], options: ReduceOptions = {}): Tensor =>
  reduce('ReduceSum', x, axes, options)

/** The int64 index of the largest element along `axis`; the first one when several are equal. */
export const argMax = (x: Tensor, axis: number, options: ReduceOptions = {}): Tensor =>
  apply('ArgMax', reductions.ArgMax, [x], { axis, keepdims: options.keepDims ? 1 : 0 })
