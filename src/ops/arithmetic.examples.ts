/** @file Examples of the operators on two or more tensors. */
import type { ArithmeticOp } from './arithmetic.js'
import { bool, type Example, float32, int32, int64 } from './operator.examples.js'

/** A row vector against a column, so that both are broadcast. */
function broadcast(row: readonly [number, number], column: readonly [number, number], out: readonly number[]): Example {
  return {
    inputs: [float32([1, 2], ...row), float32([2, 1], ...column)],
    outputs: [float32([2, 2], ...out)],
    symbolic: [['1 columns', 'rows 1'], ['rows columns']],
  }
}

function compare(a: readonly number[], b: readonly number[], out: readonly number[]): Example {
  return {
    inputs: [float32([3], ...a), float32([3], ...b)],
    outputs: [bool([3], ...out)],
    symbolic: [['n', 'n'], ['n']],
  }
}

function logic(out: readonly number[]): Example {
  return {
    inputs: [bool([4], 0, 0, 1, 1), bool([4], 0, 1, 0, 1)],
    outputs: [bool([4], ...out)],
    symbolic: [['n', 'n'], ['n']],
  }
}

export const arithmeticExamples: Readonly<Record<ArithmeticOp, readonly Example[]>> = {
  Add: [
    broadcast([1, 2], [10, 20], [11, 12, 21, 22]),
    {
      inputs: [float32([2, 3], 1, 2, 3, 4, 5, 6), float32([3], 10, 20, 30)],
      outputs: [float32([2, 3], 11, 22, 33, 14, 25, 36)],
      symbolic: [['n c', '3'], ['n 3']],
    },
    { inputs: [int64([2], 3, 4), int64([1], 5)], outputs: [int64([2], 8, 9)], constants: [0, 1] },
    { inputs: [float32([0], ...[]), float32([1], 5)], outputs: [float32([0])], symbolic: [['n', '1'], ['n']] },
  ],
  Sub: [
    broadcast([1, 2], [10, 20], [-9, -8, -19, -18]),
    { inputs: [int64([2], 3, 4), int64([], 5)], outputs: [int64([2], -2, -1)], constants: [0, 1] },
  ],
  Mul: [
    broadcast([1, 2], [10, 20], [10, 20, 20, 40]),
    { inputs: [int64([2], 3, 4), int64([2], 5, 0)], outputs: [int64([2], 15, 0)], constants: [0, 1] },
  ],
  Div: [
    broadcast([1, 2], [4, 8], [0.25, 0.5, 0.125, 0.25]),
    // Integers are cut towards zero.
    { inputs: [int64([3], 7, -7, 6), int64([1], 2)], outputs: [int64([3], 3, -3, 3)], constants: [0, 1] },
    { inputs: [int32([2], -1, 9), int32([2], 2, -4)], outputs: [int32([2], 0, -2)] },
  ],
  Mod: [
    {
      // The sign is the divisor's.
      inputs: [int64([4], 5, -5, 5, -5), int64([4], 3, 3, -3, -3)],
      outputs: [int64([4], 2, 1, -1, -2)],
      symbolic: [['n', 'n'], ['n']],
    },
    {
      // As in C, the sign is the dividend's.
      inputs: [float32([2], 5.5, -5.5), float32([], 2)],
      attributes: { fmod: 1 },
      outputs: [float32([2], 1.5, -1.5)],
    },
  ],
  Pow: [
    broadcast([2, 3], [2, 3], [4, 9, 8, 27]),
    { inputs: [float32([2], 2, 3), int64([], 3)], outputs: [float32([2], 8, 27)], symbolic: [['n', ''], ['n']] },
  ],
  PRelu: [
    {
      inputs: [float32([2, 2], -1, 2, -3, -4), float32([2], 0.5, 0.25)],
      outputs: [float32([2, 2], -0.5, 2, -1.5, -1)],
      symbolic: [['n c', '2'], ['n 2']],
    },
  ],
  Max: [
    broadcast([1, 5], [3, 4], [3, 5, 4, 5]),
    {
      inputs: [float32([2], 1, 9), float32([2], 3, 2), float32([], 2)],
      outputs: [float32([2], 3, 9)],
      symbolic: [['n', 'n', ''], ['n']],
    },
    { inputs: [int64([2], 1, 2)], outputs: [int64([2], 1, 2)] },
  ],
  Min: [
    broadcast([1, 5], [3, 4], [1, 3, 1, 4]),
    { inputs: [float32([2], 1, 9), float32([2], 3, 2), float32([], 2)], outputs: [float32([2], 1, 2)] },
  ],
  Equal: [
    compare([1, 2, 3], [3, 2, 1], [0, 1, 0]),
    { inputs: [bool([2], 1, 0), bool([], 1)], outputs: [bool([2], 1, 0)] },
    { inputs: [int64([2], 4, 5), int64([2], 5, 5)], outputs: [bool([2], 0, 1)], constants: [0, 1] },
  ],
  Greater: [compare([1, 2, 3], [3, 2, 1], [0, 0, 1])],
  GreaterOrEqual: [compare([1, 2, 3], [3, 2, 1], [0, 1, 1])],
  Less: [compare([1, 2, 3], [3, 2, 1], [1, 0, 0])],
  LessOrEqual: [compare([1, 2, Number.NaN], [3, 2, 1], [1, 1, 0])],
  And: [logic([0, 0, 0, 1])],
  Or: [logic([0, 1, 1, 1])],
  Xor: [logic([0, 1, 1, 0])],
  Where: [
    {
      inputs: [bool([2, 1], 1, 0), float32([2], 1, 2), float32([], -1)],
      outputs: [float32([2, 2], 1, 2, -1, -1)],
      symbolic: [['rows 1', 'columns', ''], ['rows columns']],
    },
    { inputs: [bool([2], 1, 0), int64([2], 1, 2), int64([2], 3, 4)], outputs: [int64([2], 1, 4)] },
  ],
}
