/** @file Gradients of matrix products. Transposes are asked of the product itself (FusedMatMul), but for narrow results. */
import type { Tensor } from '../graph/index.js'
import { fusedMatmul, type MatrixOp, mul, reshape, transpose } from '../ops/index.js'
import { noGradient, type Rule, type Rules, sizesOf, sumTo } from './rule.js'

/** dA = dY·Bᵀ, dB = Aᵀ·dY; axes over which a side was broadcast are summed. */
const matMulRule: Rule = ({ inputs: [a, b], gradients: [dy], node }) => {
  const [rankA, rankB] = [a!.shape.length, b!.shape.length]
  if (rankA < 2 || rankB < 2) throw noGradient(node, 'a product with a vector')
  const da = sumTo(fusedMatmul(dy!, b!, { transB: true }), a!.shape)
  if (rankB === 2 && rankA > 2) {
    // A weight: all leading axes are rows of one product.
    const rows = (tensor: Tensor): Tensor => reshape(tensor, [-1, sizesOf(tensor).at(-1)!])
    return [da, fusedMatmul(rows(a!), rows(dy!), { transA: true })]
  }
  return [da, sumTo(transposedProduct(a!, dy!), b!.shape)]
}

/** Columns up to which a matrix counts as narrow. */
const NARROW = 64

/**
 * Aᵀ·C. ONNX Runtime turns a first factor round as a whole before it multiplies. Where C is narrow, as the values of an attention
 * head are, that takes several times as long as the product, and turning C and the result instead costs little.
 */
function transposedProduct(a: Tensor, c: Tensor): Tensor {
  const [columns, narrow] = [Number(a.shape.at(-1)), Number(c.shape.at(-1))]
  // NaN, where a size is free, is not narrow.
  if (!(narrow <= NARROW && columns >= 4 * narrow)) return fusedMatmul(a, c, { transA: true })
  const turned = fusedMatmul(c, a, { transA: true })
  const axes = [...turned.shape.keys()]
  return transpose(turned, [...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!])
}

/** Y = α·op(A)·op(B) + β·C */
const gemmRule: Rule = ({ inputs: [a, b, c], gradients: [dy], node: { attributes } }) => {
  const [alpha, beta] = [Number(attributes['alpha'] ?? 1), Number(attributes['beta'] ?? 1)]
  const [transA, transB] = [attributes['transA'] === 1, attributes['transB'] === 1]
  const da = transA
    ? fusedMatmul(b!, dy!, { alpha, transA: transB, transB: true })
    : fusedMatmul(dy!, b!, { alpha, transB: !transB })
  const db = transB
    ? fusedMatmul(dy!, a!, { alpha, transA: true, transB: transA })
    : fusedMatmul(a!, dy!, { alpha, transA: !transA })
  if (c === undefined) return [da, db]
  return [da, db, sumTo(beta === 1 ? dy! : mul(dy!, beta), c.shape)]
}

/** Rules of src/ops/matrix.ts. */
export const matrixRules: Rules<MatrixOp> = {
  MatMul: matMulRule,
  Gemm: gemmRule,
  FusedMatMul: { none: 'it appears in gradients only' },
}
