/** @file Examples of the operators on each element by itself. */
import type { ElementwiseOp } from './elementwise.js'
import { bool, type Example, float32, int32, int64, pointwise } from './operator.examples.js'

const { NaN: nan, POSITIVE_INFINITY: infinity } = Number

export const elementwiseExamples: Readonly<Record<ElementwiseOp, readonly Example[]>> = {
  Abs: [
    pointwise([-1.5, 0, 2, -3], [1.5, 0, 2, 3]),
    { inputs: [int64([2], -7, 7)], outputs: [int64([2], 7, 7)], symbolic: [['n'], ['n']] },
  ],
  Ceil: [pointwise([-1.5, 0.2, 2, -2.5], [-1, 1, 2, -2])],
  Cos: [pointwise([0, 1, -2, Math.PI], [1, 0.5403023, -0.4161468, -1])],
  Erf: [pointwise([0, 0.5, -1, 3], [0, 0.5204999, -0.8427008, 0.9999779])],
  Exp: [pointwise([0, 1, -1, 2], [1, Math.E, 0.3678794, 7.3890561])],
  Floor: [pointwise([-1.5, 0.2, 2, -0.5], [-2, 0, 2, -1])],
  HardSigmoid: [
    pointwise([-3, -1, 1, 4], [0, 0.3, 0.7, 1]),
    pointwise([-3, -1, 1, 4], [0, 0.35, 0.85, 1], { alpha: 0.25, beta: 0.6 }),
  ],
  Identity: [
    pointwise([1, 2, 3, 4], [1, 2, 3, 4]),
    { inputs: [bool([], 1)], outputs: [bool([], 1)] },
    { inputs: [int64([2], 5, -5)], outputs: [int64([2], 5, -5)], constants: [0] },
  ],
  StopGradient: [{ ...pointwise([1, 2, 3, 4], [1, 2, 3, 4]), notRun: 'it is erased before a graph is run' }],
  IsNaN: [{ inputs: [float32([3], nan, 0, infinity)], outputs: [bool([3], 1, 0, 0)], symbolic: [['n'], ['n']] }],
  LeakyRelu: [
    pointwise([-100, 2, 0, -1], [-1, 2, 0, -0.01]),
    pointwise([-100, 2, 0, -1], [-50, 2, 0, -0.5], { alpha: 0.5 }),
  ],
  Log: [pointwise([1, Math.E, 0.5, 0], [0, 1, -Math.LN2, -infinity])],
  Neg: [
    pointwise([1, -2, 0, 3], [-1, 2, 0, -3]),
    { inputs: [int32([2], 5, -5)], outputs: [int32([2], -5, 5)], symbolic: [['n'], ['n']] },
  ],
  Not: [{ inputs: [bool([2], 1, 0)], outputs: [bool([2], 0, 1)], symbolic: [['n'], ['n']] }],
  Reciprocal: [pointwise([1, -2, 4, 0.5], [1, -0.5, 0.25, 2])],
  Relu: [pointwise([-1, 0, 2, -0.5], [0, 0, 2, 0])],
  // Halves go to the even number.
  Round: [pointwise([0.5, 1.5, -2.5, 2.4], [0, 2, -2, 2])],
  Sigmoid: [pointwise([0, Math.log(3), -Math.log(3), 100], [0.5, 0.75, 0.25, 1])],
  Sign: [pointwise([-3, 0, 0.1, 7], [-1, 0, 1, 1])],
  Sin: [pointwise([0, 1, -2, Math.PI / 2], [0, 0.841471, -0.9092974, 1])],
  Softplus: [pointwise([0, 1, -1, 20], [Math.LN2, 1.3132617, 0.3132617, 20])],
  Sqrt: [pointwise([0, 1, 2.25, 16], [0, 1, 1.5, 4])],
  Tanh: [pointwise([0, 0.5, -1, 20], [0, 0.4621172, -0.7615942, 1])],
  Clip: [
    {
      inputs: [float32([4], -2, 0.5, 3, 1), float32([], 0), float32([], 1)],
      outputs: [float32([4], 0, 0.5, 1, 1)],
      symbolic: [['n', '', ''], ['n']],
    },
    { inputs: [float32([2], -2, 3), undefined, float32([], 1)], outputs: [float32([2], -2, 1)] },
    { inputs: [int64([3], -2, 3, 9), int64([], 0), int64([], 4)], outputs: [int64([3], 0, 3, 4)] },
    { inputs: [float32([2], -2, 3)], outputs: [float32([2], -2, 3)] },
  ],
  CumSum: [
    {
      inputs: [float32([2, 3], 1, 2, 3, 4, 5, 6), int32([], 1)],
      outputs: [float32([2, 3], 1, 3, 6, 4, 9, 15)],
      symbolic: [['rows columns', ''], ['rows columns']],
    },
    {
      inputs: [float32([2, 3], 1, 2, 3, 4, 5, 6), int64([], -2)],
      outputs: [float32([2, 3], 1, 2, 3, 5, 7, 9)],
    },
    {
      inputs: [float32([3], 1, 2, 3), int64([], 0)],
      attributes: { exclusive: 1, reverse: 1 },
      outputs: [float32([3], 5, 3, 0)],
    },
  ],
}
