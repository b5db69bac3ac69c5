/**
 * @file Random cost matrices up to 300×300, solved here and by scipy in a child process: the totals must be equal, to the
 * bit for whole numbers and within 1e-12 otherwise. Anything else is printed with its number, by which it can be repeated.
 *
 *   node dist/test/fuzz-assignment.js [count = 100000] [seed = 1] [first = 0]
 */

import { type Assignment, AssignmentWorkspace, assignRows } from '../src/matching/index.js'
import { mix, NumericError } from '../src/tensor/index.js'
import { MATRIX_KINDS, type MatrixKind, ruleMatrix } from './support/assignment-matrices.js'
import { findPython } from './support/python.js'
import { type Random, randomOf } from './support/random.js'
import { type CostMatrix, Scipy, type ScipyAnswer } from './support/scipy.js'

interface FuzzMatrix extends CostMatrix {
  readonly name: string
  readonly kind: MatrixKind
}

const CHUNK = 200
const LARGEST = 300
const MAX_FAILURES = 10

/** A side: any size, but small ones, where everything can go wrong too, as often as large ones. */
function sizeOf(random: Random): number {
  return random.int(1, random.pick([4, 30, LARGEST, LARGEST]))
}

function matrixOf(index: number, seed: number): FuzzMatrix {
  const random = randomOf(mix(seed) ^ index)
  const [kind, rows, columns] = [random.pick(MATRIX_KINDS), sizeOf(random), sizeOf(random)]
  const costs = ruleMatrix(kind, rows, columns, mix(index) ^ seed)
  return { name: `matrix ${index} (${kind} ${rows}×${columns})`, kind, rows, columns, costs }
}

function solve({ costs, rows, columns }: CostMatrix, workspace: AssignmentWorkspace): Assignment | undefined {
  try {
    return assignRows(costs, rows, columns, workspace)
  } catch (error) {
    if (error instanceof NumericError) return undefined
    throw error
  }
}

/** What is wrong with an assignment; undefined when nothing is. */
function fault(
  { costs, rows, columns }: FuzzMatrix,
  found: Assignment | undefined,
  answer: ScipyAnswer,
): string | undefined {
  if (found === undefined || answer === null) {
    return found === undefined && answer === null ? undefined : 'one of the two finds no assignment'
  }
  const count = Math.min(rows, columns)
  if (found.rows.length !== count || new Set(found.rows).size !== count || new Set(found.columns).size !== count) {
    return `not ${count} pairs of their own`
  }
  let total = 0
  let whole = true
  found.rows.forEach((row, i) => {
    const cost = costs[row * columns + found.columns[i]!]!
    total += cost
    whole &&= Number.isInteger(cost)
  })
  const [expected] = answer
  const bound = whole ? 0 : 1e-12 * Math.max(1, Math.abs(expected))
  return Math.abs(total - expected) <= bound ? undefined : `total ${total}, scipy's ${expected}`
}

function samePairs(found: Assignment | undefined, answer: ScipyAnswer): boolean {
  if (found === undefined || answer === null) return true
  const [, rows, columns] = answer
  return rows.every((row, i) => row === found.rows[i] && columns[i] === found.columns[i])
}

const [count = 100000, seed = 1, first = 0] = process.argv.slice(2).map(Number)
const python = findPython()
if (python === undefined) {
  console.error('fuzz-assignment: expected a Python with reference/requirements.txt, got none. Set DETRS_PYTHON.')
  process.exit(1)
}
const scipy = new Scipy(python)
const workspace = new AssignmentWorkspace()
const failures: string[] = []
const tally = { solved: 0, infeasible: 0, otherPairs: 0, entries: 0 }
const start = performance.now()
let solving = 0

for (let from = first; from < first + count && failures.length < MAX_FAILURES; from += CHUNK) {
  const size = Math.min(CHUNK, first + count - from)
  const matrices = Array.from({ length: size }, (_, i) => matrixOf(from + i, seed))
  const answers = scipy.solve(matrices)
  const begun = performance.now()
  const found = matrices.map((matrix) => solve(matrix, workspace))
  solving += performance.now() - begun
  for (const [i, answer] of (await answers).entries()) {
    const matrix = matrices[i]!
    const reason = fault(matrix, found[i], answer)
    if (reason !== undefined) failures.push(`${matrix.name}: ${reason}`)
    tally[found[i] === undefined ? 'infeasible' : 'solved']++
    tally.entries += matrix.costs.length
    if (!samePairs(found[i], answer)) tally.otherPairs++
  }
  if ((from - first) % (100 * CHUNK) === 0) console.error(`${from - first + size} of ${count}`)
}
scipy.stop()

for (const failure of failures) console.log(failure)
const seconds = ((performance.now() - start) / 1000).toFixed(0)
console.log(
  `${tally.solved} solved, ${tally.infeasible} infeasible for both, ${failures.length} wrong; ` +
    `${tally.otherPairs} with other pairs than scipy's at the same total; ` +
    `${(tally.entries / 1e6).toFixed(0)} million entries, ${(solving / 1000).toFixed(0)} of ${seconds} s spent solving here`,
)
process.exitCode = failures.length === 0 ? 0 : 1
