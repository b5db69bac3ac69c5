/** @file Operators on two or more tensors, broadcast against each other. */
import { addDims, type Dim, divideDims, multiplyDims, subtractDims, type Tensor } from '../graph/index.js'
import { DtypeError, fromNumbers, isFloat } from '../tensor/index.js'
import { apply, broadcastShapes, type Call, int, type Operand, type Operator } from './operator.js'

type DimRule = (a: Dim, b: Dim) => Dim | undefined

const binary = (since: number, dimRule?: DimRule): Operator => ({
  since,
  inputs: ['a', 'b'],
  attributes: {},
  infer: (call) => {
    const content = dimRule === undefined ? undefined : contentOf(call, dimRule)
    return [{ dtype: call.sameType(), shape: inputShapes(call), ...(content === undefined ? {} : { content }) }]
  },
})

const variadic = (since: number): Operator => ({
  since,
  inputs: ['data...'],
  attributes: {},
  infer: (call) => [{ dtype: call.sameType(), shape: inputShapes(call) }],
})

const comparison = (since: number): Operator => ({
  since,
  inputs: ['a', 'b'],
  attributes: {},
  infer: (call) => {
    call.sameType()
    return [{ dtype: 'bool', shape: inputShapes(call) }]
  },
})

const logic = (): Operator => ({
  ...comparison(7),
  infer: (call) => {
    requireBool(call, [0, 1])
    return [{ dtype: 'bool', shape: inputShapes(call) }]
  },
})

/** Names of this family's operators. */
export type ArithmeticOp =
  | 'Add'
  | 'Sub'
  | 'Mul'
  | 'Div'
  | 'Mod'
  | 'Pow'
  | 'PRelu'
  | 'Max'
  | 'Min'
  | 'Equal'
  | 'Greater'
  | 'GreaterOrEqual'
  | 'Less'
  | 'LessOrEqual'
  | 'And'
  | 'Or'
  | 'Xor'
  | 'Where'

export const arithmetic: Readonly<Record<ArithmeticOp, Operator>> = {
  Add: binary(7, addDims),
  Sub: binary(7, subtractDims),
  Mul: binary(7, (a, b) => multiplyDims(a, b)),
  Div: binary(7, (a, b) => (typeof a === 'number' && typeof b === 'number' ? Math.trunc(a / b) + 0 : divideDims(a, b))),
  Mod: {
    ...binary(10),
    attributes: { fmod: int(0) },
    infer: (call) => {
      const dtype = call.sameType()
      if (isFloat(dtype) && call.int('fmod') !== 1) {
        throw new DtypeError({ where: call.where, expected: 'integers, or fmod = 1', got: dtype })
      }
      return [{ dtype, shape: inputShapes(call) }]
    },
  },
  Pow: {
    since: 7,
    inputs: ['base', 'exponent'],
    attributes: {},
    infer: (call) => [{ dtype: call.input(0).dtype, shape: inputShapes(call) }],
  },
  PRelu: binary(9),
  Max: variadic(8),
  Min: variadic(8),
  Equal: comparison(7),
  Greater: comparison(7),
  GreaterOrEqual: comparison(12),
  Less: comparison(7),
  LessOrEqual: comparison(12),
  And: logic(),
  Or: logic(),
  Xor: logic(),
  Where: {
    since: 9,
    inputs: ['condition', 'then', 'else'],
    attributes: {},
    infer: (call) => {
      requireBool(call, [0])
      return [{ dtype: call.sameType([1, 2]), shape: inputShapes(call) }]
    },
  },
}

function inputShapes(call: Call): readonly Dim[] {
  return broadcastShapes(
    call,
    call.inputs.map((_, i) => call.input(i).shape),
  )
}

function requireBool(call: Call, indices: readonly number[]): void {
  for (const index of indices) {
    if (call.input(index).dtype !== 'bool') {
      throw new DtypeError({ where: call.where, expected: 'bool', got: call.input(index).dtype })
    }
  }
}

/** Integer arithmetic on shapes: entries of the result, where both sides' entries are known. */
function contentOf(call: Call, rule: DimRule): readonly Dim[] | undefined {
  const [a, b] = [call.input(0).content, call.input(1).content]
  if (a === undefined || b === undefined || call.input(0).dtype.startsWith('float')) return undefined
  const length = Math.max(a.length, b.length)
  if ((a.length !== length && a.length !== 1) || (b.length !== length && b.length !== 1)) return undefined
  const entries: Dim[] = []
  for (let i = 0; i < length; i++) {
    const entry = rule(a[a.length === 1 ? 0 : i]!, b[b.length === 1 ? 0 : i]!)
    if (entry === undefined || (typeof entry === 'number' && !Number.isSafeInteger(entry))) return undefined
    entries.push(entry)
  }
  return entries
}

export const add = (a: Operand, b: Operand): Tensor => apply('Add', arithmetic.Add, [a, b])
export const sub = (a: Operand, b: Operand): Tensor => apply('Sub', arithmetic.Sub, [a, b])
export const mul = (a: Operand, b: Operand): Tensor => apply('Mul', arithmetic.Mul, [a, b])
export const div = (a: Operand, b: Operand): Tensor => apply('Div', arithmetic.Div, [a, b])
export const mod = (a: Operand, b: Operand): Tensor => apply('Mod', arithmetic.Mod, [a, b])
export const pow = (base: Operand, exponent: Operand): Tensor => apply('Pow', arithmetic.Pow, [base, exponent])
export const maximum = (...operands: Operand[]): Tensor => apply('Max', arithmetic.Max, operands)
export const minimum = (...operands: Operand[]): Tensor => apply('Min', arithmetic.Min, operands)
export const equal = (a: Operand, b: Operand): Tensor => apply('Equal', arithmetic.Equal, [a, b])
export const greater = (a: Operand, b: Operand): Tensor => apply('Greater', arithmetic.Greater, [a, b])
export const greaterOrEqual = (a: Operand, b: Operand): Tensor =>
  apply('GreaterOrEqual', arithmetic.GreaterOrEqual, [a, b])
export const less = (a: Operand, b: Operand): Tensor => apply('Less', arithmetic.Less, [a, b])
export const lessOrEqual = (a: Operand, b: Operand): Tensor => apply('LessOrEqual', arithmetic.LessOrEqual, [a, b])
export const and = (a: Operand, b: Operand): Tensor => apply('And', arithmetic.And, [a, b])
export const or = (a: Operand, b: Operand): Tensor => apply('Or', arithmetic.Or, [a, b])

/** `a` where the bool tensor `condition` is true, else `b`; a number takes the other branch's type, else float32. */
export function where(condition: Tensor, a: Operand, b: Operand): Tensor {
  const typed = [a, b].find((branch): branch is Tensor => typeof branch === 'object' && 'dtype' in branch)
  const branch = (operand: Operand): Operand =>
    typeof operand === 'number'
      ? condition.graph.constant(fromNumbers(typed?.dtype ?? 'float32', [], [operand]))
      : operand
  return apply('Where', arithmetic.Where, [condition, branch(a), branch(b)])
}
