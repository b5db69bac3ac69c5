/** @file What a training run will do: the recipe's choice for a data set, what was asked for, and what memory allows. */
import { freemem } from 'node:os'
import type { DatasetImage, DetectionDataset } from '../data/formats/index.js'
import { datasetStatistics } from '../data/formats/index.node.js'
import type { DetectionModel } from '../models/index.js'
import { ConfigError } from '../tensor/index.js'
import { INPUT_STRIDE, trainingFamilies, withShorterSide } from './families.js'
import { learnedOf } from './learned.js'
import { chooseSettings, type SettingOverrides, type TrainingSettings } from './recipe.js'
import { fittingBatch, stepMemory } from './step-memory.js'

/** What of a run's options decides about its plan. */
export interface PlanOptions {
  readonly model: DetectionModel
  /** Weight file to start from; of its class head, rows of classes that this data set does not have give way to new ones. */
  readonly weights?: string | undefined
  readonly overrides?: SettingOverrides | undefined
  /** Shorter side of the photos, pixels, in the proportions that would be chosen anyway; `overrides.resize` gives both sides. */
  readonly shorterSide?: number | undefined
}

/** How a data set is trained on, and why so. */
export interface Plan {
  readonly settings: TrainingSettings
  readonly reasons: readonly string[]
  readonly train: readonly number[]
  readonly val: readonly DatasetImage[]
}

/** The plan that follows from the data set and what was asked for. */
export function planOf({ model, weights, overrides, shorterSide }: PlanOptions, dataset: DetectionDataset): Plan {
  const { train = [], val = [] } = dataset.splits
  const { splits, imageAspect, relativeSize } = datasetStatistics(dataset)
  const { resize } = model.input
  const ownAspect = resize.kind === 'stretch' ? resize.width / resize.height : 1
  const aspect = weights === undefined ? (imageAspect?.median ?? 1) : ownAspect
  const asked = shorterSide === undefined ? overrides?.resize : withShorterSide(resize, aspect, shorterSide)
  const facts = {
    trainImages: train.length,
    pretrained: weights !== undefined,
    resize,
    askedResize: asked,
    queries: model.queries,
    wholeImages: model.wholeImages ?? false,
    mostObjects: Math.max(0, ...splits.map(({ most }) => most?.count ?? 0)),
    imageAspect: imageAspect?.median ?? 1,
    smallestObject: relativeSize?.low ?? 1,
  }
  const { recipe } = trainingFamilies[model.family]
  const { settings, reasons } = chooseSettings(recipe, facts, { ...overrides, resize: asked })
  const rounded = shorterSide !== undefined && asked?.kind === 'stretch' && shorterSide % INPUT_STRIDE !== 0
  const told = rounded ? [...reasons, `sides are multiples of ${INPUT_STRIDE}: ${shorterSide} was asked for`] : reasons
  return { settings, reasons: told, train, val: val.map((index) => dataset.images[index]!) }
}

/** The plan with a batch in parts where the whole does not fit into memory, unless the batch was asked for. */
export function withinMemory(options: PlanOptions, dataset: DetectionDataset, plan: Plan): Plan {
  if (options.overrides?.batchSize !== undefined || options.overrides?.accumulate !== undefined) return plan
  const { resize, batchSize: wanted, queries } = plan.settings
  const model = withQueries(options.model, queries)
  const network = model.create(dataset.classNames.length)
  const trained = learnedOf(network, plan.settings.freeze)
  const size = resize.kind === 'stretch' ? resize : { height: resize.shortest, width: resize.longest }
  const { criterion } = trainingFamilies[model.family]
  const memory = stepMemory({ ...model, classNames: dataset.classNames }, network, criterion, trained, size)
  const { reason, ...fitting } = fittingBatch(wanted, memory, availableMemory())
  if (reason === undefined) return plan
  const fitted = planOf({ ...options, overrides: { ...options.overrides, ...fitting } }, dataset)
  return { ...fitted, reasons: [...fitted.reasons, reason] }
}

/** Bytes that this process may still take: within its container, where the platform tells. */
function availableMemory(): number {
  const { availableMemory: ofContainer } = process as { availableMemory?: () => number }
  return ofContainer?.() ?? freemem()
}

/** The model with so many queries. @throws ConfigError where its queries are weights of their own. */
export function withQueries(model: DetectionModel, queries: number): DetectionModel {
  if (queries === model.queries) return model
  if (model.adjusted !== undefined) return { ...model, ...model.adjusted({ queries }) }
  const next = 'Its queries are weights of their own.'
  throw new ConfigError({ where: model.name, expected: `${model.queries} queries`, got: String(queries), next })
}
