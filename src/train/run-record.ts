/** @file What a run was begun with, as args.json keeps it: what going on with it repeats, and what it is held to. */
import { FileError } from '../tensor/index.js'
import type { DatasetFingerprint } from './dataset-fingerprint.js'
import { chooseSettings, type TrainingSettings } from './recipe.js'

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
}

const TYPES = {
  data: 'string',
  model: 'string',
  evaluateEvery: 'number',
  threads: 'number',
  engine: 'string',
  machine: 'string',
  config: 'object',
  dataset: 'object',
  settings: 'object',
} as const

/** Any settings: what is stored must have the same names and types. */
const EXAMPLE: TrainingSettings = chooseSettings({
  trainImages: 1,
  pretrained: false,
  shortest: 1,
  longest: 1,
}).settings

/** Reads args.json. @throws FileError when it is damaged or of another version. */
export function parseRunRecord(text: string, where: string): RunRecord {
  const fault = (expected: string, got: string, cause?: unknown): FileError =>
    new FileError({ where, expected, got, cause, next: 'The file is damaged, or of another version of detrs.' })
  let value: Partial<Record<string, unknown>>
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw fault('the options of a run as JSON', text === '' ? 'an empty file' : 'other text', cause)
  }
  const check = (of: unknown, types: Readonly<Record<string, string>>, prefix: string): void => {
    for (const [name, type] of Object.entries(types)) {
      const found = (of as Partial<Record<string, unknown>> | null)?.[name]
      const right = typeof found === type && found !== null && (type !== 'number' || Number.isFinite(found))
      const article = type === 'object' ? 'an' : 'a'
      if (!right)
        throw fault(`${prefix}${name}: ${article} ${type}`, found === undefined ? 'nothing' : JSON.stringify(found))
    }
  }
  check(value, TYPES, '')
  check(value['dataset'], { train: 'number', val: 'number', classes: 'object', labels: 'string' }, 'dataset.')
  const typesOfSettings = Object.entries(EXAMPLE).map(([name, example]) => [name, typeof example])
  check(value['settings'], Object.fromEntries(typesOfSettings), 'settings.')
  if (value['weights'] !== null) check(value, { weights: 'string' }, '')
  return value as unknown as RunRecord
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
  const [old, current] = [before, now] as Partial<Record<string, unknown>>[]
  return Object.keys({ ...old, ...current })
    .filter((name) => old![name] !== current![name])
    .map((name) => `${name} is ${current![name]} from here on; it was ${old![name]}`)
}
