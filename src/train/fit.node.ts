/** @file From a folder of labelled photos to a trained detector: data set, loader, step, loop, run folder. */
import { cpus } from 'node:os'
import { join } from 'node:path'
import { readCheckpointFile } from '../checkpoint/index.node.js'
import type { DatasetImage, DetectionDataset } from '../data/formats/index.js'
import { readDataset, withValidation } from '../data/formats/index.node.js'
import { createLoader, horizontalFlip, photometric, resizeShortest, type Transform } from '../data/index.node.js'
import { createFilePreprocessor, Detector, evaluateDetector } from '../detect/index.node.js'
import { detrCriterion } from '../models/detr/criterion.js'
import { type DetectionModel, loadModel, type Network } from '../models/index.js'
import { initialWeights, parametersOf } from '../nn/index.js'
import { createNodeRuntime, type Runtime } from '../runtime/index.node.js'
import { ConfigError, type TensorData } from '../tensor/index.js'
import { checkSameDataset, fingerprintOf } from './dataset-fingerprint.js'
import { sha256 } from './digest.node.js'
import { chooseSettings, scheduleOf, type TrainingSettings } from './recipe.js'
import { RunFolder } from './run-folder.node.js'
import { changedSettings, checkSettings, differencesOf, type RunRecord } from './run-record.js'
import { layOutSlab } from './slab.js'
import type { RunPosition } from './state.js'
import { TrainingStep } from './step.js'
import { checkTrainable } from './trainable.js'
import { type BatchSource, type Metrics, type TrainerHooks, type TrainingEnd, train } from './trainer.js'

/** What to train and on what. */
export interface FitOptions {
  /** Folder (or annotation file) of the data set. */
  readonly data: string
  readonly model: DetectionModel
  /** Weight file to start from; the class head starts anew when the classes are others. */
  readonly weights?: string
  readonly overrides?: Partial<TrainingSettings>
  /** Folder that gets the run's own folder; `runs` unless said. */
  readonly out?: string
  readonly threads?: number
  /** Epochs between two evaluations. */
  readonly evaluateEvery?: number
}

/** What is told on the way. */
export interface FitEvents extends TrainerHooks {
  /** Facts and reasons, once, before the first step. */
  onPlan?(lines: readonly string[], folder: RunFolder): void
}

/** How it ended. */
export interface FitResult {
  readonly end: TrainingEnd
  readonly folder: RunFolder
  readonly position: RunPosition
  readonly metrics: Metrics | undefined
}

/**
 * Trains a detector on a data set.
 * @throws ConfigError for a frozen backbone without weights, or options that mean nothing; FileError for data that cannot
 *   be read.
 */
export async function fit(options: FitOptions, events: FitEvents = {}): Promise<FitResult> {
  const { dataset, note } = await withValidation(
    await readDataset(options.data, { missing: 'skip', segmentation: false }),
  )
  const plan = planOf(options, dataset)
  const { batchSize } = plan.settings
  const { queries } = options.model.config
  const notes = note === undefined ? [] : [note]
  notes.push(...checkTrainable(dataset, { batchSize, queries: typeof queries === 'number' ? queries : undefined }))
  const { runtime } = await createNodeRuntime(options.threads === undefined ? {} : { threads: options.threads })
  const weights = await startingWeights(options, dataset)
  const record = recordOf(options, plan, dataset, runtime)
  const folder = await RunFolder.create(options.out ?? 'runs', 'train', record)
  try {
    return await run({ options, dataset, plan, runtime, weights, record, folder, resumes: false, notes }, events)
  } finally {
    await folder.close()
  }
}

/** What a run that goes on may do otherwise than it began. */
export interface ResumeOptions {
  /** The last epoch. */
  readonly epochs?: number
  /** Threads of the engine; with another number the last bits differ. */
  readonly threads?: number
  /** Epochs between two evaluations. */
  readonly evaluateEvery?: number
}

/**
 * Goes on with an interrupted run, from its newest state that can be read; from the beginning when it ended before the
 * first was saved.
 * @throws FileError when the folder holds no run, cannot be written, or another process works on it.
 * @throws CheckpointError when no state can be read; DatasetError when the data set is not what it was.
 */
export async function resume(
  path: string,
  find: (name: string) => DetectionModel,
  changes: ResumeOptions = {},
  events: FitEvents = {},
): Promise<FitResult> {
  const { folder, record: began } = await RunFolder.open(path)
  try {
    const { data, weights: file, settings } = began
    const { threads = began.threads, evaluateEvery = began.evaluateEvery, epochs = settings.epochs } = changes
    const options: FitOptions = {
      data,
      model: find(began.model),
      threads,
      evaluateEvery,
      overrides: { ...settings, epochs },
      ...(file === null ? {} : { weights: file }),
    }
    const { dataset } = await withValidation(await readDataset(data, { missing: 'skip', segmentation: false }))
    checkSameDataset(began.dataset, fingerprintOf(dataset, sha256), data)
    checkSettings(settings, planOf({ ...options, overrides: {} }, dataset).settings, join(path, 'args.json'))
    const plan = planOf(options, dataset)
    const { runtime } = await createNodeRuntime({ threads })
    const record = recordOf(options, plan, dataset, runtime)
    const notes = differencesOf(began, record)
    const resumes = !(await folder.isAtBeginning())
    if (!resumes) notes.push('no state was saved before the run was interrupted: it begins again')
    // Whatever the run began with, the saved state has all numbers.
    const weights = resumes
      ? initialWeights(options.model.create(dataset.classNames.length), 0)
      : await startingWeights(options, dataset)
    if (Object.keys(changes).length > 0) await folder.saveRecord(record)
    return await run({ options, dataset, plan, runtime, weights, record, folder, resumes, notes }, events)
  } finally {
    await folder.close()
  }
}

function recordOf(options: FitOptions, { settings }: Plan, dataset: DetectionDataset, runtime: Runtime): RunRecord {
  const { data, model, weights = null, evaluateEvery = Math.max(1, Math.ceil(settings.epochs / 20)) } = options
  return {
    data,
    model: model.name,
    weights,
    evaluateEvery,
    threads: runtime.threads,
    engine: `onnxruntime ${runtime.version} (${runtime.name})`,
    machine: `${process.platform} ${process.arch}, ${cpus()[0]?.model.trim() ?? 'unknown processor'}`,
    config: { ...model.config },
    dataset: fingerprintOf(dataset, sha256),
    settings,
  }
}

interface Plan {
  readonly settings: TrainingSettings
  readonly reasons: readonly string[]
  readonly train: readonly number[]
  readonly val: readonly DatasetImage[]
}

function planOf({ model, weights, overrides }: FitOptions, dataset: DetectionDataset): Plan {
  const { train = [], val = [] } = dataset.splits
  const { shortest, longest } = model.input.resize
  const facts = { trainImages: train.length, pretrained: weights !== undefined, shortest, longest }
  return { ...chooseSettings(facts, overrides), train, val: val.map((index) => dataset.images[index]!) }
}

/** All that a run needs, new or gone on with. */
interface PreparedRun {
  readonly options: FitOptions
  readonly dataset: DetectionDataset
  readonly plan: Plan
  readonly runtime: Runtime
  readonly weights: ReadonlyMap<string, TensorData>
  readonly record: RunRecord
  readonly folder: RunFolder
  /** Whether to start from the folder's newest state. */
  readonly resumes: boolean
  readonly notes: readonly string[]
}

async function run(
  { options, dataset, plan, runtime, weights, record, folder, resumes, notes }: PreparedRun,
  events: FitEvents,
): Promise<FitResult> {
  const { settings, reasons, train: indices, val } = plan
  const model: DetectionModel = {
    ...options.model,
    classNames: dataset.classNames,
    input: {
      ...options.model.input,
      resize: { kind: 'pad', shortest: settings.shortest, longest: settings.longest },
    },
  }
  const network = model.create(dataset.classNames.length)
  const trained = parametersOf(network).filter(({ role, key }) => role === 'weight' && !isFrozen(key, options))
  const step = await TrainingStep.create({
    runtime,
    model,
    network,
    criterion: detrCriterion,
    trained,
    layout: layOutSlab(trained.map(({ key, shape }) => ({ key, shape, group: key.startsWith('backbone.') ? 0 : 1 }))),
    weights,
    clipNorm: settings.clipNorm,
    ema: { decay: settings.emaDecay, rampSteps: settings.emaRampSteps },
  })
  const start = {
    epoch: 0,
    batch: 0,
    step: 0,
    bestMetric: -1,
    evaluationsWithoutGain: 0,
    options: JSON.stringify(settings),
  }
  const restored = resumes ? await folder.restore(step) : undefined
  const changed = restored === undefined ? [] : changedSettings(JSON.parse(restored.position.options), settings)
  const loader = createLoader({
    dataset,
    indices,
    transforms: augmentation(settings),
    batchSize: settings.batchSize,
    seed: settings.seed,
    shuffle: true,
    dropLast: true,
  })
  const source: BatchSource = {
    batchesPerEpoch: loader.batchesPerEpoch,
    batches: async function* (epoch, from) {
      for await (const { images, photos } of loader.batches({ epoch, batch: from })) {
        const targets = photos.map(({ targets: { labels, boxes } }) => ({ labels, boxes: boxes as never }))
        yield { images: images.pixels, sizes: images.sizes, targets }
      }
    },
  }
  events.onPlan?.([...notes, ...reasons, ...changed, ...(restored?.damaged ?? [])], folder)
  const factor = scheduleOf(settings, settings.epochs * loader.batchesPerEpoch)
  const evaluate = async (): Promise<Metrics> => {
    const average = step.snapshot(step.ema?.weights)
    const loaded = { model, network, weights: average, classNames: model.classNames, report: WHOLE, notes: [] }
    const detector = await Detector.create(loaded, runtime, createFilePreprocessor())
    try {
      const evaluation = await evaluateDetector(detector, { images: val, classNames: dataset.classNames })
      return { ...evaluation.summarize() }
    } finally {
      await detector.dispose()
    }
  }
  let metrics: Metrics | undefined
  try {
    const { end, position } = await train(
      {
        step,
        source,
        epochs: settings.epochs,
        groups: (at) => [
          { learningRate: settings.backboneLearningRate * factor(at), weightDecay: settings.weightDecay },
          { learningRate: settings.learningRate * factor(at), weightDecay: settings.weightDecay },
        ],
        evaluate,
        evaluateEvery: record.evaluateEvery,
        hooks: {
          ...events,
          onModelSave: async (at, best) => {
            const average = step.snapshot(step.ema?.weights)
            await folder.saveWeights('last', model, average, model.classNames)
            if (best) await folder.saveWeights('best', model, average, model.classNames)
            // Last: what goes on from a state takes for granted that all else of it was saved.
            await folder.saveState(step, at)
            await events.onModelSave?.(at, best)
          },
          onFitEpochEnd: async (summary) => {
            await folder.addRow(summary)
            metrics = summary.metrics ?? metrics
            return events.onFitEpochEnd?.(summary)
          },
        },
      },
      restored === undefined ? start : { ...restored.position, options: start.options },
    )
    return { end, folder, position, metrics }
  } finally {
    await Promise.all([loader.close(), step.dispose()])
  }
}

const WHOLE = { layout: 'training', matched: 0, missing: [], unexpected: [], misshaped: [], left: [] } as const

/** Stem and first stage of a pretrained backbone stay as they are, as in DETR (supplement A.4). */
function isFrozen(key: string, { weights }: FitOptions): boolean {
  return weights !== undefined && /^backbone\.(conv1|layer1)\./.test(key)
}

async function startingWeights(
  { weights, model }: FitOptions,
  { classNames }: DetectionDataset,
): Promise<ReadonlyMap<string, TensorData>> {
  if (weights !== undefined) {
    const checkpoint = await readCheckpointFile(weights)
    return loadModel(checkpoint, weights, { model: { ...model, classNames }, classNames }).weights
  }
  const network = model.create(classNames.length)
  if (hasFrozenNorms(network)) {
    throw new ConfigError({
      where: model.name,
      expected: 'weights to start from',
      got: 'none, with norms that are frozen',
      next: 'Frozen norms cannot be learned: give --weights FILE, or train detr-small.',
    })
  }
  return initialWeights(network, 0)
}

function hasFrozenNorms(network: Network): boolean {
  return parametersOf(network).some(({ key, role }) => /\.bn\d\.weight$/.test(key) && role === 'buffer')
}

function augmentation({ shortest, longest }: TrainingSettings): Transform[] {
  return [photometric(), horizontalFlip(), resizeShortest({ shortest: [shortest], longest })]
}
