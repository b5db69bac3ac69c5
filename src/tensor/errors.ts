/**
 * @file Every error that detrs raises on purpose. One template for all of them:
 * `<where>: expected <what>, got <value>. <what to do next>`.
 */

/** The parts of an error's sentence. */
export interface ErrorParts {
  /** Module path, file or option in which the fault lies. */
  readonly where: string
  readonly expected: string
  readonly got: string
  /** What the reader can do next; one sentence. */
  readonly next?: string
  readonly cause?: unknown
}

/** Base of all detrs errors: a sentence, a stable `code` and the `path` where the fault lies. */
export abstract class DetrsError extends Error {
  /** Literal in every class: bundlers shorten the classes' own names. */
  abstract override readonly name: string
  abstract readonly code: string
  /** Module path, file or option in which the fault lies. */
  readonly path: string

  constructor(parts: ErrorParts) {
    const next = parts.next === undefined ? '' : ` ${parts.next}`
    super(
      `${parts.where}: expected ${parts.expected}, got ${parts.got}.${next}`,
      parts.cause === undefined ? undefined : { cause: parts.cause },
    )
    this.path = parts.where
  }
}

/** Shapes that do not fit together. */
export class ShapeError extends DetrsError {
  override readonly name = 'ShapeError'
  readonly code = 'SHAPE'
}

/** An element type that an operation cannot take. */
export class DtypeError extends DetrsError {
  override readonly name = 'DtypeError'
  readonly code = 'DTYPE'
}

/** A graph that is not well formed. */
export class GraphError extends DetrsError {
  override readonly name = 'GraphError'
  readonly code = 'GRAPH'
}

/** A loss that cannot be differentiated. */
export class GradientError extends DetrsError {
  override readonly name = 'GradientError'
  readonly code = 'GRADIENT'
}

/** Numbers that a computation cannot go on with: NaN, infinity, sizes below 0. */
export class NumericError extends DetrsError {
  override readonly name = 'NumericError'
  readonly code = 'NUMERIC'
}

/** Bytes that are not a valid ONNX model. */
export class OnnxFormatError extends DetrsError {
  override readonly name = 'OnnxFormatError'
  readonly code = 'ONNX_FORMAT'
}

/** The engine could not create or run a session. */
export class RuntimeError extends DetrsError {
  override readonly name = 'RuntimeError'
  readonly code = 'RUNTIME'
}

/** A weight file that cannot be read, or does not fit the model. */
export class CheckpointError extends DetrsError {
  override readonly name = 'CheckpointError'
  readonly code = 'CHECKPOINT'
}

/** An image that cannot be decoded or used. */
export class ImageError extends DetrsError {
  override readonly name = 'ImageError'
  readonly code = 'IMAGE'
}

/** An option, a configuration value or a name that means nothing. */
export class ConfigError extends DetrsError {
  override readonly name = 'ConfigError'
  readonly code = 'CONFIG'
}

/** A download that did not give the expected file. */
export class DownloadError extends DetrsError {
  override readonly name = 'DownloadError'
  readonly code = 'DOWNLOAD'
}

/** A data set that is none, contradicts itself, or is not the one that it should be. */
export class DatasetError extends DetrsError {
  override readonly name = 'DatasetError'
  readonly code = 'DATASET'
}

/** A file or folder that cannot be read or written. */
export class FileError extends DetrsError {
  override readonly name = 'FileError'
  readonly code = 'FILE'
}

/**
 * The candidates nearest to `name` by edit distance, best first: for "did you mean" sentences. None is further away than
 * half the name's length.
 */
export function nearestNames(name: string, candidates: readonly string[], count = 3): string[] {
  const limit = Math.floor(name.length / 2)
  return candidates
    .filter((candidate) => Math.abs(candidate.length - name.length) <= limit)
    .map((candidate) => ({ candidate, distance: editDistance(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, count)
    .map(({ candidate }) => candidate)
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      current.push(Math.min(previous[j]! + 1, current[j - 1]! + 1, substitution))
    }
    previous = current
  }
  return previous[b.length]!
}

const LONGEST_TEXT = 60
const MOST_KEYS = 6

/** A value of any type for an error's "got": short, and never its contents as a whole. */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') {
    return `'${value.length > LONGEST_TEXT ? `${value.slice(0, LONGEST_TEXT)}…` : value}'`
  }
  if (typeof value === 'function') return 'a function'
  if (typeof value !== 'object' || value === null) return String(value)
  if (Array.isArray(value)) return 'a list'
  const made: unknown = value.constructor
  if (typeof made === 'function' && made !== Object && made.name !== '') return made.name
  const keys = Object.keys(value)
  if (keys.length === 0) return 'an empty object'
  return `an object with ${keys.slice(0, MOST_KEYS).join(', ')}${keys.length > MOST_KEYS ? ', …' : ''}`
}
