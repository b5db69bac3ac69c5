/** @file Where a YOLO data set has its photos, splits, label files and class names. */
import { readFile, stat } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { DatasetError } from '../../tensor/index.js'
import { readRegularFile } from '../read-file.node.js'
import { decodeText } from './csv.js'
import type { SplitName } from './dataset.js'
import { type FolderReader, isPhotoName, isWithin } from './folders.node.js'
import { splitOfName } from './split-name.js'
import { classList } from './voc.js'
import { parseDarknetData } from './yolo.js'

/** A YOLO data set: its folder, and the file that describes it, if there is one. */
export interface YoloSource {
  readonly folder: string
  /** data.yaml, or Darknet's obj.data. */
  readonly config: string | undefined
}

/** A file with names and folders is small; YAML that is not costs much to parse. */
const MAX_CONFIG_BYTES = 4 * 2 ** 20
const MAX_DEPTH = 6
const LABEL_FOLDERS = ['labels', 'obj_train_data']

/** The YOLO data sets of a folder: by data.yaml or obj.data, else by a folder of label files. */
export async function findYolo(reader: FolderReader, folder: string): Promise<YoloSource[]> {
  const { files, folders } = await reader.list(folder)
  const sources: YoloSource[] = []
  for (const name of files) if (await isConfig(join(folder, name))) sources.push({ folder, config: join(folder, name) })
  if (sources.length > 0) return sources
  const places = [
    folder,
    ...folders.filter((name) => splitOfName(name) !== undefined).map((name) => join(folder, name)),
  ]
  for (const place of places) if (await holdsLabels(reader, place)) return [{ folder, config: undefined }]
  return []
}

async function isConfig(path: string): Promise<boolean> {
  if (!/\.(?:ya?ml|data)$/i.test(path)) return false
  const size = (await stat(path).catch(() => undefined))?.size ?? 0
  const text = size > MAX_CONFIG_BYTES ? '' : await readFile(path, 'utf8').catch(() => '')
  return /\.data$/i.test(path) ? /^\s*names\s*=/m.test(text) : /^\s*["']?names["']?\s*:/m.test(text)
}

/** Label files in `labels`, or beside photos of the same name. */
async function holdsLabels(reader: FolderReader, folder: string): Promise<boolean> {
  const { folders } = await reader.list(folder)
  const labels = folders.find((name) => LABEL_FOLDERS.includes(name.toLowerCase()))
  const places = labels === undefined ? [folder] : await reader.below(join(folder, labels), 1)
  for (const place of places) {
    const { files } = await reader.list(place)
    const texts = files.filter((name) => /\.txt$/i.test(name))
    for (const name of texts.slice(0, 20)) {
      const beside = labels !== undefined || (await reader.photosOfStem(place, name.slice(0, -4))).length > 0
      if (beside && /^\s*\d+(?:\s+[\d.eE+-]+){4,}\s*$/m.test(await readFile(join(place, name), 'utf8'))) return true
    }
  }
  return false
}

/**
 * The content of data.yaml or obj.data as a plain value. Nothing in it is executed, and an alias that multiplies is
 * refused.
 * @throws DatasetError when it is not YAML; FileError when it cannot be read.
 */
export async function readYoloConfig(reader: FolderReader, path: string, where: string): Promise<unknown> {
  const bytes = await readRegularFile(path, where)
  if (bytes.length > MAX_CONFIG_BYTES) {
    throw new DatasetError({ where, expected: `at most ${MAX_CONFIG_BYTES} bytes of YAML`, got: `${bytes.length}` })
  }
  const text = decodeText(bytes, where)
  if (/\.data$/i.test(path)) {
    const { names, classes, ...entries } = parseDarknetData(text)
    const file = await locate(reader, dirname(path), undefined, names ?? '')
    if (file === undefined) throw new DatasetError({ where, expected: 'the file of class names', got: `no '${names}'` })
    const list = classList(decodeText(await readRegularFile(file), names!))
    return { ...entries, names: list, nc: classes === undefined ? undefined : Number(classes) }
  }
  // Loaded here: nothing else needs it, and it takes a while.
  const { parse } = await import('yaml')
  try {
    return parse(text, { maxAliasCount: 100, logLevel: 'error' })
  } catch (cause) {
    const got = (cause instanceof Error ? cause.message : String(cause)).split('\n')[0]!.replace(/:$/, '')
    throw new DatasetError({ where, expected: 'YAML', got, cause })
  }
}

/** Where a written path leads. */
interface Located {
  readonly path: string
  /** Whether leading parts had to be left out. */
  readonly shortened: boolean
}

/**
 * The file or folder that a description means. Paths are relative to its `path`, or to itself; many are written for
 * another place (`../train/images`, `data/train.txt`), so that leading parts are left out until something is there.
 */
export async function locate(
  reader: FolderReader,
  base: string,
  path: string | undefined,
  written: string,
): Promise<string | undefined> {
  return (await search(reader, base, path, written, Number.POSITIVE_INFINITY))?.path
}

/** @param keep position of the part that must not be left out, with those behind it. */
async function search(
  reader: FolderReader,
  base: string,
  path: string | undefined,
  written: string,
  keep: number,
): Promise<Located | undefined> {
  if (written === '' || written.includes('\0')) return undefined
  const slashed = written.replaceAll('\\', '/')
  const parts = partsOf(slashed)
  const starts = isAbsolute(slashed) ? [] : parts.slice(0, keep + 1)
  const candidates = [
    ...asWritten(base, path, slashed).map((place) => ({ path: place, shortened: false })),
    ...starts.map((_, i) => ({ path: join(base, ...parts.slice(i)), shortened: true })),
  ]
  for (const candidate of candidates) {
    if (await reader.holds(dirname(candidate.path), basename(candidate.path))) return candidate
    const { files, folders } = await reader.list(candidate.path)
    if (files.length + folders.length > 0) return candidate
  }
  return undefined
}

/** Places that a path with slashes means when nothing is left out of it. */
function asWritten(base: string, path: string | undefined, slashed: string): string[] {
  const bases = path === undefined ? [base] : [resolve(base, path), base]
  return bases.map((folder) => resolve(folder, slashed))
}

/** Whether a written path that `locateSplits` found nothing at is a folder all the same. */
export async function isEmptyFolder(
  reader: FolderReader,
  base: string,
  path: string | undefined,
  written: string,
): Promise<boolean> {
  if (written === '' || written.includes('\0')) return false
  for (const place of asWritten(base, path, written.replaceAll('\\', '/'))) {
    const { files, folders } = await reader.list(place)
    if (files.length + folders.length > 0) continue
    if ((await reader.list(dirname(place))).folders.includes(basename(place))) return true
  }
  return false
}

function partsOf(written: string): string[] {
  return written.split(/[\\/]/).filter((part) => part !== '' && part !== '.')
}

/**
 * The files or folders that a description means by the paths of its splits. A path that leads nowhere must not become a
 * folder of other splits' photos: what names the split is never left out, and a place that was found only by leaving
 * parts out is none when another path leads to it or into it.
 * @returns one for each written path; undefined where nothing is there.
 */
export async function locateSplits(
  reader: FolderReader,
  base: string,
  path: string | undefined,
  written: readonly string[],
): Promise<(string | undefined)[]> {
  const found: (Located | undefined)[] = []
  for (const text of written) {
    const naming = partsOf(text).findLastIndex((part) => splitOfName(part) !== undefined)
    found.push(await search(reader, base, path, text, naming < 0 ? Number.POSITIVE_INFINITY : naming))
  }
  const spelling = written.map((text) => partsOf(text).join('/'))
  return found.map((one, i) => {
    if (one?.shortened !== true) return one?.path
    const taken = found.some(
      (other, k) => other !== undefined && spelling[k] !== spelling[i] && isWithin(one.path, other.path),
    )
    return taken ? undefined : one.path
  })
}

/** All photos in a folder and below it. */
export async function photosBelow(reader: FolderReader, folder: string): Promise<string[]> {
  const photos: string[] = []
  for (const place of await reader.below(folder, MAX_DEPTH)) {
    for (const name of (await reader.list(place)).files) if (isPhotoName(name)) photos.push(join(place, name))
  }
  return photos
}

/** The split of a photo that only its folders can tell; undefined when they do not. */
export function splitOfFolders(root: string, path: string): SplitName | undefined {
  const parts = relative(root, dirname(path)).split(sep)
  for (const part of parts.reverse()) {
    const split = splitOfName(part)
    if (split !== undefined) return split
  }
  return undefined
}

/** Folders that may hold the label file of a photo in `folder`, the likeliest first. */
export function labelFolders(root: string, folder: string): string[] {
  const parts = folder.split(sep)
  const at = parts.lastIndexOf('images')
  const swapped = at < 0 ? [] : [[...parts.slice(0, at), 'labels', ...parts.slice(at + 1)].join(sep)]
  return [
    ...swapped,
    join(folder, 'labels'),
    folder,
    join(root, 'labels', basename(folder)),
    ...LABEL_FOLDERS.map((name) => join(root, name)),
  ]
}
