/** @file Finds and reads Pascal VOC data sets: the devkit's folders, flat ones, and Roboflow's folder per split. */
import { basename, dirname, join, relative } from 'node:path'
import { DatasetError, DetrsError } from '../../tensor/index.js'
import { readRegularFile } from '../read-file.node.js'
import { mapFindingProblems } from './bounded.js'
import { decodeText } from './csv.js'
import type { SplitName } from './dataset.js'
import { type FolderReader, isPhotoName, stemOf } from './folders.node.js'
import { ImageFinder } from './image-finder.node.js'
import type { ProblemList } from './problems.js'
import type { RawDataset, RawImage } from './raw.js'
import { splitOfName } from './split-name.js'
import { classList, labelMapClasses, parseVoc, type VocAnnotation, vocCorners, vocOffset } from './voc.js'

/** A folder of annotation files. */
export interface VocSource {
  readonly folder: string
  /** Where its photos may be. */
  readonly imageFolders: readonly string[]
  readonly split: SplitName | undefined
}

/** Files that are read at a time. */
const FILES_AT_ONCE = 16
const SPLIT_LISTS: readonly (readonly [string, SplitName])[] = [
  ['train', 'train'],
  ['val', 'val'],
  ['valid', 'val'],
  ['test', 'test'],
]

/** The folders with VOC files: `Annotations`, else the folder itself, else folders named after splits. */
export async function findVoc(reader: FolderReader, folder: string): Promise<VocSource[]> {
  const { folders } = await reader.list(folder)
  const named = (name: string) =>
    folders.filter((entry) => entry.toLowerCase() === name).map((entry) => join(folder, entry))
  const imageFolders = [...named('jpegimages'), ...named('images'), folder]
  for (const annotations of [...named('annotations'), folder]) {
    if (await holdsVoc(reader, annotations)) {
      return [{ folder: annotations, imageFolders: [...imageFolders, annotations], split: undefined }]
    }
  }
  const sources: VocSource[] = []
  for (const name of folders) {
    const split = splitOfName(name)
    const inside = join(folder, name)
    if (split !== undefined && (await holdsVoc(reader, inside))) {
      sources.push({ folder: inside, imageFolders: [inside], split })
    }
  }
  return sources
}

async function holdsVoc(reader: FolderReader, folder: string): Promise<boolean> {
  const files = (await reader.list(folder)).files.filter(isXml)
  // CVAT and others write one XML file for all photos; a damaged first file must not hide the others.
  for (const name of files.slice(0, 5)) {
    const bytes = await readRegularFile(join(folder, name)).catch(() => new Uint8Array())
    if (/<annotation[\s>]/.test(new TextDecoder('latin1').decode(bytes.subarray(0, 4096)))) return true
  }
  return false
}

function isXml(name: string): boolean {
  return name.toLowerCase().endsWith('.xml')
}

interface ReadAnnotation {
  readonly stem: string
  readonly where: string
  readonly source: VocSource
  readonly annotation: VocAnnotation
}

/**
 * Reads folders of VOC files as one data set. A file that cannot be read is reported and left out with its photo.
 *
 * Classes are those of `classes.txt`, `labels.txt` or `labelmap.txt` in the data set's folder, else all that occur, in
 * the order of the alphabet. VOC has no category ids: they are 1, 2, 3 …
 * @throws DatasetError when no annotation file can be read.
 */
export async function readVoc(
  reader: FolderReader,
  root: string,
  sources: readonly VocSource[],
  imagesIn: readonly string[] | undefined,
  problems: ProblemList,
): Promise<RawDataset> {
  const read: ReadAnnotation[] = []
  for (const source of sources) {
    const files = (await reader.list(source.folder)).files.filter(isXml)
    const found = await mapFindingProblems(files, FILES_AT_ONCE, problems, (name, own) =>
      readAnnotation(root, source, name, own),
    )
    read.push(...found.filter((entry) => entry !== undefined))
  }
  if (read.length === 0) {
    const example = problems.list().find(({ kind }) => kind === 'annotation-unreadable')?.examples[0]
    throw new DatasetError({ where: root, expected: 'readable Pascal VOC files', got: example ?? 'none' })
  }
  const offset = vocOffset(
    read.map(({ annotation }) => annotation),
    relative(root, sources[0]!.folder) || basename(root),
    problems,
  )
  const listed = await listedClasses(reader, root)
  const occurring = new Set(read.flatMap(({ annotation }) => annotation.objects.map(({ name }) => name)))
  const classNames = listed ?? [...occurring].sort()
  const labels = new Map(classNames.map((name, label) => [name, label]))
  const splits = await splitLists(reader, root, new Set(read.map(({ stem }) => stem)), problems)
  const images: RawImage[] = []
  for (const { stem, where, source, annotation } of read) {
    const finder = new ImageFinder(reader, imagesIn ?? source.imageFolders, problems)
    const file = await findPhoto(finder, stem, annotation, where, problems)
    const objects = annotation.objects.flatMap((object, i) => {
      const place = `object ${i + 1}`
      const label = labels.get(object.name)
      if (label !== undefined) {
        const corners = vocCorners(object, offset)
        return [{ label, corners, place, ...(object.difficult ? { difficult: true } : {}) }]
      }
      problems.add('class-unknown', `${where}: ${place}: '${object.name}'`)
      return []
    })
    const { width, height } = annotation
    const assigned = source.split === undefined ? (splits.get(stem) ?? []) : [source.split]
    const id = source.split === undefined ? stem : `${basename(source.folder)}/${stem}`
    images.push({ id, ...file, annotationFile: where, splits: assigned, width, height, objects })
  }
  await countUnlabelled(reader, imagesIn ?? sources.flatMap(({ imageFolders }) => imageFolders), images, problems)
  const annotationFiles = sources.map(({ folder }) => join(relative(root, folder), '*.xml'))
  return { classNames, categoryIds: classNames.map((_, label) => label + 1), annotationFiles, images }
}

async function readAnnotation(
  root: string,
  source: VocSource,
  name: string,
  problems: ProblemList,
): Promise<ReadAnnotation | undefined> {
  const path = join(source.folder, name)
  const where = relative(root, path)
  try {
    return { stem: stemOf(name), where, source, annotation: parseVoc(await readRegularFile(path, where), where) }
  } catch (error) {
    if (!(error instanceof DetrsError)) throw error
    problems.add('annotation-unreadable', error.message)
    return undefined
  }
}

/** The photo named as the annotation file is, as in the devkit; else the one that the annotation names. */
async function findPhoto(
  finder: ImageFinder,
  stem: string,
  { fileName }: VocAnnotation,
  where: string,
  problems: ProblemList,
): Promise<{ file: string; path: string; missing: boolean }> {
  const written = fileName === undefined ? undefined : basename(fileName.replaceAll('\\', '/'))
  const same = await finder.withStem(stem)
  const path = same.find((candidate) => basename(candidate) === written) ?? same[0]
  if (path !== undefined) {
    // The extension is often left out or another one, and means nothing.
    if (written !== undefined && stemOf(written) !== stem && written !== stem) {
      problems.add('file-name-differs', () => `${where}: names '${written}', taken is ${basename(path)}`)
    }
    return { file: basename(path), path, missing: false }
  }
  const named = fileName ?? `${stem}.jpg`
  return { file: named, ...(await finder.find(named, where)) }
}

async function listedClasses(reader: FolderReader, root: string): Promise<string[] | undefined> {
  for (const name of ['classes.txt', 'labels.txt', 'labelmap.txt']) {
    if (!(await reader.holds(root, name))) continue
    const text = decodeText(await readRegularFile(join(root, name), name), name)
    const names = name === 'labelmap.txt' ? labelMapClasses(text) : classList(text)
    if (names.length > 0) return names
  }
  return undefined
}

/** The splits of `ImageSets/Main`, by the names of annotation files. Lists per class (`cat_train.txt`) are not read. */
async function splitLists(
  reader: FolderReader,
  root: string,
  stems: ReadonlySet<string>,
  problems: ProblemList,
): Promise<Map<string, SplitName[]>> {
  const splits = new Map<string, SplitName[]>()
  const folders = (await reader.below(root, 2)).filter((folder) => /^imagesets$/i.test(basename(folder)))
  const folder = folders[0]
  if (folder === undefined) return splits
  const main = (await reader.list(folder)).folders.find((name) => name.toLowerCase() === 'main')
  const lists = main === undefined ? folder : join(folder, main)
  const present = (await reader.list(lists)).files
  const wanted = SPLIT_LISTS.filter(([name]) => present.includes(`${name}.txt`))
  // Both splits together; of use where the list of one is missing.
  if (!present.includes('train.txt') && present.includes('trainval.txt')) wanted.push(['trainval', 'train'])
  for (const [name, split] of wanted) {
    const path = join(lists, `${name}.txt`)
    const where = relative(root, path)
    const lines = decodeText(await readRegularFile(path, where), where).split(/\r?\n/)
    for (const line of lines) {
      const entry = line.trim()
      if (entry === '') continue
      const stem = listedStem(line, stems)
      if (stem === undefined) {
        problems.add('split-entry-unknown', () => `${where}: '${entry}'`)
        continue
      }
      const assigned = splits.get(stem) ?? []
      if (name === 'trainval' && assigned.length > 0) continue
      if (!assigned.includes(split)) splits.set(stem, [...assigned, split])
      else problems.add('image-listed-twice', () => `${where}: '${entry}'`)
    }
  }
  return splits
}

/**
 * The annotation file that a line of a list means. Names may have blanks, and `img 1` may be a name or the photo `img`
 * with its mark of presence: a whole line that is known goes first.
 */
function listedStem(line: string, stems: ReadonlySet<string>): string | undefined {
  const entry = line.trim()
  return [line, entry, entry.replace(/\s+-?[01]$/, '')]
    .flatMap((text) => [text, stemOf(text), basename(text), stemOf(basename(text))])
    .find((text) => stems.has(text))
}

/** Photos beside the labelled ones: whether nothing is on them or nobody looked cannot be told. */
async function countUnlabelled(
  reader: FolderReader,
  folders: readonly string[],
  images: readonly RawImage[],
  problems: ProblemList,
): Promise<void> {
  const labelled = new Set(images.map(({ path }) => path))
  const used = new Set(images.map(({ path }) => dirname(path)))
  for (const folder of new Set(folders)) {
    if (!used.has(folder)) continue
    for (const name of (await reader.list(folder)).files.filter(isPhotoName)) {
      if (!labelled.has(join(folder, name))) problems.add('annotation-missing', () => `${name} has no annotation file`)
    }
  }
}
