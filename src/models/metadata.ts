/** @file What a file of weights says of itself: enough to detect with it and nothing else. */
import { COCO_CLASSES, COCO_SPARSE_CLASSES } from './coco-classes.js'
import type { DetectionModel } from './model.js'

/** Keys of the metadata that `detrs convert` and `detrs train` write. */
export const MetadataKey = {
  model: 'detrs.model',
  config: 'detrs.config',
  classNames: 'detrs.class_names',
  categoryIds: 'detrs.category_ids',
  input: 'detrs.input',
  queries: 'detrs.queries',
  source: 'detrs.source',
  sourceSha256: 'detrs.source_sha256',
  licence: 'detrs.licence',
  version: 'detrs.format_version',
} as const

/** The entries that every file of weights has. */
export function modelMetadata(model: DetectionModel, classNames: readonly (string | null)[]): [string, string][] {
  return [
    [MetadataKey.version, '1'],
    [MetadataKey.model, model.name],
    [MetadataKey.config, JSON.stringify({ ...model.config, classes: classNames.length })],
    [MetadataKey.classNames, JSON.stringify(classNames)],
    [MetadataKey.categoryIds, JSON.stringify(categoryIdsOf(model, classNames))],
    [MetadataKey.input, JSON.stringify(model.input)],
    [MetadataKey.queries, String(model.queries)],
  ]
}

/**
 * The id of each label in COCO's files: what the model's data set had; COCO's own for its 80 classes and for labels that are its ids
 * already; else counted from 1, as COCO's files usually are.
 */
export function categoryIdsOf(
  { categoryIds }: Pick<DetectionModel, 'categoryIds'>,
  classNames: readonly (string | null)[],
): readonly number[] {
  if (categoryIds?.length === classNames.length) return categoryIds
  if (sameNames(classNames, COCO_SPARSE_CLASSES)) return classNames.map((_, label) => label)
  if (sameNames(classNames, COCO_CLASSES)) return classNames.map((name) => COCO_SPARSE_CLASSES.indexOf(name))
  return classNames.map((_, label) => label + 1)
}

const sameNames = (a: readonly (string | null)[], b: readonly (string | null)[]): boolean =>
  a.length === b.length && a.every((name, label) => name === b[label])
