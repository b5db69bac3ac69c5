/**
 * @file Integer polynomials in the free dimensions, in one canonical form, and their text. An atom is a free dimension,
 * `floor(sum/divisor)`, or a sum in parentheses where multiplying it out would make too many terms.
 */

/** Coefficients by product of atoms: atoms in order, joined by `*`; the empty product is the constant. Never 0. */
export type Polynomial = ReadonlyMap<string, number>

/** Products with more terms than this are not multiplied out. */
const MOST_TERMS = 64

/** Texts longer than this are not read: a hostile file could nest without end. */
const LONGEST_TEXT = 4096

const NAME = /^[\p{L}_][\p{L}\p{N}_.:]*/u

/** True for a text that can name a free dimension. */
export function isDimName(text: string): boolean {
  return NAME.exec(text)?.[0] === text
}

export const constantOf = (value: number): Polynomial => new Map(value === 0 ? [] : [['', value]])

/** An atom made of a polynomial's text; NaN where the polynomial is not exact. */
function atomWith(polynomial: Polynomial, write: (text: string) => string): Polynomial {
  const text = formatPolynomial(polynomial)
  return typeof text === 'number' ? constantOf(text) : new Map([[write(text), 1]])
}

/** `a + scale · b` */
export function addPolynomials(a: Polynomial, b: Polynomial, scale = 1): Polynomial {
  const sum = new Map(a)
  for (const [product, coefficient] of b) {
    const total = (sum.get(product) ?? 0) + scale * coefficient
    if (total === 0) sum.delete(product)
    else sum.set(product, total)
  }
  return sum
}

export function multiplyPolynomials(a: Polynomial, b: Polynomial): Polynomial {
  if (a.size * b.size > MOST_TERMS) return multiplyPolynomials(opaque(a), opaque(b))
  let product: Polynomial = new Map()
  for (const [p, c] of a) {
    for (const [q, d] of b) {
      const atoms = [...atomsOf(p), ...atomsOf(q)].sort().join('*')
      product = addPolynomials(product, new Map([[atoms, c * d]]))
    }
  }
  return product
}

function opaque(polynomial: Polynomial): Polynomial {
  return polynomial.size > 1 ? atomWith(polynomial, (text) => text) : polynomial
}

/** The polynomial `q` with `q · divisor = dividend`; undefined when there is none. */
export function dividePolynomials(dividend: Polynomial, divisor: Polynomial): Polynomial | undefined {
  if (divisor.size === 0) return undefined
  const [leader, leading] = leadingTerm(divisor)
  let quotient: Polynomial = new Map()
  let rest = dividend
  for (let step = 0; rest.size > 0; step++) {
    const [product, coefficient] = leadingTerm(rest)
    const atoms = removed(atomsOf(product), atomsOf(leader))
    if (atoms === undefined || coefficient % leading !== 0 || step > MOST_TERMS) return undefined
    const term = new Map([[atoms.join('*'), coefficient / leading]])
    quotient = addPolynomials(quotient, term)
    rest = addPolynomials(rest, multiplyPolynomials(term, divisor), -1)
  }
  return quotient
}

/** The term that is largest by degree, then by its atoms in order: an order that multiplication keeps. */
function leadingTerm(polynomial: Polynomial): readonly [product: string, coefficient: number] {
  return [...polynomial].reduce((best, term) => {
    const [a, b] = [atomsOf(best[0]), atomsOf(term[0])]
    if (a.length !== b.length) return a.length > b.length ? best : term
    const at = a.findIndex((atom, i) => atom !== b[i])
    return at < 0 || a[at]! < b[at]! ? best : term
  })
}

function removed(atoms: readonly string[], taken: readonly string[]): string[] | undefined {
  const rest = [...atoms]
  for (const atom of taken) {
    const at = rest.indexOf(atom)
    if (at < 0) return undefined
    rest.splice(at, 1)
  }
  return rest
}

/**
 * `floor(polynomial / divisor)` for a divisor from 1 up. What is divisible comes out: ⌊(q·n·x + y)/n⌋ = q·x + ⌊y/n⌋;
 * a common factor g goes: ⌊(g·x + c)/(g·n)⌋ = ⌊(x + ⌊c/g⌋)/n⌋; nested floors become one:
 * ⌊(x + ⌊y/m⌋)/n⌋ = ⌊(m·x + y)/(m·n)⌋.
 */
export function floorDividePolynomial(polynomial: Polynomial, divisor: number): Polynomial {
  if (![...polynomial.values()].every(Number.isSafeInteger)) return constantOf(Number.NaN)
  let whole: Polynomial = new Map()
  let rest: Polynomial = new Map()
  let common = divisor
  for (const [product, coefficient] of polynomial) {
    const quotient = Math.floor(coefficient / divisor)
    const remainder = coefficient - quotient * divisor
    whole = addPolynomials(whole, new Map([[product, 1]]), quotient)
    rest = addPolynomials(rest, new Map([[product, 1]]), remainder)
    if (product !== '') common = greatestCommonDivisor(common, remainder)
  }
  if ([...rest.keys()].every((product) => product === '')) return whole
  const constant = rest.get('') ?? 0
  const shared = addPolynomials(rest, constantOf(constant % common), -1)
  const reduced = new Map([...shared].map(([product, coefficient]) => [product, coefficient / common]))
  return addPolynomials(whole, floorAtom(reduced, divisor / common))
}

function floorAtom(polynomial: Polynomial, divisor: number): Polynomial {
  const inner = [...polynomial].flatMap(([product, coefficient]) => {
    const floor = coefficient === 1 && atomsOf(product).length === 1 ? parseFloorAtom(product) : undefined
    return floor === undefined ? [] : [{ product, ...floor }]
  })
  const [nested] = inner
  if (inner.length !== 1 || nested === undefined || !Number.isSafeInteger(nested.divisor * divisor)) {
    return atomWith(polynomial, (text) => `floor(${text}/${divisor})`)
  }
  const outside = addPolynomials(polynomial, new Map([[nested.product, 1]]), -1)
  return floorDividePolynomial(addPolynomials(nested.body, outside, nested.divisor), nested.divisor * divisor)
}

function parseFloorAtom(atom: string): { body: Polynomial; divisor: number } | undefined {
  const match = /^floor\((.*)\/(\d+)\)$/.exec(atom)
  const body = match === null ? undefined : parsePolynomial(match[1]!)
  return body === undefined ? undefined : { body, divisor: Number(match![2]) }
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b)
}

/** A number where the polynomial is constant, else its text; NaN where a coefficient is too large to be exact. */
export function formatPolynomial(polynomial: Polynomial): number | string {
  if (![...polynomial.values()].every(Number.isSafeInteger)) return Number.NaN
  const terms = [...polynomial].sort(([a], [b]) => (a === '' ? 1 : b === '' ? -1 : a < b ? -1 : 1))
  if (terms.length === 0) return 0
  if (terms.length === 1 && terms[0]![0] === '') return terms[0]![1]
  const text = terms.map(([product, coefficient], i) => {
    const size = Math.abs(coefficient)
    const value = product === '' ? String(size) : size === 1 ? product : `${size}*${product}`
    return `${coefficient < 0 ? '-' : i === 0 ? '' : '+'}${value}`
  })
  return terms.length === 1 ? text[0]! : `(${text.join('')})`
}

/** The atoms of a product. */
function atomsOf(product: string): string[] {
  const atoms: string[] = []
  let [depth, start] = [0, 0]
  for (let i = 0; i < product.length; i++) {
    if (product[i] === '(') depth++
    else if (product[i] === ')') depth--
    else if (product[i] === '*' && depth === 0) {
      atoms.push(product.slice(start, i))
      start = i + 1
    }
  }
  return product === '' ? [] : [...atoms, product.slice(start)]
}

/** Reads sums, differences and products of whole numbers, names, `floor(sum/number)` and parentheses; else undefined. */
export function parsePolynomial(text: string): Polynomial | undefined {
  if (text.length > LONGEST_TEXT) return undefined
  const rest = { text: text.trim().replace(/ *([-+*/()]) */g, '$1') }
  const sum = readSum(rest)
  return rest.text === '' ? sum : undefined
}

/** Text that is still to be read. */
interface Rest {
  text: string
}

function accept(rest: Rest, token: string): boolean {
  if (!rest.text.startsWith(token)) return false
  rest.text = rest.text.slice(token.length)
  return true
}

function readSum(rest: Rest): Polynomial | undefined {
  let sum: Polynomial = new Map()
  let sign = accept(rest, '-') ? -1 : 1
  for (;;) {
    const product = readProduct(rest)
    if (product === undefined) return undefined
    sum = addPolynomials(sum, product, sign)
    if (accept(rest, '+')) sign = 1
    else if (accept(rest, '-')) sign = -1
    else return sum
  }
}

function readProduct(rest: Rest): Polynomial | undefined {
  let product = readFactor(rest)
  while (product !== undefined && accept(rest, '*')) {
    const factor = readFactor(rest)
    product = factor === undefined ? undefined : multiplyPolynomials(product, factor)
  }
  return product
}

function readFactor(rest: Rest): Polynomial | undefined {
  if (accept(rest, '(')) {
    const sum = readSum(rest)
    return accept(rest, ')') ? sum : undefined
  }
  if (accept(rest, 'floor(')) {
    const sum = readSum(rest)
    const divisor = accept(rest, '/') ? readNumber(rest) : 0
    return sum !== undefined && divisor >= 1 && accept(rest, ')') ? floorDividePolynomial(sum, divisor) : undefined
  }
  const name = NAME.exec(rest.text)?.[0]
  if (name !== undefined && accept(rest, name)) return new Map([[name, 1]])
  const value = readNumber(rest)
  return Number.isSafeInteger(value) ? constantOf(value) : undefined
}

function readNumber(rest: Rest): number {
  const digits = /^\d*/.exec(rest.text)![0]
  return accept(rest, digits) && digits !== '' ? Number(digits) : Number.NaN
}
