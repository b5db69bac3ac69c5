/** @file Examples of the operators that reduce axes. */
import { type Example, float32, int64 } from './operator.examples.js'
import type { ReductionOp } from './reduction.js'

const x = float32([2, 3], 1, -2, 3, 4, 5, -6)

/** Over the last axis without it, over the first keeping it, and over all. */
function reduced(last: readonly number[], first: readonly number[], all: number): readonly Example[] {
  return [
    {
      inputs: [x, int64([1], -1)],
      attributes: { keepdims: 0 },
      outputs: [float32([2], ...last)],
      constants: [1],
      symbolic: [['rows columns', '-'], ['rows']],
    },
    {
      inputs: [x, int64([1], 0)],
      outputs: [float32([1, 3], ...first)],
      constants: [1],
      symbolic: [['rows columns', '-'], ['1 columns']],
    },
    { inputs: [x], outputs: [float32([1, 1], all)], symbolic: [['rows columns'], ['1 1']] },
    { inputs: [x], attributes: { keepdims: 0 }, outputs: [float32([], all)] },
    {
      inputs: [float32([1, 1], 7), int64([0])],
      attributes: { noop_with_empty_axes: 0 },
      outputs: [float32([1, 1], 7)],
      constants: [1],
    },
  ]
}

export const reductionExamples: Readonly<Record<ReductionOp, readonly Example[]>> = {
  ReduceMax: reduced([3, 5], [4, 5, 3], 5),
  ReduceMean: reduced([2 / 3, 1], [2.5, 1.5, -1.5], 5 / 6),
  ReduceMin: reduced([-2, -6], [1, -2, -6], -6),
  ReduceProd: reduced([-6, -120], [4, -10, -18], 720),
  ReduceSum: [
    ...reduced([2, 3], [5, 3, -3], 5),
    {
      inputs: [x, int64([0])],
      attributes: { noop_with_empty_axes: 1 },
      outputs: [x],
      constants: [1],
      symbolic: [['rows columns', '-'], ['rows columns']],
    },
    { inputs: [x, int64([2], 0, 1)], outputs: [float32([1, 1], 5)], constants: [1] },
  ],
  ReduceSumSquare: [
    {
      inputs: [x, int64([1], 1)],
      outputs: [float32([2, 1], 14, 77)],
      constants: [1],
      symbolic: [['rows columns', '-'], ['rows 1']],
    },
  ],
  ArgMax: [
    {
      inputs: [x],
      attributes: { axis: -1, keepdims: 0 },
      outputs: [int64([2], 2, 1)],
      symbolic: [['rows columns'], ['rows']],
    },
    { inputs: [x], outputs: [int64([1, 3], 1, 1, 0)], symbolic: [['rows columns'], ['1 columns']] },
    { inputs: [float32([3], 7, 7, 1)], outputs: [int64([1], 0)] },
    { inputs: [float32([3], 7, 7, 1)], attributes: { select_last_index: 1 }, outputs: [int64([1], 1)] },
  ],
  ArgMin: [
    {
      inputs: [x],
      attributes: { axis: 1 },
      outputs: [int64([2, 1], 1, 2)],
      symbolic: [['rows columns'], ['rows 1']],
    },
  ],
}
