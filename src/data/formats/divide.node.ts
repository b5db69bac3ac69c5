/** @file Training and validation photos for a data set that does not say which are which, by the content of the files. */
import { createHash } from 'node:crypto'
import { ConfigError, DatasetError, DetrsError } from '../../tensor/index.js'
import { mapBounded } from './bounded.js'
import { type DetectionDataset, imagesWithoutSplit } from './dataset.js'
import { contentKey, readFileEnds } from './image-header.node.js'

/** A data set with validation photos. */
export interface DividedDataset {
  readonly dataset: DetectionDataset
  /** What was done, one sentence; undefined when the data set has its own validation photos. */
  readonly note: string | undefined
}

const FILES_AT_ONCE = 8

/**
 * Sees to it that a data set has training and validation photos. Where it has its own, nothing changes. Else its
 * training photos, or all photos of one without splits, are divided by a hash of their content: the same photo goes to
 * the same side on every machine, under every name and whatever other photos are there, and copies stay together.
 * @param fraction share of the photos to validate on, 0 to 1; about met, not exactly.
 * @throws DatasetError when there are no training photos, or all of them have the same content.
 * @throws ConfigError when the fraction is out of range.
 */
export async function withValidation(dataset: DetectionDataset, fraction = 0.2): Promise<DividedDataset> {
  if (!(fraction > 0 && fraction < 1)) {
    throw new ConfigError({ where: 'validation fraction', expected: 'a number between 0 and 1', got: `${fraction}` })
  }
  const { splits, images } = dataset
  if (splits.train !== undefined && splits.val !== undefined) return { dataset, note: undefined }
  const without = Object.keys(splits).length === 0
  const pool = splits.train ?? (without ? imagesWithoutSplit(dataset) : [])
  if (pool.length === 0) {
    const got = images.length === 0 ? 'no photos' : `only ${Object.keys(splits).join(' and ')}`
    throw new DatasetError({ where: dataset.folder, expected: 'photos to train on', got })
  }
  const keys = await mapBounded(pool, FILES_AT_ONCE, (i) => keyOf(images[i]!.path, images[i]!.file))
  const sorted = [...new Set(keys)].sort()
  if (sorted.length < 2) {
    const next = 'Add photos, or divide them yourself.'
    throw new DatasetError({ where: dataset.folder, expected: 'at least two different photos', got: 'one', next })
  }
  const limit = Math.floor(fraction * 2 ** 32)
  // Of very few photos all could fall on one side.
  const held = (key: string) =>
    key === sorted[0] || (key !== sorted.at(-1) && Number.parseInt(key.slice(0, 8), 16) < limit)
  const train = pool.filter((_, i) => !held(keys[i]!))
  const val = pool.filter((_, i) => held(keys[i]!))
  const what = without ? 'no splits' : 'no validation photos'
  const note =
    `${dataset.name} has ${what}: ${val.length} of ${pool.length} photos are held out for validation, ` +
    'chosen by a hash of their content.'
  return { dataset: { ...dataset, splits: { ...splits, train, val } }, note }
}

/** A photo that cannot be read is placed by its name. */
async function keyOf(path: string, file: string): Promise<string> {
  try {
    return contentKey(await readFileEnds(path))
  } catch (error) {
    if (!(error instanceof DetrsError)) throw error
    return createHash('sha256').update(file).digest('hex')
  }
}
