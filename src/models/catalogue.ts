/** @file The one table of names: every model that can be named. */
import { ConfigError, nearestNames } from '../tensor/index.js'
import { detrModels } from './detr/index.js'
import type { DetectionModel } from './model.js'
import { rtdetrModels } from './rtdetr/index.js'

/** Every model that can be named. */
export const models: readonly DetectionModel[] = [...detrModels, ...rtdetrModels]

/** What detects where no model is named: its weights come with the package. */
export const DEFAULT_DETECTOR = 'rtdetr-page'

/**
 * The model of a name.
 * @throws ConfigError naming the nearest ones when there is none.
 */
export function findModel(name: string): DetectionModel {
  const model = models.find((candidate) => candidate.name === name)
  if (model !== undefined) return model
  const names = models.map((candidate) => candidate.name)
  const nearest = nearestNames(name, names)
  throw new ConfigError({
    where: 'model',
    expected: 'the name of a model or a weight file',
    got: `'${name}'`,
    next: nearest.length > 0 ? `Did you mean ${nearest.join(' or ')}?` : `Names: ${names.join(', ')}.`,
  })
}
