/** @file Matrix products. */
import { type Dim, formatShape, type Tensor } from '../graph/index.js'
import { apply, broadcastShapes, type Call, float, int, type Operand, type Operator } from './operator.js'

/** Names of this family's operators. */
export type MatrixOp = 'MatMul' | 'Gemm' | 'FusedMatMul'

export const matrix: Readonly<Record<MatrixOp, Operator>> = {
  MatMul: {
    since: 1,
    inputs: ['a', 'b'],
    attributes: {},
    infer: (call) => {
      const [a, b] = [call.input(0).shape, call.input(1).shape]
      return [{ dtype: call.sameType(), shape: productShape(call, a, b) }]
    },
  },
  Gemm: {
    since: 7,
    inputs: ['a', 'b', 'c?'],
    attributes: { alpha: float(1), beta: float(1), transA: int(0), transB: int(0) },
    infer: (call) => {
      const [a, b] = [call.input(0).shape, call.input(1).shape]
      if (a.length !== 2 || b.length !== 2) throw call.shapeError('matrices', `ranks ${a.length} and ${b.length}`)
      const left = call.int('transA') === 1 ? [...a].reverse() : a
      const right = call.int('transB') === 1 ? [...b].reverse() : b
      const shape = productShape(call, left, right)
      const c = call.inputs[2]?.shape ?? []
      const sum = broadcastShapes(call, [shape, c])
      if (sum.length > 2 || shape.some((dim, axis) => typeof dim === 'number' && dim !== sum[axis])) {
        throw call.shapeError(`c that broadcasts to ${formatShape(shape)}`, formatShape(c))
      }
      return [{ dtype: call.sameType(), shape: sum }]
    },
  },
  /** `alpha · op(a) op(b)` with the last two axes of either side transposed on request. */
  FusedMatMul: {
    since: 1,
    domain: 'com.microsoft',
    inputs: ['a', 'b'],
    attributes: {
      alpha: float(1),
      transA: int(0),
      transB: int(0),
    },
    infer: (call) => {
      const swapped = (index: number, flag: string): readonly Dim[] => {
        const { shape } = call.input(index)
        return call.int(flag) === 1 && shape.length > 1 ? [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!] : shape
      }
      return [{ dtype: call.sameType(), shape: productShape(call, swapped(0, 'transA'), swapped(1, 'transB')) }]
    },
  },
}

function productShape(call: Call, a: readonly Dim[], b: readonly Dim[]): readonly Dim[] {
  if (a.length === 0 || b.length === 0) throw call.shapeError('at least one axis on either side', 'a scalar')
  const left = a.length === 1 ? [1, a[0]!] : a
  const right = b.length === 1 ? [b[0]!, 1] : b
  const [inner, outer] = [left.at(-1)!, right.at(-2)!]
  if (typeof inner === 'number' && typeof outer === 'number' && inner !== outer) {
    throw call.shapeError(`${inner} rows in the right factor`, `[${b.join(', ')}]`)
  }
  const batch = broadcastShapes(call, [left.slice(0, -2), right.slice(0, -2)])
  return [...batch, ...(a.length === 1 ? [] : [left.at(-2)!]), ...(b.length === 1 ? [] : [right.at(-1)!])]
}

/** Matrix product over the last two axes, the others broadcast. */
export const matmul = (a: Operand, b: Operand): Tensor => apply('MatMul', matrix.MatMul, [a, b])

/** How a product of ONNX Runtime's own takes its factors: scaled, the last two axes of either exchanged. */
export interface FusedMatmulOptions {
  readonly alpha?: number
  readonly transA?: boolean
  readonly transB?: boolean
}

/** Matrix product of ONNX Runtime's own domain, for graphs that only it will run. */
export function fusedMatmul(a: Operand, b: Operand, options: FusedMatmulOptions = {}): Tensor {
  const { alpha, transA, transB } = options
  return apply('FusedMatMul', matrix.FusedMatMul, [a, b], {
    ...(alpha === undefined || alpha === 1 ? {} : { alpha }),
    ...(transA ? { transA: 1 } : {}),
    ...(transB ? { transB: 1 } : {}),
  })
}

/** `a · bᵀ + c` of two matrices: the product of a fully connected layer whose weight is stored [out, in]. */
export const gemmTransposed = (a: Operand, b: Operand, c?: Operand): Tensor =>
  apply('Gemm', matrix.Gemm, [a, b, c], { transB: 1 })
