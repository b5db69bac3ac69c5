/** @file Examples of the operators that read or write at computed places. */
import type { IndexingOp } from './indexing.js'
import { type Example, float32, int32, int64 } from './operator.examples.js'

const table = float32([3, 2], 1, 2, 3, 4, 5, 6)

export const indexingExamples: Readonly<Record<IndexingOp, readonly Example[]>> = {
  Gather: [
    {
      inputs: [table, int64([2], 2, 0)],
      outputs: [float32([2, 2], 5, 6, 1, 2)],
      symbolic: [['rows columns', 'n'], ['n columns']],
    },
    {
      inputs: [table, int32([1, 3], 1, 0, -1)],
      attributes: { axis: -1 },
      outputs: [float32([3, 1, 3], 2, 1, 2, 4, 3, 4, 6, 5, 6)],
      symbolic: [['rows columns', 'a b'], ['rows a b']],
    },
    { inputs: [table, int64([], 1)], outputs: [float32([2], 3, 4)], symbolic: [['rows columns', ''], ['columns']] },
    { inputs: [int64([3], 7, 8, 9), int64([2], -1, 0)], outputs: [int64([2], 9, 7)], constants: [0, 1] },
  ],
  GatherElements: [
    {
      inputs: [table, int64([2, 2], 0, 2, 1, 0)],
      outputs: [float32([2, 2], 1, 6, 3, 2)],
      symbolic: [['rows columns', 'n columns'], ['n columns']],
    },
    {
      inputs: [table, int64([3, 1], 1, 0, -1)],
      attributes: { axis: 1 },
      outputs: [float32([3, 1], 2, 3, 6)],
      symbolic: [['rows columns', 'rows 1'], ['rows 1']],
    },
  ],
  GatherND: [
    {
      inputs: [table, int64([2, 2], 0, 1, 2, 0)],
      outputs: [float32([2], 2, 5)],
      symbolic: [['rows columns', 'n 2'], ['n']],
    },
    {
      inputs: [table, int64([2, 1], 2, 1)],
      outputs: [float32([2, 2], 5, 6, 3, 4)],
      symbolic: [['rows columns', 'n 1'], ['n columns']],
    },
    {
      inputs: [float32([2, 2, 1], 1, 2, 3, 4), int64([2, 1], 1, 0)],
      attributes: { batch_dims: 1 },
      outputs: [float32([2, 1], 2, 3)],
      symbolic: [['batch n c', 'batch 1'], ['batch c']],
    },
  ],
  OneHot: [
    {
      inputs: [int64([2], 1, -1), int64([], 3), float32([2], 0, 5)],
      outputs: [float32([2, 3], 0, 5, 0, 0, 0, 5)],
      constants: [1],
      symbolic: [['n', '-', '2'], ['n 3']],
    },
    {
      inputs: [int64([2], 1, 0), int64([1], 2), float32([2], 0, 1)],
      attributes: { axis: 0 },
      outputs: [float32([2, 2], 0, 1, 1, 0)],
      constants: [1],
      symbolic: [['n', '-', '2'], ['2 n']],
    },
  ],
  ScatterElements: [
    {
      inputs: [table, int64([1, 2], 2, 0), float32([1, 2], 10, 20)],
      outputs: [float32([3, 2], 1, 20, 3, 4, 10, 6)],
      symbolic: [['rows columns', 'n columns', 'n columns'], ['rows columns']],
    },
    {
      inputs: [float32([3], 1, 2, 3), int32([4], 0, 0, 2, -1), float32([4], 10, 20, 30, 40)],
      attributes: { axis: 0, reduction: 'add' },
      outputs: [float32([3], 31, 2, 73)],
      symbolic: [['n', 'm', 'm'], ['n']],
    },
  ],
  ScatterND: [
    {
      inputs: [table, int64([1, 1], 1), float32([1, 2], 10, 20)],
      outputs: [float32([3, 2], 1, 2, 10, 20, 5, 6)],
      symbolic: [['rows columns', 'n 1', 'n columns'], ['rows columns']],
    },
    {
      inputs: [table, int64([2, 2], 0, 0, 2, 1), float32([2], 10, 20)],
      attributes: { reduction: 'add' },
      outputs: [float32([3, 2], 11, 2, 3, 4, 5, 26)],
      symbolic: [['rows columns', 'n 2', 'n'], ['rows columns']],
    },
  ],
  TopK: [
    {
      inputs: [float32([2, 3], 1, 9, 5, 7, 7, 2), int64([1], 2)],
      outputs: [float32([2, 2], 9, 5, 7, 7), int64([2, 2], 1, 2, 0, 1)],
      constants: [1],
      symbolic: [
        ['rows columns', '-'],
        ['rows 2', 'rows 2'],
      ],
    },
    {
      inputs: [float32([2, 3], 1, 9, 5, 7, 7, 2), int64([1], 1)],
      attributes: { axis: 0, largest: 0 },
      outputs: [float32([1, 3], 1, 7, 2), int64([1, 3], 0, 1, 1)],
      constants: [1],
      symbolic: [
        ['rows columns', '-'],
        ['1 columns', '1 columns'],
      ],
    },
  ],
}
