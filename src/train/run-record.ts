/** @file What a run was begun with, as args.json keeps it: what going on with it repeats, and what it is held to. */
import { FileError } from '../tensor/index.js'
import type { DatasetFingerprint } from './dataset-fingerprint.js'
import type { TrainingSettings } from './recipe.js'

/** The options of a run and what its numbers depend on besides. */
export interface RunRecord {
  readonly data: string
  readonly model: string
  readonly weights: string | null
  /** Epochs between two evaluations. */
  readonly evaluateEvery: number
  /** Threads of the engine: sums are split among them, so bits depend on their number. */
  readonly threads: number
  /** The engine and its version. */
  readonly engine: string
  /** System and processor. */
  readonly machine: string
  /** The model's configuration. */
  readonly config: object
  readonly dataset: DatasetFingerprint
  readonly settings: TrainingSettings
  /** Why the settings are what they are, a sentence each; runs of earlier versions do not tell. */
  readonly reasons?: readonly string[]
}

/** Reads args.json, but for the settings: see `checkSettings`. @throws FileError when it is damaged or of another version. */
export function parseRunRecord(text: string, where: string): RunRecord {
  let value: Partial<Record<string, unknown>> | null
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw damaged(where, 'the options of a run as JSON', text === '' ? 'an empty file' : 'other text', cause)
  }
  check(where, value, EXAMPLE, '')
  if (value!['weights'] !== null) check(where, value, { weights: '' }, '')
  if (value!['reasons'] !== undefined) check(where, value, { reasons: [] }, '')
  return value as unknown as RunRecord
}

/** What a record's values are like. */
const EXAMPLE = {
  data: '',
  model: '',
  evaluateEvery: 1,
  threads: 1,
  engine: '',
  machine: '',
  config: {},
  dataset: { train: 1, val: 1, classes: [], labels: '' },
  settings: {},
}

/**
 * Checks that stored settings are complete.
 * @param example what would be chosen today: the same names, and values of the same types
 * @throws FileError naming the first that is missing or no such value.
 */
export function checkSettings(stored: object, example: TrainingSettings, where: string): void {
  check(where, stored, example, 'settings.')
}

function check(where: string, value: unknown, example: object, prefix: string): void {
  for (const [name, wanted] of Object.entries(example)) {
    const found = (value as Partial<Record<string, unknown>> | null)?.[name]
    const kind = kindOf(wanted)
    if (kindOf(found) !== kind) {
      throw damaged(where, `${prefix}${name}: ${kind}`, found === undefined ? 'nothing' : JSON.stringify(found))
    }
    if (prefix === '' && kind === 'an object') check(where, found, wanted, `${name}.`)
  }
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return value === null ? 'nothing' : 'an object'
  return typeof value === 'number' && !Number.isFinite(value) ? 'no finite number' : `a ${typeof value}`
}

function damaged(where: string, expected: string, got: string, cause?: unknown): FileError {
  return new FileError({ where, expected, got, cause, next: 'The file is damaged, or of another version of detrs.' })
}

/** Why a run that goes on may not equal one that was never interrupted, to the bit: a sentence for each difference. */
export function differencesOf(began: RunRecord, now: RunRecord): string[] {
  const why = 'the run may differ from one without interruption in the last bits'
  const sentences = (['threads', 'engine', 'machine'] as const)
    .filter((name) => began[name] !== now[name])
    .map((name) => `${name}: ${now[name]} now, ${began[name]} when the run began: ${why}`)
  if (JSON.stringify(began.config) !== JSON.stringify(now.config)) {
    sentences.push(`${now.model} has another configuration than when the run began: the run will differ`)
  }
  return sentences
}

/** Settings that are not what they were up to the saved state, a sentence each. */
export function changedSettings(before: object, now: object): string[] {
  const [old, current] = [before, now].map((settings) => new Map<string, unknown>(Object.entries(settings)))
  const shown = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value))
  return [...new Set([...old!.keys(), ...current!.keys()])]
    .map((name) => [name, shown(old!.get(name)), shown(current!.get(name))] as const)
    .filter(([, was, is]) => was !== is)
    .map(([name, was, is]) => `${name} is ${is} from here on; it was ${was}`)
}
