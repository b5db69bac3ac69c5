/** @file Strict matching of a checkpoint against a model: one report of all that does not fit. */
import { CheckpointError, DtypeError, isFloat, sizeOfShape, type TensorData, toFloat32 } from '../tensor/index.js'
import type { Layout } from './layout.js'
import type { StateDict } from './state-dict.js'

/** A parameter that the model wants. */
export interface ExpectedTensor {
  readonly key: string
  readonly shape: readonly number[]
}

/** A tensor whose shape is not the model's. */
export interface ShapeDifference {
  readonly key: string
  readonly expected: readonly number[]
  readonly got: readonly number[]
}

/** What fitted and what did not. */
export interface MatchReport {
  /** The layout whose keys were found. */
  readonly layout: string
  readonly matched: number
  /** Keys of the file that the model wants and the file lacks. */
  readonly missing: readonly string[]
  /** Keys of the file that nothing wants. */
  readonly unexpected: readonly string[]
  readonly misshaped: readonly ShapeDifference[]
  /** Parameters left out on purpose because they depend on the number of classes. */
  readonly left: readonly ShapeDifference[]
}

/** Weights by the model's own keys, float32, and the report. */
export interface MatchedWeights {
  readonly weights: ReadonlyMap<string, TensorData<'float32'>>
  readonly report: MatchReport
}

/** How strictly to match. */
export interface MatchOptions {
  /** File name, for errors. */
  readonly where: string
  /** Parameters that may differ in shape and are then left out: the class head, when the classes are others. */
  readonly mayDiffer?: readonly string[]
}

/**
 * Fits a state dict to a model in whichever layout names most of its keys.
 * @throws CheckpointError with the whole report when a key is missing, unexpected or mis-shaped.
 */
export function matchStateDict(
  expected: readonly ExpectedTensor[],
  stateDict: StateDict,
  layouts: readonly Layout[],
  { where, mayDiffer = [] }: MatchOptions,
): MatchedWeights {
  const layout = bestLayout(expected, stateDict, layouts)
  const weights = new Map<string, TensorData<'float32'>>()
  const used = new Set<string>()
  const missing: string[] = []
  const [misshaped, left]: [ShapeDifference[], ShapeDifference[]] = [[], []]
  for (const { key, shape } of expected) {
    const fileKeys = layout.keysOf(key)
    const pieces = fileKeys.map((fileKey) => stateDict.get(fileKey))
    for (const fileKey of fileKeys) used.add(fileKey)
    missing.push(...fileKeys.filter((_, i) => pieces[i] === undefined))
    const found = pieces.filter((piece) => piece !== undefined)
    if (found.length < fileKeys.length) continue
    const rows = shape.length === 0 ? [] : [shape[0]! / fileKeys.length, ...shape.slice(1)]
    const wrong = found.findIndex((piece) => !sameShape(piece.shape, rows))
    if (wrong < 0) weights.set(key, stack(found, shape, `${where}: ${fileKeys[0]}`))
    else
      (mayDiffer.includes(key) ? left : misshaped).push({
        key: fileKeys[wrong]!,
        expected: rows,
        got: found[wrong]!.shape,
      })
  }
  const unexpected = [...stateDict.keys()].filter((key) => !used.has(key) && !layout.ignored(key))
  const report = { layout: layout.name, matched: weights.size, missing, unexpected, misshaped, left }
  if (missing.length + unexpected.length + misshaped.length > 0) throw mismatch(where, expected.length, report)
  return { weights, report }
}

/**
 * The number of rows that a file has for the parameter `key`, in whichever layout fits best; undefined when it has none.
 * The rows of a class head tell how many classes the file was trained for.
 */
export function rowsInFile(
  key: string,
  expected: readonly ExpectedTensor[],
  stateDict: StateDict,
  layouts: readonly Layout[],
): number | undefined {
  const pieces = bestLayout(expected, stateDict, layouts).keysOf(key)
  const rows = pieces.map((piece) => stateDict.get(piece)?.shape[0])
  return rows.every((count) => count !== undefined) ? rows.reduce((a, b) => a + b, 0) : undefined
}

/**
 * How well a state dict fits a model in its best layout, 0..1: tensors that fit, among all that either has. Parameters that
 * `mayDiffer` need not have the model's shape.
 */
export function overlap(
  expected: readonly ExpectedTensor[],
  stateDict: StateDict,
  layouts: readonly Layout[],
  mayDiffer: readonly string[] = [],
): number {
  const layout = bestLayout(expected, stateDict, layouts)
  const wanted = expected.flatMap(({ key, shape }) => {
    const pieces = layout.keysOf(key)
    return pieces.map((piece) => ({ piece, key, elements: sizeOfShape(shape) / pieces.length }))
  })
  const fitting = wanted.filter(({ piece, key, elements }) => {
    const found = stateDict.get(piece)
    return found !== undefined && (mayDiffer.includes(key) || sizeOfShape(found.shape) === elements)
  }).length
  const inFile = [...stateDict.keys()].filter((key) => !layout.ignored(key)).length
  return fitting / (wanted.length + inFile - fitting)
}

function bestLayout(expected: readonly ExpectedTensor[], stateDict: StateDict, layouts: readonly Layout[]): Layout {
  let best = { layout: layouts[0]!, count: -1 }
  for (const layout of layouts) {
    const count = expected.filter(({ key }) => layout.keysOf(key).every((fileKey) => stateDict.has(fileKey))).length
    if (count > best.count) best = { layout, count }
    if (count === expected.length) break
  }
  return best.layout
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((dim, axis) => dim === b[axis])
}

function stack(pieces: readonly TensorData[], shape: readonly number[], where: string): TensorData<'float32'> {
  for (const piece of pieces) {
    if (!isFloat(piece.dtype)) throw new DtypeError({ where, expected: 'floating-point weights', got: piece.dtype })
  }
  const floats = pieces.map(toFloat32)
  if (floats.length === 1) return floats[0]!
  const data = new Float32Array(sizeOfShape(shape))
  let at = 0
  for (const piece of floats) {
    data.set(piece.data, at)
    at += piece.data.length
  }
  return { dtype: 'float32', shape, data }
}

function mismatch(where: string, expected: number, report: MatchReport): CheckpointError {
  const shapes = report.misshaped.map(
    ({ key, expected, got }) => `${key} [${got.join(', ')}] for [${expected.join(', ')}]`,
  )
  const parts = [
    ['missing', report.missing],
    ['unexpected', report.unexpected],
    ['of another shape', shapes],
  ] as const
  const listed = parts
    .filter(([, keys]) => keys.length > 0)
    .map(([title, keys]) => `${keys.length} ${title} (${shorten(keys)})`)
  const next =
    report.matched * 2 < expected
      ? 'These weights belong to another architecture: name the right model.'
      : 'The file is incomplete or of a variant of this model.'
  return new CheckpointError({
    where,
    expected: `the ${expected} tensors of the model`,
    got: `${report.matched} of them in the ${report.layout} layout, ${listed.join(', ')}`,
    next,
  })
}

function shorten(keys: readonly string[]): string {
  const shown = keys.slice(0, 5).join(', ')
  return keys.length > 5 ? `${shown}, … ${keys.length - 5} more` : shown
}
