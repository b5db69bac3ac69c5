/** @file What a run remembers of its data set, so that it never goes on with another one unnoticed. */
import { type DetectionDataset, SPLIT_NAMES } from '../data/formats/index.js'
import { DatasetError } from '../tensor/index.js'
import type { Digest } from './state.js'

/** A data set in short. */
export interface DatasetFingerprint {
  /** Photos to train on. */
  readonly train: number
  /** Photos to validate on. */
  readonly val: number
  readonly classes: readonly string[]
  /** Digest of the photos' names, sizes and objects in their order, and of the splits; pixels are not part of it. */
  readonly labels: string
}

/** The fingerprint of a data set that has training and validation photos. */
export function fingerprintOf({ classNames, images, splits }: DetectionDataset, digest: Digest): DatasetFingerprint {
  const photos = images.map(({ file, width, height, objects }) => [
    file,
    width ?? null,
    height ?? null,
    objects.map(({ label, box, crowd }) => [label, ...box, crowd === true]),
  ])
  const said = JSON.stringify([photos, SPLIT_NAMES.map((name) => splits[name] ?? null)])
  return {
    train: splits.train?.length ?? 0,
    val: splits.val?.length ?? 0,
    classes: classNames,
    labels: digest([new TextEncoder().encode(said)]),
  }
}

/**
 * Compares the data set with what it was when the run began.
 * @param where the data set, for the error
 * @throws DatasetError that says what differs.
 */
export function checkSameDataset(began: DatasetFingerprint, now: DatasetFingerprint, where: string): void {
  const got = differenceOf(began, now)
  if (got === undefined) return
  throw new DatasetError({
    where,
    expected: 'the data set that the run began with',
    got,
    next: 'Restore it, or begin a new run with weights/last.safetensors of this one as --weights.',
  })
}

function differenceOf(began: DatasetFingerprint, now: DatasetFingerprint): string | undefined {
  if (now.classes.join('\n') !== began.classes.join('\n')) {
    return `the classes ${now.classes.join(', ')} in place of ${began.classes.join(', ')}`
  }
  if (now.train !== began.train) return `${now.train} photos to train on in place of ${began.train}`
  if (now.val !== began.val) return `${now.val} photos to validate on in place of ${began.val}`
  return now.labels === began.labels ? undefined : 'other labels or names of photos'
}
