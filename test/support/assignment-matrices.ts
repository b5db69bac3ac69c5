/** @file Cost matrices from a rule, the same in reference/matching.py. */
import { streamKey, uniformAt } from '../../src/tensor/index.js'

/** A kind of matrix. */
export type MatrixKind = 'real' | 'integer' | 'tied' | 'sparse' | 'sparse-tied' | 'product' | 'constant'

/** The entry from its u in [-1, 1) and, for `product`, from the first u of its row and of its column. */
type EntryRule = (u: number, rowFirst: number, columnFirst: number) => number

const KINDS: Readonly<Record<MatrixKind, EntryRule>> = {
  real: (u) => u,
  integer: (u) => Math.floor(u * 1000),
  tied: (u) => Math.floor((u + 1) * 2),
  sparse: (u) => (u < -0.4 ? Number.POSITIVE_INFINITY : u),
  'sparse-tied': (u) => (u < 0.2 ? Number.POSITIVE_INFINITY : Math.floor(u * 5)),
  product: (_, rowFirst, columnFirst) => rowFirst * columnFirst,
  constant: () => 1,
}

/** All kinds. */
export const MATRIX_KINDS: readonly MatrixKind[] = Object.keys(KINDS) as MatrixKind[]

/** Matrix of the stream (`assignment.<kind>`, seed), row-major [rows, columns]. */
export function ruleMatrix(kind: MatrixKind, rows: number, columns: number, seed: number): Float64Array {
  const key = streamKey(`assignment.${kind}`, seed)
  const entryOf = KINDS[kind]
  const matrix = new Float64Array(rows * columns)
  for (let row = 0, at = 0; row < rows; row++) {
    const rowFirst = uniformAt(key, row * columns)
    for (let column = 0; column < columns; column++, at++) {
      matrix[at] = entryOf(uniformAt(key, at), rowFirst, kind === 'product' ? uniformAt(key, column) : 0)
    }
  }
  return matrix
}
