/** @file Which format a data set on disk has, told by looking; nothing is guessed where several fit. */
import { stat } from 'node:fs/promises'
import { basename, dirname, relative, resolve } from 'node:path'
import { ConfigError, DatasetError, describeReadFault, FileError } from '../../tensor/index.node.js'
import { findCoco, readCoco } from './coco.node.js'
import { findCsv, readCsv } from './csv.node.js'
import { DATASET_FORMATS, type DatasetFormat } from './dataset.js'
import { FolderReader, isWithin } from './folders.node.js'
import { ProblemList } from './problems.js'
import type { RawDataset } from './raw.js'
import { splitOfName } from './split-name.js'
import { findVoc, readVoc } from './voc.node.js'
import { readYolo } from './yolo.node.js'
import { findYolo } from './yolo-layout.node.js'

/** Options of `recognizeDataset`. */
export interface RecognizeOptions {
  /** The format, where it cannot be told by looking, or several are there. */
  readonly format?: DatasetFormat
}

/** What a folder holds. */
export interface RecognizedDataset {
  readonly format: DatasetFormat
  /** The data set's folder: the given one, or the only one in it that holds a data set. */
  readonly folder: string
  /** Files and folders that tell the format, relative to `folder`. */
  readonly evidence: readonly string[]
}

/** A data set that is ready to be read. */
interface OpenDataset extends RecognizedDataset {
  readonly read: (imagesIn: readonly string[] | undefined) => Promise<RawDataset>
}

/** A data set that some files make, one of a list of possible ones. */
interface Candidate {
  readonly format: DatasetFormat
  readonly evidence: readonly string[]
  /** Why its files do not make one data set, if so. */
  readonly conflict: string | undefined
  /** Files that might belong to it and are not read. */
  readonly leftOut?: readonly string[]
  readonly read: (imagesIn: readonly string[] | undefined, problems: ProblemList) => Promise<RawDataset>
}

const NAMES: Readonly<Record<DatasetFormat, string>> = { coco: 'COCO', voc: 'Pascal VOC', yolo: 'YOLO', csv: 'CSV' }

/**
 * Tells the format of a data set.
 * @param path its folder, or its one annotation file (.json, .yaml, .data, .csv).
 * @throws DatasetError when nothing there is a data set, or several are; FileError when it is not there.
 * @throws ConfigError when the format is not known.
 */
export async function recognizeDataset(path: string, options: RecognizeOptions = {}): Promise<RecognizedDataset> {
  const { format, folder, evidence } = await openDataset(path, options, new ProblemList())
  return { format, folder, evidence }
}

/** As `recognizeDataset`, with the way to read it. Data sets that are passed over are noted in `problems`. */
export async function openDataset(
  path: string,
  { format }: RecognizeOptions,
  problems: ProblemList,
): Promise<OpenDataset> {
  if (format !== undefined && !DATASET_FORMATS.includes(format)) {
    throw new ConfigError({ where: 'format', expected: DATASET_FORMATS.join(', '), got: `'${format}'` })
  }
  const status = await stat(path).catch((cause: unknown) => {
    throw new FileError({ where: path, expected: 'the folder of a data set', got: describeReadFault(cause), cause })
  })
  const reader = new FolderReader()
  const start = resolve(path)
  const place = status.isDirectory()
    ? { folder: start, all: await candidates(reader, start) }
    : fileCandidate(reader, start)
  const found = place.all.length === 0 ? await onlySubfolder(reader, start) : place
  const wanted = found.all.filter((candidate) => format === undefined || candidate.format === format)
  const chosen = await choose(reader, path, found.folder, wanted, format)
  for (const other of found.all) {
    if (other !== chosen) problems.add('other-format', `${NAMES[other.format]}: ${listed(other.evidence)}`)
  }
  const { evidence, leftOut = [] } = chosen
  for (const name of leftOut) problems.add('other-format', `${NAMES[chosen.format]}: ${name}`)
  const read: OpenDataset['read'] = (imagesIn) => chosen.read(imagesIn, problems)
  return { format: chosen.format, folder: found.folder, evidence, read }
}

async function choose(
  reader: FolderReader,
  path: string,
  folder: string,
  wanted: readonly Candidate[],
  format: DatasetFormat | undefined,
): Promise<Candidate> {
  // Tables of boxes are often made beside a data set, by the scripts that convert it.
  const strong = wanted.filter((candidate) => candidate.format !== 'csv')
  const [first, ...others] = strong.length > 0 ? strong : wanted
  if (first === undefined) {
    const kind = format === undefined ? 'COCO, Pascal VOC, YOLO or CSV' : NAMES[format]
    throw new DatasetError({
      where: path,
      expected: `a data set in ${kind} form`,
      got: await describeFolder(reader, folder),
      next:
        'That is annotations/*.json, Annotations/*.xml, data.yaml with labels/*.txt, or a CSV table with the columns ' +
        'image, xmin, ymin, xmax, ymax, label.',
    })
  }
  if (others.length > 0) {
    const shown = [first, ...others].map((one) => `${NAMES[one.format]} (${listed(one.evidence)})`)
    throw new DatasetError({
      where: path,
      expected: 'one data set',
      got: `${shown.length}: ${shown.join(' and ')}`,
      next: `Name the format: ${[first, ...others].map((one) => one.format).join(' or ')}.`,
    })
  }
  if (first.conflict !== undefined) {
    const next = `Give one of them in place of the folder, with the photos' folder as --images.`
    throw new DatasetError({ where: path, expected: `one ${NAMES[first.format]} data set`, got: first.conflict, next })
  }
  return first
}

async function candidates(reader: FolderReader, folder: string): Promise<Candidate[]> {
  const [coco, voc] = [await findCoco(reader, folder), await findVoc(reader, folder)]
  const [yolo, csv] = [await findYolo(reader, folder), await findCsv(reader, folder)]
  const all: Candidate[] = []
  const named = (paths: readonly string[]) => paths.map((name) => relative(folder, name) || '.')
  if (coco.length > 0) {
    const { used, ...rest } = divided(coco, folder)
    all.push({ ...rest, format: 'coco', read: (dirs, list) => readCoco(reader, folder, used, dirs, list) })
  }
  if (voc.length > 0) {
    const evidence = named(voc.map((source) => source.folder)).map((name) => (name === '.' ? '*.xml' : `${name}/*.xml`))
    const read: Candidate['read'] = (dirs, list) => readVoc(reader, folder, voc, dirs, list)
    all.push({ format: 'voc', evidence, conflict: undefined, read })
  }
  if (yolo.length > 0) {
    const evidence = yolo.map(({ config }) => (config === undefined ? 'label files (*.txt)' : relative(folder, config)))
    const conflict = yolo.length > 1 ? `${yolo.length} descriptions: ${listed(evidence)}` : undefined
    all.push({ format: 'yolo', evidence, conflict, read: (dirs, list) => readYolo(reader, yolo[0]!, dirs, list) })
  }
  if (csv.length > 0) {
    const { used, ...rest } = divided(csv, folder)
    all.push({ ...rest, format: 'csv', read: (dirs, list) => readCsv(reader, folder, used, dirs, list) })
  }
  return all
}

/** The files to read: those of splits where there are any, for one of all photos is often there beside them. */
function divided<Source extends { readonly path: string; readonly split: string | undefined }>(
  sources: readonly Source[],
  folder: string,
): Pick<Candidate, 'evidence' | 'conflict' | 'leftOut'> & { used: readonly Source[] } {
  const ofSplits = sources.filter(({ split }) => split !== undefined)
  const used = ofSplits.length > 0 ? ofSplits : sources
  const named = (some: readonly Source[]) => some.map(({ path }) => relative(folder, path))
  // One of two files for the same split may be a copy of the other, or of a part.
  const splits = used.map(({ split }) => split)
  const repeated = splits.find((split, i) => splits.indexOf(split) !== i)
  const same = named(used.filter(({ split }) => split === repeated))
  const conflict = same.length > 1 ? `${same.length} files for ${repeated ?? 'all photos'}: ${listed(same)}` : undefined
  return { used, evidence: named(used), conflict, leftOut: named(sources.filter((one) => !used.includes(one))) }
}

/** A data set that is given by its one annotation file. Its folder is the one that names in it are relative to. */
function fileCandidate(reader: FolderReader, path: string): { folder: string; all: Candidate[] } {
  const parent = dirname(path)
  const folder = /^(?:annotations|data|labels)$/i.test(basename(parent)) ? dirname(parent) : parent
  const source = { path, split: splitOfName(basename(path)) }
  const evidence = [basename(path)]
  const common = { evidence, conflict: undefined }
  const name = path.toLowerCase()
  if (name.endsWith('.json')) {
    const read: Candidate['read'] = (dirs, list) => readCoco(reader, folder, [source], dirs, list)
    return { folder, all: [{ ...common, format: 'coco', read }] }
  }
  if (/\.(?:csv|tsv)$/.test(name)) {
    const read: Candidate['read'] = (dirs, list) => readCsv(reader, folder, [source], dirs, list)
    return { folder, all: [{ ...common, format: 'csv', read }] }
  }
  if (/\.(?:ya?ml|data)$/.test(name)) {
    const yolo = { folder: parent, config: path }
    const read: Candidate['read'] = (dirs, list) => readYolo(reader, yolo, dirs, list)
    return { folder: parent, all: [{ ...common, format: 'yolo', read }] }
  }
  throw new DatasetError({
    where: path,
    expected: 'the folder of a data set, or a .json, .yaml, .data or .csv file',
    got: 'another file',
  })
}

/** VOCdevkit/VOC2012, an unpacked archive: the one folder inside that holds a data set. */
async function onlySubfolder(reader: FolderReader, folder: string): Promise<{ folder: string; all: Candidate[] }> {
  const found: { folder: string; all: Candidate[] }[] = []
  const [, ...inside] = await reader.below(folder, 2)
  for (const place of inside) {
    if (found.some((one) => isWithin(one.folder, place))) continue
    const all = await candidates(reader, place)
    if (all.length > 0) found.push({ folder: place, all })
  }
  if (found.length > 1) {
    const names = found.map((one) => relative(folder, one.folder))
    throw new DatasetError({
      where: folder,
      expected: 'one data set',
      got: `${found.length}, in ${listed(names)}`,
      next: 'Name the folder of one of them.',
    })
  }
  return found[0] ?? { folder, all: [] }
}

async function describeFolder(reader: FolderReader, folder: string): Promise<string> {
  const { files, folders } = await reader.list(folder)
  if (files.length + folders.length === 0) return 'an empty folder'
  const some = [...folders.map((name) => `${name}/`), ...files]
  return `a folder with ${listed(some)}`
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 4).join(', ')
  return names.length > 4 ? `${shown} and ${names.length - 4} more` : shown
}
