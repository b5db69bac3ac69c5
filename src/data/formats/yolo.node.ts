/** @file Reads YOLO data sets: Ultralytics' data.yaml, Darknet's obj.data, and bare folders of photos and labels. */
import { basename, dirname, join, relative, sep } from 'node:path'
import { DatasetError, DetrsError } from '../../tensor/index.js'
import { readRegularFile } from '../read-file.node.js'
import { mapFindingProblems } from './bounded.js'
import { decodeText } from './csv.js'
import { SPLIT_NAMES, type SplitName } from './dataset.js'
import { type FolderReader, stemOf } from './folders.node.js'
import { ImageFinder } from './image-finder.node.js'
import type { ProblemList } from './problems.js'
import type { RawDataset, RawImage } from './raw.js'
import { classList } from './voc.js'
import { parseYoloLabels, type YoloClasses, yoloClasses } from './yolo.js'
import {
  isEmptyFolder,
  labelFolders,
  locate,
  locateSplits,
  photosBelow,
  readYoloConfig,
  splitOfFolders,
  type YoloSource,
} from './yolo-layout.node.js'

/** Files that are read at a time. */
const FILES_AT_ONCE = 16
/** Keys of data.yaml and obj.data for each split. */
const SPLIT_KEYS: Readonly<Record<SplitName, readonly string[]>> = {
  train: ['train'],
  val: ['val', 'valid', 'validation'],
  test: ['test'],
}
const CLASS_FILES = ['classes.txt', 'obj.names', 'labels.txt']

/** A photo of the data set and the splits that list it. */
interface Photo {
  readonly path: string
  readonly missing: boolean
  readonly splits: SplitName[]
}

/**
 * Reads a YOLO data set. A photo without a label file is background. Category ids are YOLO's class numbers.
 * @throws DatasetError, FileError when the description cannot be read, no photo is there, or no photo has a label file.
 */
export async function readYolo(
  reader: FolderReader,
  source: YoloSource,
  imagesIn: readonly string[] | undefined,
  problems: ProblemList,
): Promise<RawDataset> {
  const { folder, config } = source
  const where = config === undefined ? basename(folder) : relative(folder, config)
  const described = config === undefined ? undefined : await readYoloConfig(reader, config, where)
  const listed = await listedClasses(reader, folder)
  const known = described === undefined ? undefined : yoloClasses(described, where, problems)
  if (known !== undefined && listed !== undefined && !sameList(known.classNames, listed.names)) {
    problems.add(
      'class-lists-differ',
      `${where}: ${preview(known.classNames)}, and ${listed.file}: ${preview(listed.names)}`,
    )
  }
  const entries = (described ?? {}) as Readonly<Record<string, unknown>>
  const photos = await findPhotos(reader, folder, where, entries, imagesIn, problems)
  const labelFiles = await findLabels(reader, folder, photos, problems)
  const texts = await mapFindingProblems(photos, FILES_AT_ONCE, problems, (photo, own) =>
    readLabels(folder, labelFiles.get(photo.path), own),
  )
  const classes = known ?? classesOfNames(listed?.names) ?? numberedClasses(texts, where, problems)
  const images = photos.map((photo, i): RawImage => {
    const file = nameOf(folder, photo.path)
    const label = labelFiles.get(photo.path)
    const annotationFile = label === undefined ? file : nameOf(folder, label)
    const objects = parseYoloLabels(texts[i] ?? '', annotationFile, classes, problems)
    return { ...photo, id: file, file, annotationFile, relative: true, objects }
  })
  const annotationFiles = config === undefined ? ['**/*.txt'] : [where]
  return { classNames: classes.classNames, categoryIds: classes.categoryIds, annotationFiles, images }
}

async function findPhotos(
  reader: FolderReader,
  folder: string,
  where: string,
  entries: Readonly<Record<string, unknown>>,
  imagesIn: readonly string[] | undefined,
  problems: ProblemList,
): Promise<Photo[]> {
  const photos = new Map<string, Photo>()
  const add = (path: string, missing: boolean, split: SplitName | undefined): void => {
    const photo = photos.get(path) ?? { path, missing, splits: [] }
    if (split !== undefined && !photo.splits.includes(split)) photo.splits.push(split)
    photos.set(path, photo)
  }
  const base = typeof entries['path'] === 'string' ? entries['path'] : undefined
  const described = SPLIT_NAMES.flatMap((split) => {
    const key = SPLIT_KEYS[split].find((name) => entries[name] !== undefined && entries[name] !== null)
    if (key === undefined) return []
    return [entries[key]].flat().map((written) => ({ split, key, written: String(written) }))
  })
  const places = await locateSplits(
    reader,
    folder,
    base,
    described.map(({ written }) => written),
  )
  for (const [i, { split, key, written }] of described.entries()) {
    const place = places[i]
    if (place === undefined) {
      if (imagesIn === undefined) {
        const fault = (await isEmptyFolder(reader, folder, base, written)) ? 'has no photos' : 'is not there'
        problems.add('split-missing', `${where}: ${key}: '${written}' ${fault}`)
      }
    } else if (/\.txt$/i.test(place)) {
      for (const found of await listedPhotos(reader, folder, base, place, imagesIn, problems)) {
        add(found.path, found.missing, split)
      }
    } else {
      const below = await photosBelow(reader, place)
      if (below.length === 0 && imagesIn === undefined)
        problems.add('split-missing', `${where}: ${key}: '${written}' has no photos`)
      for (const path of below) add(path, false, split)
    }
  }
  if (photos.size === 0) {
    // No description, or one that was written for another place.
    for (const place of imagesIn ?? [folder]) {
      for (const path of await photosBelow(reader, place)) add(path, false, splitOfFolders(place, path))
    }
  }
  if (photos.size > 0) return [...photos.values()]
  const example = problems.list().find(({ kind }) => kind === 'split-missing')?.examples[0]
  throw new DatasetError({
    where: example === undefined ? where : example.split(':')[0]!,
    expected: 'folders with photos',
    got: example === undefined ? `none in ${folder}` : `none: ${example}`,
    next: 'Name the folder of the photos with --images.',
  })
}

/** The photos of a list file, one path a line. */
async function listedPhotos(
  reader: FolderReader,
  folder: string,
  base: string | undefined,
  list: string,
  imagesIn: readonly string[] | undefined,
  problems: ProblemList,
): Promise<{ path: string; missing: boolean }[]> {
  const where = relative(folder, list)
  const finder = new ImageFinder(reader, imagesIn ?? [folder], problems)
  const found: { path: string; missing: boolean }[] = []
  for (const line of decodeText(await readRegularFile(list, where), where).split(/\r?\n/)) {
    const entry = line.trim()
    if (entry === '') continue
    const path = imagesIn === undefined ? await locate(reader, dirname(list), base, entry) : undefined
    found.push(path === undefined ? await finder.find(basename(entry), where) : { path, missing: false })
  }
  return found
}

/** The label file of each photo that has one. */
async function findLabels(
  reader: FolderReader,
  folder: string,
  photos: readonly Photo[],
  problems: ProblemList,
): Promise<Map<string, string>> {
  const labels = new Map<string, string>()
  const owners = new Map<string, string>()
  for (const { path } of photos) {
    const name = `${stemOf(basename(path))}.txt`
    const places = labelFolders(folder, dirname(path))
    let label: string | undefined
    for (const place of places) {
      if (!(await reader.holds(place, name))) continue
      label = join(place, name)
      break
    }
    if (label === undefined) {
      problems.add('label-missing', () => nameOf(folder, path))
      continue
    }
    labels.set(path, label)
    const owner = owners.get(label)
    if (owner === undefined) owners.set(label, path)
    else problems.add('label-shared', `${basename(owner)} and ${basename(path)} share ${nameOf(folder, label)}`)
  }
  if (labels.size === 0) {
    throw new DatasetError({
      where: basename(folder),
      expected: 'label files (.txt) in a folder labels, or beside the photos',
      got: `none for ${photos.length} photos`,
    })
  }
  for (const place of new Set([...owners.keys()].map((path) => dirname(path)))) {
    for (const name of (await reader.list(place)).files) {
      const alone = /\.txt$/i.test(name) && !owners.has(join(place, name)) && !NO_LABELS.test(name)
      if (alone) problems.add('annotation-without-image', () => nameOf(folder, join(place, name)))
    }
  }
  return labels
}

/** Text files that lie beside labels and are none. */
const NO_LABELS = /^(?:classes|labels|train|val|valid|test|notes|readme.*|license)\.txt$/i

async function readLabels(folder: string, label: string | undefined, problems: ProblemList): Promise<string> {
  if (label === undefined) return ''
  const where = nameOf(folder, label)
  try {
    return decodeText(await readRegularFile(label, where), where)
  } catch (error) {
    if (!(error instanceof DetrsError)) throw error
    problems.add('annotation-unreadable', error.message)
    return ''
  }
}

async function listedClasses(
  reader: FolderReader,
  folder: string,
): Promise<{ readonly names: string[]; readonly file: string } | undefined> {
  for (const place of [folder, join(folder, 'labels')]) {
    for (const name of CLASS_FILES) {
      if (!(await reader.holds(place, name))) continue
      const file = nameOf(folder, join(place, name))
      const names = classList(decodeText(await readRegularFile(join(place, name), file), file))
      if (names.length > 0) return { names, file }
    }
  }
  return undefined
}

function classesOfNames(names: readonly string[] | undefined): YoloClasses | undefined {
  if (names === undefined) return undefined
  return { classNames: names, categoryIds: names.map((_, id) => id), keypointNumbers: 0 }
}

/** Classes named after their numbers, up to the largest that occurs. */
function numberedClasses(texts: readonly string[], where: string, problems: ProblemList): YoloClasses {
  let largest = 0
  for (const text of texts) {
    for (const match of text.matchAll(/^\s*(\d{1,5})\s/gm)) largest = Math.max(largest, Number(match[1]))
  }
  problems.add('class-names-unknown', `${where}: no data.yaml and no classes.txt`)
  return classesOfNames(Array.from({ length: largest + 1 }, (_, id) => `class ${id}`))!
}

/** The path inside the data set with slashes; the bare name for what lies outside. */
function nameOf(folder: string, path: string): string {
  const name = relative(folder, path).split(sep).join('/')
  return name.startsWith('..') ? basename(path) : name
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, i) => name === b[i])
}

function preview(names: readonly string[]): string {
  return `${names.length} names (${names.slice(0, 4).join(', ')}${names.length > 4 ? ' …' : ''})`
}
