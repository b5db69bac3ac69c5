/** @file A detector in Node: weights from a name or a file, images from paths or bytes, the best engine of the machine. */
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type CacheEnvironment, checkpointPath, findCheckpoint, readCheckpointFile } from '../checkpoint/index.node.js'
import type { PreprocessorOptions } from '../data/index.node.js'
import {
  DEFAULT_DETECTOR,
  type DetectionModel,
  fileNameOf,
  findModel,
  type LoadedModel,
  loadModel,
  models,
} from '../models/index.js'
import { createNodeRuntime, type NodeRuntimeOptions } from '../runtime/index.node.js'
import {
  CheckpointError,
  ConfigError,
  checkOptionNames,
  checkTextList,
  describeValue,
  type OptionNames,
} from '../tensor/index.js'
import { Detector, type DetectorOptions, type ImageFile } from './detector.js'
import { createFilePreprocessor } from './image-file.node.js'
import { refuseUntrainedHead } from './trained-head.js'

/** Which weights, and what the file itself does not tell. */
export interface WeightsRequest {
  /** A model's name, when its weights are in the box or the cache, or the path of a weight file; see `namesWeightFile`. */
  readonly weights: string
  /** Name of the architecture of a weight file. */
  readonly architecture?: string | undefined
  /** Class names; another number than the file's starts a new class head, which must be trained. */
  readonly classNames?: readonly string[] | undefined
  /** Decoder layers to run: fewer are faster and find a little less. */
  readonly decoderLayers?: number | undefined
}

/** A model with its weights, and the file that they came from. */
export interface ResolvedWeights {
  readonly loaded: LoadedModel
  readonly file: string
}

/** How a detector runs in Node. */
export interface LoadDetectorOptions
  extends NodeRuntimeOptions,
    PreprocessorOptions,
    DetectorOptions,
    Omit<WeightsRequest, 'weights'> {
  /** Where the cache is; the default place of this machine unless said. */
  readonly cache?: CacheEnvironment | undefined
}

const NAMES: OptionNames<LoadDetectorOptions> = {
  architecture: true,
  classNames: true,
  decoderLayers: true,
  providers: true,
  engine: true,
  threads: true,
  spinning: true,
  workers: true,
  maxPixels: true,
  pageLimitMs: true,
  cache: true,
}

/** The cache's default place on this machine, whatever the environment says. */
export function defaultCacheEnvironment(): CacheEnvironment {
  return { env: {}, platform: process.platform, homedir: homedir() }
}

/**
 * Makes a detector from a model's name or a weight file.
 * @example
 * const detector = await loadDetector('rtdetr-page')
 * const [page] = await detector.detect(['page.jpg'], { threshold: 0.5 })
 * await detector.dispose()
 * @throws ConfigError for a name or an option that means nothing, or other class names than the weights were trained for;
 *   CheckpointError, FileError for weights that are missing or do not fit; RuntimeError when no engine works here.
 */
export async function loadDetector(weights: string, options: LoadDetectorOptions = {}): Promise<Detector<ImageFile>> {
  checkOptionNames('loadDetector', options, NAMES)
  const { cache = defaultCacheEnvironment(), providers, engine, threads, spinning, ...rest } = options
  const { workers, maxPixels, pageLimitMs, ...request } = rest
  checkTextList('classNames', request.classNames)
  const preprocessor = createFilePreprocessor({ workers, maxPixels, pageLimitMs })
  try {
    const [{ loaded }, { runtime }] = await Promise.all([
      resolveWeights({ weights, ...request }, cache),
      createNodeRuntime({ engine, threads, spinning }),
    ])
    refuseUntrainedHead(loaded, weights, request.classNames)
    return await Detector.create(loaded, runtime, preprocessor, { providers })
  } catch (error) {
    await preprocessor.close()
    throw error
  }
}

/**
 * Finds and loads what a user named.
 * @throws ConfigError for a name that means nothing; FileError, CheckpointError for weights that are missing or do not fit.
 */
export async function resolveWeights(request: WeightsRequest, cache: CacheEnvironment): Promise<ResolvedWeights> {
  const { weights, architecture, classNames, decoderLayers } = request
  if (typeof weights !== 'string' || weights === '') {
    const expected = `the name of a model, such as ${DEFAULT_DETECTOR}, or the path of a weight file`
    throw new ConfigError({ where: 'weights', expected, got: describeValue(weights) })
  }
  if (architecture !== undefined && typeof architecture !== 'string') {
    throw new ConfigError({ where: 'architecture', expected: 'the name of a model', got: describeValue(architecture) })
  }
  const isFile = namesWeightFile(weights)
  const named = architecture ?? (isFile ? undefined : weights)
  const model = named === undefined ? undefined : findModel(named)
  const file = isFile ? weights : await weightsOf(findModel(weights), cache)
  const loaded = loadModel(await readCheckpointFile(file), basename(file), {
    ...(model === undefined ? {} : { model }),
    ...(classNames === undefined ? {} : { classNames }),
    ...(decoderLayers === undefined ? {} : { decoderLayers }),
  })
  return { loaded, file }
}

/**
 * Whether a text names a weight file rather than a model. A model's name always means the model (its neighbour of the
 * same name is `./name`); of the rest, what exists or looks like a path is a file, and anything else a misspelt model.
 */
export function namesWeightFile(text: string): boolean {
  if (models.some(({ name }) => name === text)) return false
  return existsSync(text) || /[\\/]|\.(pth|pt|safetensors|bin|onnx)$/i.test(text)
}

/** The folder of the weights that come with this package, seen from the compiled file. */
const INCLUDED = new URL('../../../weights/', import.meta.url)

/** Where a model's weights lie on this machine, in the box or downloaded; undefined when they do not. */
export async function findWeights(model: DetectionModel, cache: CacheEnvironment): Promise<string | undefined> {
  if (model.included !== undefined) {
    const file = fileURLToPath(new URL(model.included, INCLUDED))
    if (existsSync(file)) return file
  }
  if (model.weights === undefined) return undefined
  const fileName = fileNameOf(model.weights.url)
  // A file in our own cache was verified when it was written.
  const own = checkpointPath(fileName, cache)
  if (existsSync(own)) return own
  return (await findCheckpoint({ fileName, sha256: model.weights.sha256 }, cache))?.path
}

async function weightsOf(model: DetectionModel, cache: CacheEnvironment): Promise<string> {
  const file = await findWeights(model, cache)
  if (file !== undefined) return file
  throw new CheckpointError({
    where: model.name,
    expected: 'its weights on this machine',
    ...missing(model),
  })
}

function missing({ name, weights, included }: DetectionModel): { got: string; next: string } {
  if (included !== undefined)
    return { got: `no weights/${included} in it`, next: 'Install detrs again, or name another --model.' }
  if (weights !== undefined) return { got: 'none in the cache', next: `Download them with: detrs pull ${name}` }
  return { got: 'an architecture without published weights', next: `Train it: detrs train --model ${name}` }
}
