/**
 * @file Dimensions of symbolic tensors: a number, or the canonical text of an expression in free dimensions such as
 * `batch`, `floor((height+1)/2)` or `2*batch`. Two dimensions are equal when their texts are equal, so every
 * operation here must bring its result into one canonical form.
 */

/** A dimension: its size, or an expression whose value is known only at run time. */
export type Dim = number | string

interface Product {
  readonly coefficient: number
  /** Sorted expressions without a product at top level. */
  readonly factors: readonly string[]
}

/** Splits `text` at `separator` where it stands outside parentheses. */
function splitTopLevel(text: string, separator: string): string[] {
  const parts: string[] = []
  let depth = 0
  let start = 0
  for (let i = 0; i < text.length; i++) {
    const char = text[i]
    if (char === '(') depth++
    else if (char === ')') depth--
    else if (char === separator && depth === 0) {
      parts.push(text.slice(start, i))
      start = i + 1
    }
  }
  parts.push(text.slice(start))
  return parts
}

function toProduct(dim: Dim): Product {
  if (typeof dim === 'number') return { coefficient: dim, factors: [] }
  const parts = splitTopLevel(dim, '*')
  const leading = Number(parts[0])
  return Number.isInteger(leading)
    ? { coefficient: leading, factors: parts.slice(1) }
    : { coefficient: 1, factors: parts }
}

function fromProduct({ coefficient, factors }: Product): Dim {
  if (factors.length === 0 || coefficient === 0) return coefficient
  const text = factors.toSorted().join('*')
  return coefficient === 1 ? text : `${coefficient}*${text}`
}

/** The product of dimensions. */
export function multiplyDims(...dims: readonly Dim[]): Dim {
  let coefficient = 1
  const factors: string[] = []
  for (const product of dims.map(toProduct)) {
    coefficient *= product.coefficient
    factors.push(...product.factors)
  }
  return fromProduct({ coefficient, factors })
}

/** `a / b` where the division is exact; undefined where that cannot be told. */
export function divideDims(a: Dim, b: Dim): Dim | undefined {
  const [numerator, denominator] = [toProduct(a), toProduct(b)]
  const factors = [...numerator.factors]
  for (const factor of denominator.factors) {
    const at = factors.indexOf(factor)
    if (at < 0) return undefined
    factors.splice(at, 1)
  }
  if (denominator.coefficient === 0 || numerator.coefficient % denominator.coefficient !== 0) return undefined
  return fromProduct({ coefficient: numerator.coefficient / denominator.coefficient, factors })
}

interface Sum {
  readonly terms: readonly string[]
  readonly offset: number
}

function toSum(dim: Dim): Sum {
  if (typeof dim === 'number') return { terms: [], offset: dim }
  const parenthesised = dim.startsWith('(') && dim.endsWith(')') && splitTopLevel(dim, '*').length === 1
  const parts = parenthesised ? splitTopLevel(dim.slice(1, -1), '+') : [dim]
  const isNumber = (part: string): boolean => /^-?\d+$/.test(part)
  return {
    terms: parts.filter((part) => !isNumber(part)),
    offset: parts.filter(isNumber).reduce((sum, part) => sum + Number(part), 0),
  }
}

/** The sum of two dimensions. */
export function addDims(a: Dim, b: Dim): Dim {
  const sums = [toSum(a), toSum(b)]
  const terms = sums.flatMap((sum) => sum.terms).sort()
  const offset = sums.reduce((total, sum) => total + sum.offset, 0)
  if (terms.length === 0) return offset
  if (terms.length === 1 && offset === 0) return terms[0]!
  return `(${[...terms, ...(offset === 0 ? [] : [offset])].join('+')})`
}

/** `floor(dim / divisor)`. Nested divisions become one: ⌊(⌊x/m⌋ + b)/n⌋ = ⌊(x + b·m)/(m·n)⌋. */
export function floorDivideDim(dim: Dim, divisor: number): Dim {
  if (typeof dim === 'number') return Math.floor(dim / divisor)
  if (divisor === 1) return dim
  const { terms, offset } = toSum(dim)
  const inner = terms.length === 1 ? /^floor\((.*)\/(\d+)\)$/.exec(terms[0]!) : null
  if (inner !== null && splitTopLevel(terms[0]!, '*').length === 1) {
    const before = Number(inner[2])
    return floorDivideDim(addDims(inner[1]!, offset * before), before * divisor)
  }
  return `floor(${dim}/${divisor})`
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
