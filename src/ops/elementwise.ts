/** @file Operators on each element by itself. */
import type { Attributes, Tensor } from '../graph/index.js'
import { apply, type Call, float, int, type Operand, type Operator, sameAsInput } from './operator.js'

const unary = (since = 6): Operator => ({ since, inputs: ['x'], attributes: {}, infer: sameAsInput })

/** Names of this family's operators. */
export type ElementwiseOp =
  | 'Abs'
  | 'Ceil'
  | 'Cos'
  | 'Erf'
  | 'Exp'
  | 'Floor'
  | 'HardSigmoid'
  | 'Identity'
  | 'IsNaN'
  | 'LeakyRelu'
  | 'Log'
  | 'Neg'
  | 'Not'
  | 'Reciprocal'
  | 'Relu'
  | 'Round'
  | 'Sigmoid'
  | 'Sign'
  | 'Sin'
  | 'Softplus'
  | 'StopGradient'
  | 'Sqrt'
  | 'Tanh'
  | 'Clip'
  | 'CumSum'

export const elementwise: Readonly<Record<ElementwiseOp, Operator>> = {
  Abs: unary(),
  Ceil: unary(),
  Cos: unary(7),
  Erf: unary(9),
  Exp: unary(),
  Floor: unary(),
  HardSigmoid: { ...unary(), attributes: { alpha: float(0.2), beta: float(0.5) } },
  /** Stays in the graph until it has been differentiated; passes erase it then. */
  StopGradient: { since: 1, domain: 'detrs', inputs: ['x'], attributes: {}, infer: sameAsInput },
  Identity: {
    ...unary(1),
    infer: (call) => {
      const { dtype, shape, content } = call.input(0)
      return [{ dtype, shape, ...(content === undefined ? {} : { content }) }]
    },
  },
  IsNaN: { ...unary(9), infer: (call) => [{ dtype: 'bool', shape: call.input(0).shape }] },
  LeakyRelu: { ...unary(), attributes: { alpha: float(0.01) } },
  Log: unary(),
  Neg: unary(),
  Not: unary(1),
  Reciprocal: unary(),
  Relu: unary(),
  Round: unary(11),
  Sigmoid: unary(),
  Sign: unary(9),
  Sin: unary(7),
  Softplus: unary(1),
  Sqrt: unary(),
  Tanh: unary(),
  Clip: { since: 11, inputs: ['x', 'min?', 'max?'], attributes: {}, infer: clipped },
  CumSum: {
    since: 11,
    inputs: ['x', 'axis'],
    attributes: { exclusive: int(0), reverse: int(0) },
    infer: (call) => {
      const { shape } = call.input(0)
      const axis = call.knownInts(1)?.[0]
      if (axis !== undefined || shape.length === 0) call.axis(axis ?? 0, shape.length)
      return sameAsInput(call)
    },
  },
}

function clipped(call: Call): ReturnType<Operator['infer']> {
  call.sameType()
  return sameAsInput(call)
}

export const abs = (x: Operand): Tensor => apply('Abs', elementwise.Abs, [x])
export const ceil = (x: Operand): Tensor => apply('Ceil', elementwise.Ceil, [x])
export const cos = (x: Operand): Tensor => apply('Cos', elementwise.Cos, [x])
export const erf = (x: Operand): Tensor => apply('Erf', elementwise.Erf, [x])
export const exp = (x: Operand): Tensor => apply('Exp', elementwise.Exp, [x])
export const floor = (x: Operand): Tensor => apply('Floor', elementwise.Floor, [x])
export const identity = (x: Operand): Tensor => apply('Identity', elementwise.Identity, [x])
export const log = (x: Operand): Tensor => apply('Log', elementwise.Log, [x])
export const neg = (x: Operand): Tensor => apply('Neg', elementwise.Neg, [x])
export const not = (x: Operand): Tensor => apply('Not', elementwise.Not, [x])
export const reciprocal = (x: Operand): Tensor => apply('Reciprocal', elementwise.Reciprocal, [x])
export const relu = (x: Operand): Tensor => apply('Relu', elementwise.Relu, [x])
/** Nearest whole number; halves go to the even one. */
export const round = (x: Operand): Tensor => apply('Round', elementwise.Round, [x])
export const sigmoid = (x: Operand): Tensor => apply('Sigmoid', elementwise.Sigmoid, [x])
export const sign = (x: Operand): Tensor => apply('Sign', elementwise.Sign, [x])
export const sin = (x: Operand): Tensor => apply('Sin', elementwise.Sin, [x])
export const sqrt = (x: Operand): Tensor => apply('Sqrt', elementwise.Sqrt, [x])
/**
 * `x` itself, through which no gradient flows: a constant to whatever is differentiated. In a graph that is not for training it
 * is nothing at all.
 */
export const stopGradient = (x: Tensor): Tensor =>
  x.graph.training ? apply('StopGradient', elementwise.StopGradient, [x]) : x
export const tanh = (x: Operand): Tensor => apply('Tanh', elementwise.Tanh, [x])

/** Every element brought into [min, max]; either bound may be left out. */
export const clip = (x: Operand, min?: Operand, max?: Operand): Tensor => apply('Clip', elementwise.Clip, [x, min, max])

/** Running sum along `axis`; the element itself is included. */
export function cumSum(x: Tensor, axis: number): Tensor {
  return apply('CumSum', elementwise.CumSum, [x, int32Scalar(x, axis)])
}

/** The running sum that a running sum's gradient takes: from the other end. */
export function reverseCumSum(x: Tensor, axis: Tensor, attributes: Attributes): Tensor {
  const reverse = attributes['reverse'] === 1 ? 0 : 1
  return apply('CumSum', elementwise.CumSum, [x, axis], { ...attributes, reverse })
}

function int32Scalar(x: Tensor, value: number): Tensor {
  return x.graph.constant({ dtype: 'int32', shape: [], data: Int32Array.of(value) })
}
