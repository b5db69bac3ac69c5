/** @file From a folder to a data set in memory: recognised, read, measured, checked. */
import { basename, resolve } from 'node:path'
import { ConfigError, DatasetError, DetrsError } from '../../tensor/index.js'
import { mapFindingProblems } from './bounded.js'
import type { DatasetImage, DetectionDataset, SplitName } from './dataset.js'
import { SPLIT_NAMES } from './dataset.js'
import { readImageHeader } from './image-header.node.js'
import { checkLabels } from './label-problems.js'
import { withMergedClasses } from './merge-classes.js'
import { placeObjects } from './place-objects.js'
import { ProblemList } from './problems.js'
import type { RawDataset, RawImage } from './raw.js'
import { openDataset, type RecognizeOptions } from './recognize.node.js'

/** Options of `readDataset`. */
export interface ReadDatasetOptions extends RecognizeOptions {
  /** Folders to look for the photos in; found by looking where left out. */
  readonly images?: readonly string[]
  /** The classes that labels are to count, for instance a trained model's; objects of others are dropped and counted. */
  readonly classNames?: readonly string[]
  /** What to do about photos without a file: keep them marked (the default), leave them out, or throw. */
  readonly missing?: 'keep' | 'skip' | 'fail'
  /** False to leave masks out, which take most of the memory of a COCO set. */
  readonly segmentation?: boolean
}

/** Photos whose header is read at a time. */
const HEADERS_AT_ONCE = 8

/**
 * Reads a detection data set: COCO, Pascal VOC, YOLO or CSV, recognised by looking. Splits are those that the data set
 * has (see `withValidation` for one that has none). Nothing is ever written.
 *
 * Boxes that cannot be used are dropped and such that leave their photo are clamped; all of it is counted in `problems`.
 * @param path the data set's folder, or its one annotation file (.json, .yaml, .data, .csv).
 * @throws DatasetError when there is no data set, several are there, or its annotations are none.
 * @throws FileError when a file cannot be read.
 * @throws ConfigError when an option means nothing.
 */
export async function readDataset(path: string, options: ReadDatasetOptions = {}): Promise<DetectionDataset> {
  const problems = new ProblemList()
  const { format, folder, read } = await openDataset(path, options, problems)
  const imagesIn = options.images?.map((name) => resolve(name))
  if (imagesIn?.length === 0) throw new ConfigError({ where: 'images', expected: 'at least one folder', got: 'none' })
  const all = withMergedClasses(await read(imagesIn), problems)
  const raw = options.classNames === undefined ? all : withClasses(all, options.classNames, problems)
  const present = presentImages(raw, options.missing ?? 'keep')
  const images = await mapFindingProblems(
    present,
    HEADERS_AT_ONCE,
    problems,
    async (image, own): Promise<DatasetImage> => {
      return datasetImage(await withSize(image, own), options.segmentation ?? true, own)
    },
  )
  const splits = splitsOf(present)
  const { classNames, categoryIds, annotationFiles, unread = [] } = raw
  checkLabels({ classNames, images, splits }, problems)
  return {
    name: basename(folder),
    format,
    folder,
    annotationFiles,
    classNames,
    categoryIds,
    images,
    splits,
    ...(unread.length === 0 ? {} : { unread }),
    problems: problems.list(),
  }
}

function presentImages({ images }: RawDataset, policy: 'keep' | 'skip' | 'fail'): readonly RawImage[] {
  if (policy === 'keep') return images
  const missing = images.filter((image) => image.missing)
  if (policy === 'fail' && missing.length > 0) {
    throw new DatasetError({
      where: missing[0]!.annotationFile,
      expected: `the files of all ${images.length} photos`,
      got: `${missing.length} that are not there, such as ${missing[0]!.path}`,
      next: 'detrs data check lists them.',
    })
  }
  return images.filter((image) => !image.missing)
}

/** The size that the data set states, or else the file's own. */
async function withSize(image: RawImage, problems: ProblemList): Promise<RawImage> {
  const known = image.width !== undefined && image.height !== undefined
  if (known || image.missing) return image
  try {
    const { width, height } = await readImageHeader(image.path, image.file)
    return { ...image, width, height }
  } catch (error) {
    if (!(error instanceof DetrsError)) throw error
    problems.add('image-unreadable', error.message)
    return { ...image, width: undefined, height: undefined }
  }
}

function datasetImage(image: RawImage, withMasks: boolean, problems: ProblemList): DatasetImage {
  const { id, file, path, width, height } = image
  const objects = placeObjects(image, problems)
  return {
    id,
    file,
    path,
    ...(image.missing ? { missing: true } : {}),
    ...(width === undefined || height === undefined ? {} : { width, height }),
    objects: withMasks ? objects : objects.map(({ segmentation: _, ...object }) => object),
  }
}

function splitsOf(images: readonly RawImage[]): DetectionDataset['splits'] {
  const splits: Partial<Record<SplitName, number[]>> = {}
  for (const name of SPLIT_NAMES) {
    const positions = images.flatMap((image, i) => (image.splits.includes(name) ? [i] : []))
    if (positions.length > 0) splits[name] = positions
  }
  return splits
}

/** The data set with labels that count in a given list of classes. Classes that it lacks get ids above its own. */
function withClasses(raw: RawDataset, classNames: readonly string[], problems: ProblemList): RawDataset {
  const wanted = new Map(classNames.map((name, label) => [name, label]))
  const newLabels = raw.classNames.map((name) => wanted.get(name))
  const images = raw.images.map((image) => ({
    ...image,
    objects: image.objects.flatMap((object) => {
      const label = newLabels[object.label]
      if (label !== undefined) return [{ ...object, label }]
      problems.add('class-unknown', () => `${image.annotationFile}: ${object.place}: '${raw.classNames[object.label]}'`)
      return []
    }),
  }))
  let next = Math.max(...raw.categoryIds) + 1
  const categoryIds = classNames.map((name) => raw.categoryIds[raw.classNames.indexOf(name)] ?? next++)
  return { ...raw, classNames, categoryIds, images }
}
