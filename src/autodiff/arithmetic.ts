/** @file Gradients of operators on tensors broadcast against each other. */
import type { Tensor } from '../graph/index.js'
import {
  type ArithmeticOp,
  add,
  and,
  cast,
  div,
  equal,
  greater,
  greaterOrEqual,
  less,
  log,
  mul,
  neg,
  pow,
  sub,
  where,
} from '../ops/index.js'
import { type Backward, type Rule, type Rules, sumTo } from './rule.js'

/** Rule of `a ∘ b` from the gradients of both sides before broadcasting is undone. */
const binaryRule =
  (derivatives: (dy: Tensor, a: Tensor, b: Tensor, y: Tensor) => readonly [Tensor, Tensor]): Rule =>
  ({ inputs: [a, b], outputs: [y], gradients: [dy] }) => {
    const [da, db] = derivatives(dy!, a!, b!, y!)
    return [sumTo(da, a!.shape), sumTo(db, b!.shape)]
  }

/** The extreme value's inputs share the gradient equally where several are equal, as in PyTorch. */
function extremeRule({ inputs, outputs: [y], gradients: [dy] }: Backward): Tensor[] {
  const wins = inputs.map((input) => cast(equal(input!, y!), 'float32'))
  const share = div(dy!, wins.reduce(add))
  return inputs.map((input, i) => sumTo(mul(share, wins[i]!), input!.shape))
}

/** d x^e = e·x^(e−1)·dx + y·ln x·de; a constant (e = 0) and 0^e (e ≥ 0) have slope 0, whatever the formula gives. */
function powRule({ inputs: [x, e], outputs: [y], gradients: [dy] }: Backward): Tensor[] {
  const exponent = cast(e!, x!.dtype)
  const dx = mul(dy!, mul(exponent, pow(x!, sub(exponent, 1))))
  const de = mul(dy!, mul(y!, log(x!)))
  return [
    sumTo(where(equal(exponent, 0), 0, dx), x!.shape),
    sumTo(where(and(equal(x!, 0), greaterOrEqual(exponent, 0)), 0, de), e!.shape),
  ]
}

/** Rules of src/ops/arithmetic.ts. */
export const arithmeticRules: Rules<ArithmeticOp> = {
  Add: binaryRule((dy) => [dy, dy]),
  Sub: binaryRule((dy) => [dy, neg(dy)]),
  Mul: binaryRule((dy, a, b) => [mul(dy, b), mul(dy, a)]), // d(ab) = b·da + a·db
  Div: binaryRule((dy, _, b, y) => [div(dy, b), neg(div(mul(dy, y), b))]), // d(a/b) = da/b − (a/b)·db/b
  Mod: { none: 'it is used on indices only' },
  Pow: powRule,
  PRelu: ({ inputs: [x, slope], gradients: [dy] }) => [
    where(greater(x!, 0), dy!, mul(dy!, slope!)), // slope below 0
    sumTo(where(less(x!, 0), mul(dy!, x!), 0), slope!.shape),
  ],
  Max: extremeRule,
  Min: extremeRule,
  Equal: 'zero',
  Greater: 'zero',
  GreaterOrEqual: 'zero',
  Less: 'zero',
  LessOrEqual: 'zero',
  And: 'zero',
  Or: 'zero',
  Xor: 'zero',
  Where: ({ inputs: [condition, a, b], gradients: [dy] }) => [
    undefined,
    sumTo(where(condition!, dy!, 0), a!.shape),
    sumTo(where(condition!, 0, dy!), b!.shape),
  ],
}
