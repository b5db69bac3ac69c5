/** @file A data set to a new folder, in any of the formats. */
import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { access, copyFile, link, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { basename, dirname, extname, join, resolve } from 'node:path'
import {
  ConfigError,
  DetrsError,
  describeReadFault,
  describeWriteFault,
  FileError,
  makeFolder,
} from '../../tensor/index.node.js'
import { mapBounded } from './bounded.js'
import {
  DATASET_FORMATS,
  type DatasetFormat,
  type DatasetImage,
  type DetectionDataset,
  imagesWithoutSplit,
  SPLIT_NAMES,
  type SplitName,
} from './dataset.js'
import { isWithin } from './folders.node.js'
import { cocoText, type NamedImage } from './write-coco.js'
import { classesText, csvText } from './write-csv.js'
import { formatLosses } from './write-losses.js'
import { isWrittenToVoc, vocClassNames, vocText } from './write-voc.js'
import { dataYaml, yoloText } from './write-yolo.js'

/** Options of `writeDataset`. */
export interface WriteDatasetOptions {
  readonly format: DatasetFormat
  /** Hard links in place of copies of the photos, where the file system can. */
  readonly link?: boolean
  /** Told after every photo. */
  readonly onProgress?: (done: number, total: number) => void
}

/** What was written. */
export interface WrittenDataset {
  readonly folder: string
  readonly images: number
  readonly objects: number
  /** What the format cannot hold, or what could not be written: a sentence each. */
  readonly losses: readonly string[]
}

/** Photos that go into one split of the new data set. */
interface Part {
  readonly split: SplitName | undefined
  readonly images: readonly DatasetImage[]
}

/** A photo and where it goes, relative to the new folder. */
interface Copy {
  readonly from: string
  readonly to: string
}

const FILES_AT_ONCE = 8

/**
 * Writes a data set and copies its photos; what is there is never changed. The folder appears whole or not at all.
 *
 * COCO: `annotations/instances_<split>.json` and a folder of photos a split. Pascal VOC: `Annotations`, `JPEGImages`,
 * `ImageSets/Main`. YOLO: `data.yaml`, `images/<split>`, `labels/<split>`. CSV: `<split>.csv` and `images`. Boxes come
 * back to the last digit when the result is read again; what a format cannot hold is told in `losses`.
 * @param folder new, or empty; not inside the data set.
 * @throws FileError when the folder cannot be written, holds something, or lies in the data set, or a photo cannot be read.
 * @throws ConfigError when the format is not known.
 */
export async function writeDataset(
  dataset: DetectionDataset,
  folder: string,
  options: WriteDatasetOptions,
): Promise<WrittenDataset> {
  const { format } = options
  if (!DATASET_FORMATS.includes(format)) {
    throw new ConfigError({ where: 'format', expected: DATASET_FORMATS.join(', '), got: `'${format}'` })
  }
  await checkTarget(dataset, folder)
  const losses = formatLosses(dataset, format)
  const parts = partsOf(dataset, format, losses)
  const target = join(dirname(resolve(folder)), `.detrs-${randomUUID()}.part`)
  try {
    await makeFolder(target)
    const { copies, images } = await writeLabels(dataset, parts, target, format)
    await copyPhotos(copies, target, options)
    await rmdir(folder).catch(() => undefined)
    await rename(target, folder)
    return { folder, images: images.length, objects: countObjects(images, format), losses }
  } catch (cause) {
    await rm(target, { recursive: true, force: true })
    if (cause instanceof DetrsError) throw cause
    throw new FileError({
      where: folder,
      expected: 'a folder that can be written',
      got: describeWriteFault(cause),
      cause,
    })
  }
}

async function checkTarget({ folder: own }: DetectionDataset, folder: string): Promise<void> {
  if (isWithin(own, resolve(folder))) {
    const next = 'Choose a folder outside: what is there is never changed.'
    throw new FileError({ where: folder, expected: 'a folder outside the data set', got: `one in ${own}`, next })
  }
  const present = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw new FileError({
      where: folder,
      expected: 'a new or empty folder',
      got: describeReadFault(error),
      cause: error,
    })
  })
  if (present.length > 0) {
    throw new FileError({ where: folder, expected: 'a new or empty folder', got: `one with ${present.length} entries` })
  }
}

/** The photos of each split. Photos without a file, or whose size YOLO would need and nobody knows, are left out. */
function partsOf(dataset: DetectionDataset, format: DatasetFormat, losses: string[]): Part[] {
  const { images, splits } = dataset
  const usable = (positions: readonly number[]) =>
    positions
      .map((i) => images[i]!)
      .filter(({ missing, width }) => missing !== true && (format !== 'yolo' || width !== undefined))
  const parts: Part[] = SPLIT_NAMES.flatMap((split) => {
    const positions = splits[split]
    return positions === undefined ? [] : [{ split, images: usable(positions) }]
  })
  const rest = imagesWithoutSplit(dataset)
  if (parts.length === 0) {
    if (format === 'yolo') losses.push('The data set has no splits: all photos are written as train.')
    parts.push({ split: format === 'yolo' ? 'train' : undefined, images: usable(rest) })
  } else if (rest.length > 0 && format === 'voc') parts.push({ split: undefined, images: usable(rest) })
  else if (rest.length > 0) losses.push(`${rest.length} photos that are in no split are left out.`)
  const unusable = images.filter(({ missing, width }) => missing === true || (format === 'yolo' && width === undefined))
  if (unusable.length > 0) losses.push(`${unusable.length} photos without a readable file are left out.`)
  return parts
}

async function writeLabels(
  dataset: DetectionDataset,
  parts: readonly Part[],
  target: string,
  format: DatasetFormat,
): Promise<{ copies: Copy[]; images: readonly DatasetImage[] }> {
  const write = async (name: string, content: string | Iterable<string>): Promise<void> => {
    const path = join(target, name)
    await makeFolder(dirname(path))
    await writeFile(path, content)
  }
  const { classNames, categoryIds } = dataset
  const images = parts.flatMap((part) => part.images)
  switch (format) {
    case 'coco': {
      const ids = { image: 0, annotation: 0 }
      const copies: Copy[] = []
      for (const { split, images: some } of parts) {
        const named = withNames(some, basename)
        const suffix = split === undefined ? '' : `_${split}`
        await write(`annotations/instances${suffix}.json`, cocoText(dataset, named, ids))
        copies.push(...named.map(({ image, name }) => ({ from: image.path, to: join(split ?? 'images', name) })))
      }
      return { copies, images }
    }
    case 'yolo': {
      const copies: Copy[] = []
      for (const { split, images: some } of parts) {
        for (const { image, name } of withNames(some, stem)) {
          copies.push({ from: image.path, to: join('images', split!, name) })
          await write(join('labels', split!, `${stem(name)}.txt`), yoloText(image))
        }
      }
      await write(
        'data.yaml',
        dataYaml(
          classNames,
          parts.map(({ split }) => split!),
        ),
      )
      return { copies, images }
    }
    case 'voc': {
      // A photo of two splits is one file.
      const named = withNames([...new Set(images)], stem)
      const names = vocClassNames(classNames)
      for (const entry of named) await write(join('Annotations', `${stem(entry.name)}.xml`), vocText(entry, names))
      const stems = new Map(named.map(({ image, name }) => [image, stem(name)]))
      for (const { split, images: some } of parts) {
        const list = some.map((image) => `${stems.get(image)}\n`).join('')
        if (split !== undefined) await write(join('ImageSets', 'Main', `${split}.txt`), list)
      }
      await write('classes.txt', names.map((name) => `${name}\n`).join(''))
      return {
        copies: named.map(({ image, name }) => ({ from: image.path, to: join('JPEGImages', name) })),
        images: named.map(({ image }) => image),
      }
    }
    case 'csv': {
      const names = new Map(withNames([...new Set(images)], basename).map(({ image, name }) => [image, name]))
      for (const { split, images: some } of parts) {
        const named = some.map((image) => ({ image, name: `images/${names.get(image)}` }))
        await write(`${split ?? 'labels'}.csv`, csvText(named, classNames))
      }
      await write('classes.csv', classesText(classNames, categoryIds))
      return { copies: [...names].map(([image, name]) => ({ from: image.path, to: join('images', name) })), images }
    }
  }
}

/**
 * A file name for each photo of one folder: its own, numbered where two photos would share one.
 * @param key what has to differ: the whole name, or, where label files are named after it, the name without extension.
 */
function withNames(images: readonly DatasetImage[], key: (name: string) => string): NamedImage[] {
  const taken = new Set<string>()
  return images.map((image) => {
    const own = basename(image.path)
    let name = own
    // Case makes no difference to some file systems.
    for (let n = 2; taken.has(key(name).toLowerCase()); n++) name = `${stem(own)}-${n}${extname(own)}`
    taken.add(key(name).toLowerCase())
    return { image, name }
  })
}

function stem(name: string): string {
  return basename(name, extname(name))
}

async function copyPhotos(copies: readonly Copy[], target: string, options: WriteDatasetOptions): Promise<void> {
  for (const folder of new Set(copies.map(({ to }) => dirname(to)))) await makeFolder(join(target, folder))
  let done = 0
  await mapBounded(copies, FILES_AT_ONCE, async ({ from, to }) => {
    const path = join(target, to)
    const linked =
      options.link === true &&
      (await link(from, path).then(
        () => true,
        () => false,
      ))
    if (!linked) await copyPhoto(from, path)
    options.onProgress?.(++done, copies.length)
  })
}

async function copyPhoto(from: string, to: string): Promise<void> {
  try {
    // A clone shares the blocks on disk, where the file system can.
    await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
  } catch (error) {
    // Of the two files, the system's answer does not say which is at fault.
    const unreadable = await access(from, constants.R_OK).catch((cause: unknown) => cause)
    if (unreadable === undefined) throw error
    throw new FileError({
      where: from,
      expected: 'a photo to copy',
      got: describeReadFault(unreadable),
      next: 'Nothing was written.',
      cause: unreadable,
    })
  }
}

function countObjects(images: readonly DatasetImage[], format: DatasetFormat): number {
  let count = 0
  for (const { objects } of images) {
    for (const object of objects) {
      if (format === 'yolo' ? object.crowd !== true : format !== 'voc' || isWrittenToVoc(object)) count++
    }
  }
  return count
}
