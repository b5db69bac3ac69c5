/** @file Which detections to report, checked against the model's classes. */
import {
  ConfigError,
  checkOptionNames,
  checkTextList,
  describeValue,
  nearestNames,
  type OptionNames,
} from '../tensor/index.js'

/** Which detections to report. */
export interface DetectOptions {
  /** Lowest score that is reported, 0..1; 0.5 unless said. */
  readonly threshold?: number | undefined
  /** Only these classes, by name. */
  readonly classes?: readonly string[] | undefined
  /** At most this many per image. */
  readonly topK?: number | undefined
  /** Images that go through the network together; 1 unless said, which is the fastest on a CPU. */
  readonly batchSize?: number | undefined
}

/** `DetectOptions` with their defaults. */
export interface CheckedOptions {
  readonly threshold: number
  readonly topK: number
  readonly batchSize: number
  /** Indices of the wanted classes; all when undefined. */
  readonly wanted: ReadonlySet<number> | undefined
}

const NAMES: OptionNames<DetectOptions> = { threshold: true, classes: true, topK: true, batchSize: true }
const DEFAULT_THRESHOLD = 0.5

/** @throws ConfigError for options that do not exist or mean nothing. */
export function checkOptions(options: DetectOptions, classNames: readonly (string | null)[]): CheckedOptions {
  checkOptionNames('Detector.detect', options, NAMES)
  const { threshold = DEFAULT_THRESHOLD, topK = Number.POSITIVE_INFINITY, batchSize = 1, classes } = options
  if (typeof threshold !== 'number' || !(threshold >= 0 && threshold <= 1)) {
    throw new ConfigError({ where: 'threshold', expected: 'a number from 0 to 1', got: describeValue(threshold) })
  }
  if (!(Number.isInteger(topK) || topK === Number.POSITIVE_INFINITY) || topK < 1) {
    throw new ConfigError({ where: 'topK', expected: 'a whole number from 1 up', got: describeValue(topK) })
  }
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new ConfigError({ where: 'batchSize', expected: 'a whole number from 1 up', got: describeValue(batchSize) })
  }
  checkTextList('classes', classes)
  const wanted = classes === undefined ? undefined : new Set(classes.map((name) => indexOfClass(name, classNames)))
  return { threshold, topK, batchSize, wanted }
}

function indexOfClass(name: string, classNames: readonly (string | null)[]): number {
  const index = classNames.indexOf(name)
  if (index >= 0) return index
  const known = classNames.filter((other) => other !== null)
  const nearest = nearestNames(name, known)
  throw new ConfigError({
    where: 'classes',
    expected: `one of the model's ${known.length} class names`,
    got: `'${name}'`,
    ...(nearest.length === 0 ? {} : { next: `Did you mean ${nearest.join(' or ')}?` }),
  })
}
