/** @file Finds and reads data sets whose labels are a table. */
import { open } from 'node:fs/promises'
import { basename, join, posix, relative } from 'node:path'
import { readRegularFile } from '../read-file.node.js'
import { parseCsv } from './csv.js'
import { type CsvLabel, type CsvLabels, csvClasses, csvLabels, isLabelTable } from './csv-labels.js'
import type { SplitName } from './dataset.js'
import type { FolderReader } from './folders.node.js'
import { type FoundImage, ImageFinder, imageFolders } from './image-finder.node.js'
import type { ProblemList } from './problems.js'
import type { RawDataset, RawImage, RawObject } from './raw.js'
import { splitOfName } from './split-name.js'

/** One table and the split that its name, or its folder's, tells. */
export interface CsvSource {
  readonly path: string
  readonly split: SplitName | undefined
}

/** Folders that tables lie in, beside the data set's own and those of splits. */
const TABLE_FOLDERS = ['annotations', 'labels', 'data']

/** The tables of a folder: in itself, or in folders for labels or splits. Where splits have tables, others are left. */
export async function findCsv(reader: FolderReader, folder: string): Promise<CsvSource[]> {
  const { folders } = await reader.list(folder)
  const inside = (wanted: (name: string) => boolean) => folders.filter(wanted).map((name) => join(folder, name))
  const places = [[folder], inside((name) => splitOfName(name) !== undefined)]
  for (const name of TABLE_FOLDERS) places.push(inside((entry) => entry.toLowerCase() === name))
  for (const place of places) {
    const found: CsvSource[] = []
    for (const parent of place) {
      for (const name of (await reader.list(parent)).files) {
        const path = join(parent, name)
        if (!/\.(?:csv|tsv)$/i.test(name) || !(await looksLikeLabels(path))) continue
        found.push({
          path,
          split: splitOfName(name) ?? (parent === folder ? undefined : splitOfName(basename(parent))),
        })
      }
    }
    if (found.length > 0) return found
  }
  return []
}

async function looksLikeLabels(path: string): Promise<boolean> {
  const handle = await open(path).catch(() => undefined)
  if (handle === undefined) return false
  try {
    const head = new Uint8Array(65_536)
    const { bytesRead } = await handle.read(head, 0, head.length, 0)
    const firstLine = /^\s*[^\r\n]*/.exec(new TextDecoder().decode(head.subarray(0, bytesRead)))![0]
    return isLabelTable(parseCsv(new TextEncoder().encode(firstLine), path)[0])
  } catch {
    return false
  } finally {
    await handle.close()
  }
}

/**
 * Reads tables as one data set. Boxes are edges from 0, as they are written.
 *
 * Classes and their ids are those of `classes.csv` where there is one; else all that occur, in the order of the alphabet,
 * with the ids 1, 2, 3 …
 * @throws FileError when a table cannot be read; DatasetError when it is none of boxes.
 */
export async function readCsv(
  reader: FolderReader,
  root: string,
  sources: readonly CsvSource[],
  imagesIn: readonly string[] | undefined,
  problems: ProblemList,
): Promise<RawDataset> {
  const tables: { readonly where: string; readonly source: CsvSource; readonly table: CsvLabels }[] = []
  for (const source of sources) {
    const where = relative(root, source.path) || basename(source.path)
    const rows = parseCsv(await readRegularFile(source.path, where), where)
    tables.push({ where, source, table: csvLabels(rows, where, problems) })
  }
  const ids = (await listedClasses(reader, root)) ?? occurringClasses(tables.map(({ table }) => table))
  const names = [...ids.keys()].sort((a, b) => ids.get(a)! - ids.get(b)!)
  const labelOf = new Map(names.map((name, label) => [name, label]))
  const images: RawImage[] = []
  for (const { where, source, table } of tables) {
    const bySpelling = new Map<string, CsvLabel[]>()
    for (const label of table.labels) {
      const spelling = posix.normalize(label.image)
      const rows = bySpelling.get(spelling)
      if (rows === undefined) bySpelling.set(spelling, [label])
      else rows.push(label)
    }
    const written = [...bySpelling.values()].map((rows) => rows[0]!.image)
    const clues = { names: written, preferred: ['images', 'jpegimages'], split: source.split }
    const finder = new ImageFinder(reader, imagesIn ?? (await imageFolders(reader, root, clues)), problems)
    const photos = new Map<string, { readonly place: FoundImage; readonly rows: CsvLabel[] }>()
    for (const rows of bySpelling.values()) {
      const place = await findPhoto(finder, rows[0]!.image, where)
      const known = photos.get(place.path)
      if (known === undefined) photos.set(place.path, { place, rows })
      else for (const row of rows) known.rows.push(row)
    }
    for (const { place, rows } of photos.values()) {
      rows.sort((a, b) => a.line - b.line)
      const name = rows[0]!.image
      const split = splitOfRows(rows, where, problems) ?? source.split
      images.push({
        ...place,
        id: name,
        file: name,
        annotationFile: where,
        splits: split === undefined ? [] : [split],
        width: rows[0]!.width,
        height: rows[0]!.height,
        relative: table.relative,
        objects: rows.flatMap((row) => objectOf(row, labelOf, where, problems) ?? []),
      })
    }
  }
  return {
    classNames: names,
    categoryIds: names.map((name) => ids.get(name)!),
    annotationFiles: tables.map(({ where }) => where),
    images,
  }
}

async function findPhoto(finder: ImageFinder, name: string, where: string): Promise<FoundImage> {
  // Open Images names photos without their extension.
  const [stem] = /\.[a-z]{3,4}$/i.test(name) ? [] : await finder.withStem(name)
  return stem === undefined ? finder.find(name, where) : { path: stem, missing: false }
}

/** The split that the rows of a photo name; the first one where they contradict each other. */
function splitOfRows(rows: readonly CsvLabel[], where: string, problems: ProblemList): SplitName | undefined {
  const naming = rows.filter(({ split }) => split !== undefined)
  const first = naming[0]?.split
  const other = naming.find(({ split }) => split !== first)
  if (other !== undefined) {
    const { line, image, split } = other
    problems.add('split-contradicted', `${where}: line ${line}: ${image}: ${split}, before ${first}`)
  }
  return first
}

function objectOf(
  { line, className, corners, crowd, difficult }: CsvLabel,
  labelOf: ReadonlyMap<string, number>,
  where: string,
  problems: ProblemList,
): RawObject | undefined {
  if (className === undefined || corners === undefined) return undefined
  const place = `line ${line}`
  const label = labelOf.get(className)
  if (label === undefined) {
    problems.add('class-unknown', `${where}: ${place}: '${className}'`)
    return undefined
  }
  return { label, corners, place, ...(crowd === true ? { crowd } : {}), ...(difficult === true ? { difficult } : {}) }
}

function occurringClasses(tables: readonly CsvLabels[]): ReadonlyMap<string, number> {
  const names = new Set(tables.flatMap(({ labels }) => labels.flatMap(({ className }) => className ?? [])))
  return new Map([...names].sort().map((name, i) => [name, i + 1]))
}

async function listedClasses(reader: FolderReader, root: string): Promise<ReadonlyMap<string, number> | undefined> {
  if (!(await reader.holds(root, 'classes.csv'))) return undefined
  return csvClasses(parseCsv(await readRegularFile(join(root, 'classes.csv')), 'classes.csv'))
}
