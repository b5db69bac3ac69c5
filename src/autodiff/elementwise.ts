/** @file Gradients of operators on each element by itself. */
import type { Tensor } from '../graph/index.js'
import {
  and,
  cast,
  cos,
  div,
  type ElementwiseOp,
  exp,
  greater,
  greaterOrEqual,
  less,
  lessOrEqual,
  mul,
  neg,
  reverseCumSum,
  sigmoid,
  sign,
  sin,
  sub,
} from '../ops/index.js'
import { type Rule, type Rules, sumTo, unaryRule } from './rule.js'

/** dy where the condition holds, else 0. */
const masked = (dy: Tensor, condition: Tensor): Tensor => mul(dy, cast(condition, 'float32'))

const clipRule: Rule = ({ inputs: [x, min, max], gradients: [dy] }) => {
  // The bound itself passes, as in PyTorch.
  const inside = [
    ...(min === undefined ? [] : [greaterOrEqual(x!, min)]),
    ...(max === undefined ? [] : [lessOrEqual(x!, max)]),
  ]
  return [
    inside.length === 0 ? dy : masked(dy!, inside.reduce(and)),
    min === undefined ? undefined : sumTo(masked(dy!, less(x!, min)), min.shape),
    max === undefined ? undefined : sumTo(masked(dy!, greater(x!, max)), max.shape),
  ]
}

/** Rules of src/ops/elementwise.ts. */
export const elementwiseRules: Rules<ElementwiseOp> = {
  Abs: unaryRule((dy, x) => mul(dy, sign(x))), // d|x| = sign(x), 0 at 0
  Ceil: 'zero',
  Cos: unaryRule((dy, x) => neg(mul(dy, sin(x)))), // d cos = −sin
  Erf: unaryRule((dy, x) => mul(dy, mul(exp(neg(mul(x, x))), 2 / Math.sqrt(Math.PI)))), // 2/√π·e^(−x²)
  Exp: unaryRule((dy, _, y) => mul(dy, y)), // de^x = e^x
  Floor: 'zero',
  HardSigmoid: { none: 'no layer uses it in training' },
  Identity: unaryRule((dy) => dy),
  IsNaN: 'zero',
  LeakyRelu: { none: 'no layer uses it in training' },
  Log: unaryRule((dy, x) => div(dy, x)), // d ln x = 1/x
  Neg: unaryRule((dy) => neg(dy)),
  Not: 'zero',
  Reciprocal: unaryRule((dy, _, y) => neg(mul(dy, mul(y, y)))), // d(1/x) = −1/x²
  Relu: unaryRule((dy, _, y) => masked(dy, greater(y, 0))), // 1 above 0, 0 at and below
  Round: 'zero',
  Sigmoid: unaryRule((dy, _, y) => mul(dy, mul(y, sub(1, y)))), // dσ = σ(1 − σ)
  Sign: 'zero',
  StopGradient: 'zero',
  Sin: unaryRule((dy, x) => mul(dy, cos(x))), // d sin = cos
  Softplus: unaryRule((dy, x) => mul(dy, sigmoid(x))), // d ln(1 + e^x) = σ(x)
  Sqrt: unaryRule((dy, _, y) => div(mul(dy, 0.5), y)), // d√x = 1/(2√x)
  Tanh: unaryRule((dy, _, y) => mul(dy, sub(1, mul(y, y)))), // d tanh = 1 − tanh²
  Clip: clipRule,
  CumSum: ({ inputs: [, axis], gradients: [dy], node }) => [reverseCumSum(dy!, axis!, node.attributes)],
}
