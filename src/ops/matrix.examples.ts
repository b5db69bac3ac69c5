/** @file Examples of matrix products. */
import type { MatrixOp } from './matrix.js'
import { type Example, float32 } from './operator.examples.js'

const a = float32([2, 3], 1, 2, 3, 4, 5, 6)
const b = float32([3, 2], 1, 0, 0, 1, 1, 1)

export const matrixExamples: Readonly<Record<MatrixOp, readonly Example[]>> = {
  MatMul: [
    { inputs: [a, b], outputs: [float32([2, 2], 4, 5, 10, 11)], symbolic: [['rows k', 'k columns'], ['rows columns']] },
    {
      inputs: [float32([2, 1, 2], 1, 2, 3, 4), float32([2, 1], 10, 1)],
      outputs: [float32([2, 1, 1], 12, 34)],
      symbolic: [['batch rows 2', 'k 1'], ['batch rows 1']],
    },
    {
      inputs: [float32([2, 1, 1, 1], 1, 2), float32([3, 1, 1], 1, 10, 100)],
      outputs: [float32([2, 3, 1, 1], 1, 10, 100, 2, 20, 200)],
      symbolic: [['batch 1 rows k', 'heads k columns'], ['batch heads rows columns']],
    },
    { inputs: [float32([3], 1, 2, 3), b], outputs: [float32([2], 4, 5)], symbolic: [['k', 'k n'], ['n']] },
    { inputs: [a, float32([3], 1, 0, 1)], outputs: [float32([2], 4, 10)], symbolic: [['m k', 'k'], ['m']] },
    { inputs: [float32([2], 1, 2), float32([2], 3, 4)], outputs: [float32([], 11)], symbolic: [['k', 'k'], ['']] },
  ],
  Gemm: [
    { inputs: [a, b], outputs: [float32([2, 2], 4, 5, 10, 11)], symbolic: [['m k', 'k n'], ['m n']] },
    {
      inputs: [float32([3, 1], 1, 2, 3), float32([2, 3], 1, 0, 1, 0, 1, 1), float32([2], 1, 2)],
      attributes: { alpha: 2, beta: 0.5, transA: 1, transB: 1 },
      outputs: [float32([1, 2], 8.5, 11)],
      symbolic: [['k m', 'n k', '2'], ['m 2']],
    },
  ],
  FusedMatMul: [
    {
      inputs: [float32([2, 2, 1], 1, 2, 3, 4), float32([2, 1, 2], 1, 10, 2, 20)],
      attributes: { alpha: 0.5, transA: 1, transB: 1 },
      outputs: [float32([2, 1, 1], 10.5, 43)],
      symbolic: [['batch k m', 'batch n k'], ['batch m n']],
    },
    { inputs: [a, b], outputs: [float32([2, 2], 4, 5, 10, 11)], symbolic: [['m k', 'k n'], ['m n']] },
  ],
}
