/** @file A checkpoint and the model that it belongs to. */
import {
  type Checkpoint,
  HUGGING_FACE_CONFIG,
  type MatchReport,
  matchStateDict,
  overlap,
  rowsInFile,
} from '../checkpoint/index.js'
import type { ResizeRule } from '../data/index.js'
import { initialWeight, parametersOf } from '../nn/index.js'
import { CheckpointError, ConfigError, type TensorData } from '../tensor/index.js'
import { findModel, models } from './catalogue.js'
import type { Sampling } from './deformable-detr/index.js'
import { readHuggingFaceConfig } from './hugging-face-config.js'
import { MetadataKey } from './metadata.js'
import type { DetectionModel, Network } from './model.js'

/** Mark of the files that a training run goes on from. */
const TRAINING_STATE = 'detrs.training_state'

/** Far above every data set. A file can claim any number of classes without holding a byte for them. */
const MAX_CLASSES = 100_000

/** A network and the weights that fill it. */
export interface LoadedModel {
  readonly model: DetectionModel
  readonly network: Network
  readonly weights: ReadonlyMap<string, TensorData>
  readonly classNames: readonly (string | null)[]
  readonly report: MatchReport
  /** What a user should be told: a guess that was made, a class head that was replaced. */
  readonly notes: readonly string[]
}

/** A file that asks for more is not believed. */
const MOST_QUERIES = 10_000

/** Pixels; a file that asks for more is not believed. */
const LONGEST_INPUT = 8192

/** What the caller knows better than the file. */
export interface LoadOptions {
  /** The model; recognised from the file unless said. */
  readonly model?: DetectionModel
  /**
   * Class names. When they are not as many as the file's class head has, all weights but the class head are kept and the
   * head is initialised anew.
   */
  readonly classNames?: readonly (string | null)[]
  /** Decoder layers that detection runs; those that the model was trained for unless said. */
  readonly decoderLayers?: number
}

/**
 * Fits a checkpoint to its model.
 * @param where the file's name, for errors and to recognise published files
 * @throws CheckpointError with one report when the weights do not fit, or when the file names a model that is not known.
 */
export function loadModel(checkpoint: Checkpoint, where: string, options: LoadOptions = {}): LoadedModel {
  const notes: string[] = []
  if (checkpoint.metadata.has(TRAINING_STATE)) {
    const next = "Use weights/last.safetensors in the run's folder."
    throw new CheckpointError({ where, expected: 'weights', got: 'the state of a training run', next })
  }
  const recognized = options.model ?? recognize(checkpoint, where, notes)
  const model = withStored(adjust(recognized, checkpoint, options), checkpoint)
  const standard = expectedOf(model.create())
  const headKey = model.classHead[0]!
  const rows = rowsInFile(headKey, standard, checkpoint.tensors, model.layouts)
  const inFile = rows === undefined ? model.classNames.length : model.classesOfHead(rows)
  if (inFile < 1 || inFile > MAX_CLASSES) {
    throw new CheckpointError({ where, expected: `a class head of 1 to ${MAX_CLASSES} classes`, got: `${inFile}` })
  }
  const classNames = options.classNames ?? namesOf(checkpoint, model, inFile)
  const network = model.create(classNames.length)
  const expected = expectedOf(network)
  const mayDiffer = classNames.length === inFile ? [] : model.classHead
  const { weights, report } = matchStateDict(expected, checkpoint.tensors, model.layouts, {
    where: `${where} as ${model.name}`,
    mayDiffer,
  })
  const complete = new Map<string, TensorData>(weights)
  const parameters = new Map(parametersOf(network).map((parameter) => [parameter.key, parameter]))
  for (const { key } of expected) {
    if (!weights.has(key)) complete.set(key, initialWeight(parameters.get(key)!, 0))
  }
  if (report.left.length > 0) {
    notes.push(
      `${where} was trained for ${inFile} classes, not ${classNames.length}: all weights are kept but the class head ` +
        `(${report.left.map(({ key }) => key).join(', ')}), which starts anew and must be trained.`,
    )
  }
  return { model, network, weights: complete, classNames, report, notes }
}

/** A network's parameters by key and shape. */
export function expectedOf(network: Network): readonly { readonly key: string; readonly shape: readonly number[] }[] {
  return parametersOf(network).map(({ key, shape }) => ({ key, shape }))
}

function recognize(checkpoint: Checkpoint, where: string, notes: string[]): DetectionModel {
  const named = checkpoint.metadata.get(MetadataKey.model)
  if (named !== undefined) return namedInside(named, where)
  const published = models.find(({ weights }) => weights !== undefined && where.endsWith(fileNameOf(weights.url)))
  if (published !== undefined) return published
  const { sampling } = readHuggingFaceConfig(checkpoint.metadata.get(HUGGING_FACE_CONFIG))
  const candidates = models.filter((model) => sampling === undefined || samplingOf(model) === sampling)
  const fits = candidates.map((model) => {
    const expected = expectedOf(model.create())
    return { model, share: overlap(expected, checkpoint.tensors, model.layouts, model.classHead) }
  })
  const best = fits.reduce((a, b) => (b.share > a.share ? b : a))
  const others = fits.filter(({ model, share }) => share === best.share && model !== best.model)
  if (best.share === 1 && others.length > 0) {
    notes.push(
      `${where} is taken for ${best.model.name}; ${others.map(({ model }) => model.name).join(', ')} ` +
        `${others.length === 1 ? 'has' : 'have'} weights of the same names and shapes: name the architecture if it is meant.`,
    )
  }
  return best.model
}

/** How a model reads points between pixels; all but those with discrete sampling interpolate. */
function samplingOf({ config }: DetectionModel): Sampling {
  return (config['decoder'] as { readonly sampling?: Sampling } | undefined)?.sampling ?? 'bilinear'
}

function namedInside(name: string, where: string): DetectionModel {
  try {
    return findModel(name)
  } catch (cause) {
    throw new CheckpointError({
      where,
      expected: 'weights of a model that is known here',
      got: `those of '${name}', as its metadata say`,
      next: 'Name the architecture, or use a newer detrs.',
      cause,
    })
  }
}

/** Last part of a URL's path. */
export function fileNameOf(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1)
}

function namesOf(checkpoint: Checkpoint, model: DetectionModel, count: number): readonly (string | null)[] {
  const stored = checkpoint.metadata.get(MetadataKey.classNames)
  const parsed: unknown = stored === undefined ? undefined : parseJson(stored)
  const valid = Array.isArray(parsed) && parsed.every((name) => name === null || typeof name === 'string')
  if (valid && parsed.length === count) return parsed
  const { classNames } = readHuggingFaceConfig(checkpoint.metadata.get(HUGGING_FACE_CONFIG))
  if (stored === undefined && classNames?.length === count) return classNames
  return count === model.classNames.length ? model.classNames : Array.from({ length: count }, (_, i) => `class ${i}`)
}

/** The model with the queries that its weights were trained with, and the decoder layers that are asked for. */
function adjust(model: DetectionModel, { metadata }: Checkpoint, { decoderLayers }: LoadOptions): DetectionModel {
  const queries = Number(metadata.get(MetadataKey.queries) ?? model.queries)
  const isOther = Number.isInteger(queries) && queries >= 1 && queries <= MOST_QUERIES && queries !== model.queries
  if (!isOther && decoderLayers === undefined) return model
  if (model.adjusted !== undefined) {
    const choices = {
      ...(isOther ? { queries } : {}),
      ...(decoderLayers === undefined ? {} : { decoderLayers }),
    }
    return { ...model, ...model.adjusted(choices) }
  }
  if (decoderLayers === undefined) return model
  const next = 'Only models whose every layer refines boxes can stop earlier.'
  throw new ConfigError({ where: model.name, expected: 'all decoder layers', got: String(decoderLayers), next })
}

/** The model with the input size and the category ids that its weights were trained for, where the file says them. */
function withStored(model: DetectionModel, { metadata }: Checkpoint): DetectionModel {
  const stored = parseJson(metadata.get(MetadataKey.input) ?? 'null') as Partial<DetectionModel['input']> | null
  const resize = storedRule(stored?.resize)
  const ids = parseJson(metadata.get(MetadataKey.categoryIds) ?? 'null')
  return {
    ...model,
    ...(resize === undefined ? {} : { input: { ...model.input, resize } }),
    ...(Array.isArray(ids) && ids.every((id) => Number.isSafeInteger(id)) ? { categoryIds: ids as number[] } : {}),
  }
}

/** A resize rule as metadata say it; undefined for anything else. */
function storedRule(stored: Partial<Record<string, unknown>> | undefined): ResizeRule | undefined {
  const [first, second] =
    stored?.['kind'] === 'stretch' ? (['height', 'width'] as const) : (['shortest', 'longest'] as const)
  const sides = [stored?.[first], stored?.[second]]
  if (!sides.every((side) => Number.isInteger(side) && Number(side) >= 1 && Number(side) <= LONGEST_INPUT))
    return undefined
  const [a, b] = sides.map(Number) as [number, number]
  return first === 'height' ? { kind: 'stretch', height: a, width: b } : { kind: 'pad', shortest: a, longest: b }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
