/**
 * @file Dimensions of symbolic tensors: a number, or the canonical text of an expression in free dimensions such as
 * `batch`, `floor((height+1)/2)` or `2*batch`. Two dimensions are equal when their texts are equal, so every
 * operation here brings its result into one canonical form: a sum of products, like terms collected, floors reduced.
 * A size beyond 2^53 becomes NaN, which no operator accepts.
 */
import {
  addPolynomials,
  constantOf,
  dividePolynomials,
  floorDividePolynomial,
  formatPolynomial,
  multiplyPolynomials,
  type Polynomial,
  parsePolynomial,
} from './polynomial.js'

/** A dimension: its size, or an expression whose value is known only at run time. */
export type Dim = number | string

/** The canonical form of an expression, e.g. `(height+1)` of `1 + height`; undefined when the text is none. */
export function parseDim(text: string): Dim | undefined {
  const polynomial = parsePolynomial(text)
  return polynomial === undefined ? undefined : formatPolynomial(polynomial)
}

function toPolynomial(dim: Dim): Polynomial {
  if (typeof dim === 'number') return constantOf(dim)
  // Graph.input refuses other texts; what remains is too long to be read and is taken as a name.
  return parsePolynomial(dim) ?? new Map([[`(${dim})`, 1]])
}

/** The product of dimensions. */
export function multiplyDims(...dims: readonly Dim[]): Dim {
  return formatPolynomial(dims.map(toPolynomial).reduce(multiplyPolynomials, constantOf(1)))
}

/** `a / b` where the division is exact; undefined where that cannot be told. */
export function divideDims(a: Dim, b: Dim): Dim | undefined {
  const quotient = dividePolynomials(toPolynomial(a), toPolynomial(b))
  return quotient === undefined ? undefined : formatPolynomial(quotient)
}

/** The sum of two dimensions. */
export function addDims(a: Dim, b: Dim): Dim {
  return formatPolynomial(addPolynomials(toPolynomial(a), toPolynomial(b)))
}

/** The difference of two dimensions. */
export function subtractDims(a: Dim, b: Dim): Dim {
  return formatPolynomial(addPolynomials(toPolynomial(a), toPolynomial(b), -1))
}

/** `floor(dim / divisor)`; NaN unless the divisor is a whole number from 1 up. */
export function floorDivideDim(dim: Dim, divisor: number): Dim {
  if (!Number.isSafeInteger(divisor) || divisor < 1) return Number.NaN
  return formatPolynomial(floorDividePolynomial(toPolynomial(dim), divisor))
}

/** The output size of a sliding window: `floor((dim + padding - extent) / stride) + 1` (or ceil, as pooling may ask). */
export function windowDim(dim: Dim, extent: number, stride: number, padding: number, ceil = false): Dim {
  const shift = padding - extent + stride + (ceil ? stride - 1 : 0)
  return floorDivideDim(addDims(dim, shift), stride)
}

/** A shape as text, e.g. `[batch, 3, 800, 1066]`. */
export function formatShape(shape: readonly Dim[]): string {
  return `[${shape.join(', ')}]`
}
