/** @file What a symbolic dimension is for given sizes: read here on its own, not with the library's parser. */

/** Sizes by the name of the free dimension. */
export type Sizes = Readonly<Record<string, number>>

/** The value of a dimension; throws where a name has no size. */
export function evaluateDim(dim: number | string, sizes: Sizes): number {
  if (typeof dim === 'number') return dim
  const tokens = dim.match(/[\p{L}_][\p{L}\p{N}_.:]*|\d+|[-+*/()]/gu) ?? []
  let at = 0
  const take = (token: string): boolean => tokens[at] === token && ++at > 0
  const factor = (): number => {
    const token = tokens[at++]!
    if (token === '(' || token === 'floor') {
      if (token === 'floor') take('(')
      const value = token === 'floor' ? Math.floor(sum()) : sum()
      if (!take(')')) throw new Error(`no ) in ${dim}`)
      return value
    }
    const value = /^\d/.test(token) ? Number(token) : sizes[token]
    if (value === undefined) throw new Error(`no size for ${token} of ${dim}`)
    return value
  }
  const product = (): number => {
    let value = take('-') ? -factor() : factor()
    for (;;) {
      if (take('*')) value *= factor()
      else if (take('/')) value /= factor()
      else return value
    }
  }
  const sum = (): number => {
    let value = product()
    for (;;) {
      if (take('+')) value += product()
      else if (take('-')) value -= product()
      else return value
    }
  }
  const value = sum()
  if (at !== tokens.length) throw new Error(`more than an expression: ${dim}`)
  return value
}
