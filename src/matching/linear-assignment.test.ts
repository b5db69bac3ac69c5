/** @file Linear assignment: scipy's pairs, costs and refusals; memory; matrices that no golden file has. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { MATRIX_KINDS, ruleMatrix } from '../../test/support/assignment-matrices.js'
import { matchingGolden } from '../../test/support/matching-golden.js'
import { NumericError, ShapeError } from '../tensor/index.js'
import { AssignmentWorkspace, assignRows } from './index.js'

const golden = matchingGolden()

/** Cheapest total over all ways to give each row of a small matrix, no larger than its columns, a column. */
function cheapestByTrying(cost: Float64Array, rows: number, columns: number, row = 0, taken = 0): number {
  if (row === rows) return 0
  let best = Number.POSITIVE_INFINITY
  for (let column = 0; column < columns; column++) {
    if ((taken & (1 << column)) !== 0) continue
    const rest = cheapestByTrying(cost, rows, columns, row + 1, taken | (1 << column))
    best = Math.min(best, cost[row * columns + column]! + rest)
  }
  return best
}

describe('linear assignment', () => {
  test('pairs and totals are those of scipy, ties included, with one workspace for all', () => {
    const workspace = new AssignmentWorkspace()
    let infeasible = 0
    for (const { kind, rows, columns, seed, pairs, total } of golden.assignments) {
      const name = `${kind} ${rows}×${columns}, seed ${seed}`
      const matrix = ruleMatrix(kind, rows, columns, seed)
      const before = matrix.slice()
      if (pairs === undefined) {
        infeasible++
        assert.throws(() => assignRows(matrix, rows, columns, workspace), /cost matrix is infeasible/, name)
        continue
      }
      const found = assignRows(matrix, rows, columns, workspace)
      assert.deepEqual([[...found.rows], [...found.columns]], pairs, name)
      const sum = found.rows.reduce((cost, row, i) => cost + matrix[row * columns + found.columns[i]!]!, 0)
      assert.ok(Math.abs(sum - total!) < 1e-12, `${name}: ${sum}, not ${total}`)
      assert.deepEqual(matrix, before, `${name}: changed`)
      assert.deepEqual(assignRows(matrix, rows, columns), found, `${name}: without workspace`)
    }
    assert.ok(infeasible >= 2 && golden.assignments.length - infeasible > 50)
  })

  test('no other assignment of a small matrix is cheaper', () => {
    for (let seed = 0; seed < 400; seed++) {
      const kind = MATRIX_KINDS[seed % MATRIX_KINDS.length]!
      const [rows, columns] = [1 + (seed % 4), 4 + (seed % 3)]
      const matrix = ruleMatrix(kind, rows, columns, seed)
      const best = cheapestByTrying(matrix, rows, columns)
      if (best === Number.POSITIVE_INFINITY) {
        assert.throws(() => assignRows(matrix, rows, columns), NumericError)
        continue
      }
      const found = assignRows(matrix, rows, columns)
      assert.equal(new Set(found.columns).size, rows)
      const total = found.rows.reduce((cost, row, i) => cost + matrix[row * columns + found.columns[i]!]!, 0)
      assert.ok(Math.abs(total - best) < 1e-12, `${kind} ${rows}×${columns}, seed ${seed}: ${total}, not ${best}`)
    }
  })

  test('float32 costs give what the same numbers give in float64', () => {
    const workspace = new AssignmentWorkspace()
    for (const [rows, columns] of [
      [3, 4],
      [30, 8],
      [8, 30],
      [2, 2],
      [30, 30],
    ] as const) {
      const narrow = Float32Array.from(ruleMatrix('real', rows, columns, 1), (u) => u / 3)
      const found = assignRows(narrow, rows, columns, workspace)
      assert.deepEqual(found, assignRows(Float64Array.from(narrow), rows, columns))
    }
  })

  test('what scipy refuses is refused with its words and the place', () => {
    const places: Readonly<Record<string, string>> = {
      nan: 'NaN at row 1, column 1',
      'minus infinity': '-Infinity at row 1, column 0',
      'nan after a row without a way': 'NaN at row 1, column 0',
    }
    const workspace = new AssignmentWorkspace()
    for (const { name, matrix, message } of golden.refused) {
      const numbers = { nan: Number.NaN, inf: Number.POSITIVE_INFINITY, '-inf': Number.NEGATIVE_INFINITY }
      const entries = matrix.flat().map((entry) => numbers[entry as keyof typeof numbers] ?? Number(entry))
      for (const cost of [Float64Array.from(entries), Float32Array.from(entries)]) {
        assert.throws(
          () => assignRows(cost, matrix.length, matrix[0]!.length, workspace),
          (error) =>
            error instanceof NumericError &&
            error.message.includes(message) &&
            error.message.includes(places[name] ?? 'pairs'),
          name,
        )
      }
    }
    assert.equal(golden.refused.length, 6)
    // The refusals have left nothing behind.
    const identity = Float64Array.of(0, 1, 1, 0)
    assert.deepEqual(assignRows(identity, 2, 2, workspace).columns, Int32Array.of(0, 1))
  })

  test('an invalid entry is found wherever it stands', () => {
    for (const [rows, columns] of [
      [4, 6],
      [6, 4],
    ] as const) {
      for (let at = 0; at < 24; at++) {
        for (const bad of [Number.NaN, Number.NEGATIVE_INFINITY]) {
          const cost = ruleMatrix('real', rows, columns, 3)
          cost[at] = bad
          const place = `${bad} at row ${Math.floor(at / columns)}, column ${at % columns}`
          assert.throws(() => assignRows(cost, rows, columns), new RegExp(`got ${place}: matrix contains`), place)
        }
      }
    }
  })

  test('empty matrices give no pairs; lengths that do not fit are refused', () => {
    for (const [rows, columns] of [
      [0, 0],
      [0, 5],
      [5, 0],
    ] as const) {
      const { rows: first, columns: second } = assignRows(new Float64Array(0), rows, columns)
      assert.deepEqual([first, second], [new Int32Array(0), new Int32Array(0)])
    }
    for (const [rows, columns] of [
      [2, 2],
      [-1, -6],
      [1.5, 4],
      [Number.NaN, 1],
    ] as const) {
      assert.throws(() => assignRows(new Float64Array(6), rows, columns), ShapeError)
    }
  })

  test('costs near the largest numbers end, one way or the other', () => {
    const most = Number.MAX_VALUE
    const cost = Float64Array.of(most, -most, -most, -most, most, -most, -most, -most, most)
    try {
      assert.equal(assignRows(cost, 3, 3).columns.length, 3)
    } catch (error) {
      assert.ok(error instanceof NumericError, String(error))
    }
  })
})
