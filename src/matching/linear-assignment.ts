/**
 * @file The rectangular linear assignment problem by shortest augmenting paths with potentials (Crouse, "On implementing
 * 2D rectangular assignment algorithms", IEEE TAES 52(4), 2016). Candidates are visited, and sums formed, in the order
 * of scipy.optimize.linear_sum_assignment, so that ties and roundings fall as they do there.
 */
import { NumericError, ShapeError } from '../tensor/index.js'

/** Pairs of an assignment: `rows` ascending, `columns[i]` the column of `rows[i]`. */
export interface Assignment {
  readonly rows: Int32Array
  readonly columns: Int32Array
}

const NONE = -1

/** Memory of the solver, kept from call to call; it grows to the largest matrix met. */
export class AssignmentWorkspace {
  /** A float32 matrix in double precision. */
  widened: Float64Array = new Float64Array(0)
  /** The costs of all rows met so far, of the matrix turned so that it has no more rows than columns. */
  matrix: Float64Array = new Float64Array(0)
  rowPotential: Float64Array = new Float64Array(0)
  columnPotential: Float64Array = new Float64Array(0)
  /** Length of the shortest path found so far from the current row to each column. */
  distance: Float64Array = new Float64Array(0)
  /** The row before each column on that path. */
  previousRow: Int32Array = new Int32Array(0)
  columnOfRow: Int32Array = new Int32Array(0)
  rowOfColumn: Int32Array = new Int32Array(0)
  /** Columns: first those not yet reached for good, then those that are. */
  queue: Int32Array = new Int32Array(0)

  /** Makes room for a problem of `rows` <= `columns` and frees all columns; a row's state is written before it is read. */
  start(rows: number, columns: number): void {
    if (this.matrix.length < rows * columns) this.matrix = new Float64Array(rows * columns)
    if (this.columnPotential.length < columns) {
      this.rowPotential = new Float64Array(columns)
      this.columnPotential = new Float64Array(columns)
      this.distance = new Float64Array(columns)
      this.previousRow = new Int32Array(columns)
      this.columnOfRow = new Int32Array(columns)
      this.rowOfColumn = new Int32Array(columns)
      this.queue = new Int32Array(columns)
    }
    this.columnPotential.fill(0, 0, columns)
    this.rowOfColumn.fill(NONE, 0, columns)
  }
}

/**
 * The assignment of smallest total cost: min(rows, columns) pairs, no row and no column twice. Deterministic: equal
 * matrices give equal pairs, and among equal costs those that scipy gives. +Infinity forbids a pair.
 * @param cost row-major [rows, columns]; sums are formed in double precision and must not overflow
 * @param workspace give the same one to every call, and nothing but the result is allocated
 * @throws ShapeError when `cost` has another length; NumericError when an entry is NaN or -Infinity, or when the
 *   forbidden pairs leave no assignment.
 */
export function assignRows(
  cost: Float64Array | Float32Array,
  rows: number,
  columns: number,
  workspace: AssignmentWorkspace = new AssignmentWorkspace(),
): Assignment {
  const isSize = (size: number): boolean => Number.isSafeInteger(size) && size >= 0
  if (!isSize(rows) || !isSize(columns) || cost.length !== rows * columns) {
    throw new ShapeError({
      where: 'assignRows',
      expected: 'a cost for every row and column',
      got: `${cost.length} costs for ${rows} rows and ${columns} columns`,
    })
  }
  const wide = cost instanceof Float64Array ? cost : widen(workspace, cost)
  const turned = columns < rows
  const [short, long] = turned ? [columns, rows] : [rows, columns]
  const [rowStep, columnStep] = turned ? [1, columns] : [columns, 1]
  workspace.start(short, long)
  for (let row = 0; row < short; row++) {
    if (assignOne(workspace, wide, row * rowStep, columnStep, long, row)) continue
    checkEntries(wide, columns)
    throw new NumericError({
      where: 'assignRows',
      expected: `an assignment of ${short} pairs of finite cost`,
      got: `only ${row} pairs that are not forbidden: cost matrix is infeasible`,
    })
  }
  return turned ? pairsByColumn(workspace, short, long) : pairsByRow(workspace, short)
}

function widen(workspace: AssignmentWorkspace, cost: Float32Array): Float64Array {
  if (workspace.widened.length < cost.length) workspace.widened = new Float64Array(cost.length)
  workspace.widened.set(cost)
  return workspace.widened.subarray(0, cost.length)
}

/** Names the first entry that is NaN or -Infinity. */
function checkEntries(cost: Float64Array, columns: number): void {
  const at = cost.findIndex((entry) => !(entry > Number.NEGATIVE_INFINITY))
  if (at < 0) return
  throw new NumericError({
    where: 'assignRows',
    expected: 'finite costs, or Infinity for a forbidden pair',
    got: `${cost[at]} at row ${Math.floor(at / columns)}, column ${at % columns}: matrix contains invalid numeric entries`,
  })
}

/**
 * Gives `row`, whose costs are `cost[from + column * stride]`, a column, moving earlier rows to other columns where that
 * is cheaper. False when none is left, or the row has an invalid entry: every entry is looked at here once.
 */
function assignOne(
  workspace: AssignmentWorkspace,
  cost: Float64Array,
  from: number,
  stride: number,
  columns: number,
  row: number,
): boolean {
  const { matrix, columnPotential, rowOfColumn } = workspace
  const start = row * columns
  let lowest = Number.POSITIVE_INFINITY
  let nearest = NONE
  // From the last column to the first: among equal free columns the lowest wins.
  for (let column = columns - 1, at = from + column * stride; column >= 0; column--, at -= stride) {
    const entry = cost[at]!
    matrix[start + column] = entry
    const length = entry - columnPotential[column]!
    // Not `length <= lowest`: NaN must come in.
    if (!(length > lowest)) {
      if (length < lowest || rowOfColumn[column] === NONE) {
        lowest = length
        nearest = column
      }
      if (Number.isNaN(length)) return false
    }
  }
  if (!Number.isFinite(lowest)) return false
  if (rowOfColumn[nearest] !== NONE) return searchOn(workspace, columns, row, nearest)
  workspace.rowPotential[row] = lowest
  rowOfColumn[nearest] = row
  workspace.columnOfRow[row] = nearest
  return true
}

/** Dijkstra's search from `row`, whose nearest column is taken, to the nearest free column. */
function searchOn(workspace: AssignmentWorkspace, columns: number, row: number, first: number): boolean {
  const { matrix, columnPotential, rowPotential, distance, rowOfColumn, previousRow, queue } = workspace
  for (let column = 0, at = row * columns; column < columns; column++, at++) {
    distance[column] = matrix[at]! - columnPotential[column]!
  }
  previousRow.fill(row, 0, columns)
  for (let at = 0; at < columns; at++) queue[at] = columns - 1 - at
  let open = columns
  let place = columns - 1 - first
  let lowest = distance[first]!
  for (;;) {
    const reached = queue[place]!
    queue[place] = queue[--open]!
    queue[open] = reached
    const owner = rowOfColumn[reached]!
    if (owner === NONE) {
      raisePotentials(workspace, row, lowest, open, columns)
      augment(workspace, row, reached)
      return true
    }
    const start = owner * columns
    const base = lowest
    const potential = rowPotential[owner]!
    lowest = Number.POSITIVE_INFINITY
    place = NONE
    for (let at = 0; at < open; at++) {
      const column = queue[at]!
      const length = base + matrix[start + column]! - potential - columnPotential[column]!
      let best = distance[column]!
      if (length < best) {
        best = length
        distance[column] = length
        previousRow[column] = owner
      }
      if (best <= lowest && (best < lowest || rowOfColumn[column] === NONE)) {
        lowest = best
        place = at
      }
    }
    if (lowest === Number.POSITIVE_INFINITY) return false
  }
}

/** Keeps reduced costs from below 0; `queue` from `open` on holds the columns that were reached. */
function raisePotentials(
  { rowPotential, columnPotential, distance, rowOfColumn, queue }: AssignmentWorkspace,
  row: number,
  lowest: number,
  open: number,
  columns: number,
): void {
  rowPotential[row] = lowest
  // The column at `open` is the free one: its distance is `lowest`, and nobody owns it.
  for (let at = open + 1; at < columns; at++) {
    const column = queue[at]!
    const slack = lowest - distance[column]!
    const owner = rowOfColumn[column]!
    rowPotential[owner] = rowPotential[owner]! + slack
    columnPotential[column] = columnPotential[column]! - slack
  }
}

/** Moves every row on the path to `free` one column on, `row` being the first. */
function augment({ previousRow, rowOfColumn, columnOfRow }: AssignmentWorkspace, row: number, free: number): void {
  let column = free
  for (;;) {
    const owner = previousRow[column]!
    rowOfColumn[column] = owner
    const next = columnOfRow[owner]!
    columnOfRow[owner] = column
    if (owner === row) return
    column = next
  }
}

function pairsByRow({ columnOfRow }: AssignmentWorkspace, rows: number): Assignment {
  return { rows: Int32Array.from({ length: rows }, (_, row) => row), columns: columnOfRow.slice(0, rows) }
}

/** Pairs of the transposed problem, whose columns are the caller's rows. */
function pairsByColumn({ rowOfColumn }: AssignmentWorkspace, count: number, long: number): Assignment {
  const rows = new Int32Array(count)
  const columns = new Int32Array(count)
  for (let row = 0, pair = 0; row < long; row++) {
    if (rowOfColumn[row] === NONE) continue
    rows[pair] = row
    columns[pair++] = rowOfColumn[row]!
  }
  return { rows, columns }
}
