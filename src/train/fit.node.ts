/** @file From a folder of labelled photos to a trained detector: data set, loader, step, loop, run folder. */
import { cpus } from 'node:os'
import { join } from 'node:path'
import { readCheckpointFile } from '../checkpoint/index.node.js'
import type { DetectionDataset } from '../data/formats/index.js'
import { readDataset, withValidation } from '../data/formats/index.node.js'
import { createLoader } from '../data/index.node.js'
import { createFilePreprocessor, Detector, evaluateDetector } from '../detect/index.node.js'
import type { Parameter } from '../graph/index.js'
import { type DetectionModel, loadModel, type Network, withClasses } from '../models/index.js'
import { initialWeights, parametersOf } from '../nn/index.js'
import { createNodeRuntime, type Runtime } from '../runtime/index.node.js'
import { ConfigError, type TensorData } from '../tensor/index.js'
import { checkSameDataset, fingerprintOf } from './dataset-fingerprint.js'
import { sha256 } from './digest.node.js'
import { trainingFamilies } from './families.js'
import { learnedOf } from './learned.js'
import { type Plan, type PlanOptions, planOf, withinMemory, withQueries } from './plan.node.js'
import { scheduleOf, type TrainingSettings } from './recipe.js'
import { RunFolder } from './run-folder.node.js'
import { RunPictures } from './run-pictures.node.js'
import { changedSettings, checkSettings, differencesOf, type RunRecord } from './run-record.js'
import { layOutSlab } from './slab.js'
import type { RunPosition } from './state.js'
import { type TrainingBatch, TrainingStep } from './step.js'
import { checkTrainable } from './trainable.js'
import { type BatchSource, type Metrics, type TrainerHooks, type TrainingEnd, train } from './trainer.js'

/** What to train and on what. */
export interface FitOptions extends PlanOptions {
  /** Folder (or annotation file) of the data set. */
  readonly data: string
  /** Folder that gets the run's own folder; `runs` unless said. */
  readonly out?: string | undefined
  readonly threads?: number | undefined
  /** Epochs between two evaluations. */
  readonly evaluateEvery?: number | undefined
}

/** What is told on the way. */
export interface FitEvents extends TrainerHooks {
  /** Facts and reasons, once, before the first step. */
  onPlan?(lines: readonly string[], folder: RunFolder): void
  /** A sentence about something that could not be drawn or written for people; training goes on. */
  onWarning?(line: string): void
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
  const plan = withinMemory(options, dataset, planOf(options, dataset))
  const { batchSize, accumulate, queries } = plan.settings
  const notes = note === undefined ? [] : [note]
  notes.push(...checkTrainable(dataset, { batchSize: batchSize * accumulate, queries }))
  const { runtime } = await createNodeRuntime(options.threads === undefined ? {} : { threads: options.threads })
  const weights = await startingWeights(options, dataset, plan.settings, notes)
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
  readonly epochs?: number | undefined
  /** Threads of the engine; with another number the last bits differ. */
  readonly threads?: number | undefined
  /** Epochs between two evaluations. */
  readonly evaluateEvery?: number | undefined
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
    const done = await folder.epochsDone()
    if (epochs < done) {
      const next = 'Its weights after each evaluation are not kept: weights/best and weights/last are what there is.'
      throw new ConfigError({
        where: `epochs of ${path}`,
        expected: `at least the ${done} that are done`,
        got: String(epochs),
        next,
      })
    }
    const { dataset } = await withValidation(await readDataset(data, { missing: 'skip', segmentation: false }))
    checkSameDataset(began.dataset, fingerprintOf(dataset, sha256), data)
    checkSettings(settings, planOf({ ...options, overrides: {} }, dataset).settings, join(path, 'args.json'))
    // Every setting is given here, which does not make it asked for: the reasons are those of the beginning.
    const plan = { ...planOf(options, dataset), reasons: (began.reasons ?? []).map(String) }
    const { runtime } = await createNodeRuntime({ threads })
    const record = recordOf(options, plan, dataset, runtime)
    const notes = differencesOf(began, record)
    if (epochs > settings.epochs && done > 0) {
      notes.push(
        'the plan is longer now: where the learning rate had fallen and photos were no longer distorted, both return',
      )
    }
    const resumes = !(await folder.isAtBeginning())
    if (!resumes) notes.push('no state was saved before the run was interrupted: it begins again')
    // Whatever the run began with, the saved state has all numbers.
    const weights = resumes
      ? initialWeights(options.model.create(dataset.classNames.length), 0)
      : await startingWeights(options, dataset, plan.settings, notes)
    if (Object.keys(changes).length > 0) await folder.saveRecord(record)
    return await run({ options, dataset, plan, runtime, weights, record, folder, resumes, notes }, events)
  } finally {
    await folder.close()
  }
}

function recordOf(
  options: FitOptions,
  { settings, reasons }: Plan,
  dataset: DetectionDataset,
  runtime: Runtime,
): RunRecord {
  const { data, model, weights = null, evaluateEvery = Math.max(1, Math.ceil(settings.epochs / 20)) } = options
  return {
    data,
    model: model.name,
    weights,
    evaluateEvery,
    threads: runtime.threads,
    engine: `onnxruntime ${runtime.version} (${runtime.name})`,
    machine: `${process.platform} ${process.arch}, ${cpus()[0]?.model.trim() ?? 'unknown processor'}`,
    config: { ...withQueries(model, settings.queries).config },
    dataset: fingerprintOf(dataset, sha256),
    settings,
    reasons,
  }
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
  const { criterion, augmentation, decays } = trainingFamilies[options.model.family]
  const { settings, reasons, train: indices, val } = plan
  const model: DetectionModel = {
    ...withQueries(options.model, settings.queries),
    classNames: dataset.classNames,
    categoryIds: dataset.categoryIds,
    input: { ...options.model.input, resize: settings.resize },
  }
  const network = model.create(dataset.classNames.length)
  const trained = learnedOf(network, settings.freeze)
  // Four groups: backbone and rest, each with and without weight decay.
  const groupOf = (parameter: Parameter): number =>
    (parameter.key.startsWith('backbone.') ? 0 : 2) + (decays(parameter) ? 0 : 1)
  const step = await TrainingStep.create({
    runtime,
    model,
    network,
    criterion,
    trained,
    layout: layOutSlab(trained.map((one) => ({ key: one.key, shape: one.shape, group: groupOf(one) }))),
    weights,
    clipNorm: settings.clipNorm,
    seed: settings.seed,
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
  const pictures = await RunPictures.open({
    folder: folder.path,
    title: `${model.name} on ${dataset.name}`,
    runtime,
    classNames: dataset.classNames,
    photos: val,
    reasons,
    options: { evaluateEvery: record.evaluateEvery },
    epoch: restored?.position.epoch ?? 0,
    warn: (line) => events.onWarning?.(line),
  })
  const loader = createLoader({
    dataset,
    indices,
    transforms: (epoch) => augmentation(settings, epoch >= settings.plainFrom * settings.epochs),
    batchSize: settings.batchSize,
    seed: settings.seed,
    shuffle: true,
    dropLast: true,
    ground: model.input.ground,
  })
  const { accumulate } = settings
  const source: BatchSource = {
    batchesPerEpoch: Math.floor(loader.batchesPerEpoch / accumulate),
    batches: async function* (epoch, from) {
      let parts: TrainingBatch[] = []
      for await (const { images, photos, position } of loader.batches({ epoch, batch: from * accumulate })) {
        const targets = photos.map(({ targets: { labels, boxes } }) => ({ labels, boxes: boxes as never }))
        const batch = { images: images.pixels, sizes: images.sizes, targets }
        await pictures.batch(position, batch)
        parts.push(batch)
        if (parts.length < accumulate) continue
        yield parts
        parts = []
      }
    },
  }
  // What a run goes on with was chosen when it began.
  events.onPlan?.([...notes, ...(resumes ? [] : reasons), ...changed, ...(restored?.damaged ?? [])], folder)
  const factor = scheduleOf(settings, settings.epochs * source.batchesPerEpoch)
  const evaluate = async (): Promise<Metrics> => {
    const average = step.averagedSnapshot()
    const loaded = { model, network, weights: average, classNames: model.classNames, report: WHOLE, notes: [] }
    const detector = await Detector.create(loaded, runtime, createFilePreprocessor())
    try {
      const evaluation = await evaluateDetector(detector, { images: val, classNames: dataset.classNames })
      pictures.evaluated(evaluation)
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
        groups: (at) =>
          [settings.backboneLearningRate, settings.learningRate].flatMap((rate) =>
            [settings.weightDecay, 0].map((weightDecay) => ({ learningRate: rate * factor(at), weightDecay })),
          ),
        evaluate,
        evaluateEvery: record.evaluateEvery,
        ...(settings.patience === 0 ? {} : { patience: settings.patience }),
        hooks: {
          ...events,
          onModelSave: async (at, best) => {
            const average = step.averagedSnapshot()
            await folder.saveWeights('last', model, average, model.classNames)
            if (best) await folder.saveWeights('best', model, average, model.classNames)
            await pictures.saved(best)
            // Last: what goes on from a state takes for granted that all else of it was saved.
            await folder.saveState(step, at)
            await events.onModelSave?.(at, best)
          },
          onFitEpochEnd: async (summary) => {
            await folder.addRow(summary)
            await pictures.epochEnd(summary)
            metrics = summary.metrics ?? metrics
            return events.onFitEpochEnd?.(summary)
          },
        },
      },
      restored === undefined ? start : { ...restored.position, options: start.options },
    )
    await pictures.finish()
    return { end, folder, position, metrics }
  } finally {
    await Promise.all([loader.close(), step.dispose()])
  }
}

const WHOLE = { layout: 'training', matched: 0, missing: [], unexpected: [], misshaped: [], left: [] } as const

async function startingWeights(
  { weights, model }: FitOptions,
  { classNames }: DetectionDataset,
  { seed }: TrainingSettings,
  notes: string[],
): Promise<ReadonlyMap<string, TensorData>> {
  if (weights !== undefined) {
    const checkpoint = await readCheckpointFile(weights)
    const loaded = withClasses(loadModel(checkpoint, weights, { model }), classNames, weights, seed)
    notes.push(...loaded.notes)
    return loaded.weights
  }
  const network = model.create(classNames.length)
  if (hasFrozenNorms(network)) {
    throw new ConfigError({
      where: model.name,
      expected: 'weights to start from',
      got: 'none, with norms that are frozen',
      next: 'Frozen norms cannot be learned: give --weights FILE, or train rtdetr-small.',
    })
  }
  return initialWeights(network, seed)
}

function hasFrozenNorms(network: Network): boolean {
  return parametersOf(network).some(({ key, role }) => /\.(bn\d?|norm)\.weight$/.test(key) && role === 'buffer')
}
