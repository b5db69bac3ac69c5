/** @file Finds the photos that annotation files name. */
import { basename, dirname, join, relative } from 'node:path'
import type { SplitName } from './dataset.js'
import { cleanFileName } from './file-name.js'
import type { FolderReader } from './folders.node.js'
import type { ProblemList } from './problems.js'
import { splitOfName } from './split-name.js'

/** Where a photo is, or would be. */
export interface FoundImage {
  readonly path: string
  readonly missing: boolean
}

/** Photos looked up to tell which folder an annotation file means. */
const SAMPLES = 50

/** Looks for photos in a few folders, in their order. */
export class ImageFinder {
  readonly #reader: FolderReader
  readonly #folders: readonly string[]
  readonly #problems: ProblemList

  /** @param folders at least one; the first is where missing photos are said to be missing from. */
  constructor(reader: FolderReader, folders: readonly string[], problems: ProblemList) {
    this.#reader = reader
    this.#folders = folders
    this.#problems = problems
  }

  /** The photo of a name as written; `where` names the annotation file in reports. */
  async find(written: string, where: string): Promise<FoundImage> {
    const { name, kind } = cleanFileName(written)
    if (kind !== undefined) this.#problems.add(kind, () => `${where}: '${written}'`)
    const path = name === '' ? undefined : await this.#byName(name)
    if (path !== undefined) return { path, missing: false }
    return this.missing(name === '' ? written : name, where)
  }

  /** The photos whose name without extension is this, all from the first folder that has one. */
  async withStem(stem: string): Promise<readonly string[]> {
    for (const folder of this.#folders) {
      const path = join(folder, stem)
      const names = await this.#reader.photosOfStem(dirname(path), basename(path))
      if (names.length > 0) return names.map((name) => join(dirname(path), name))
    }
    return []
  }

  /** Records a photo that is not there. */
  missing(name: string, where: string): FoundImage {
    const folder = this.#folders[0]!
    this.#problems.add('image-missing', () => `${where}: '${name}' is not in ${this.#folders.slice(0, 3).join(' or ')}`)
    return { path: join(folder, name.replaceAll('\0', '')), missing: true }
  }

  async #byName(name: string): Promise<string | undefined> {
    for (const folder of this.#folders) {
      const path = join(folder, name)
      if (await this.#reader.holds(dirname(path), basename(path))) return path
    }
    return undefined
  }
}

/** What an annotation file tells about the folder of its photos. */
export interface FolderClues {
  /** Names of photos, as written. */
  readonly names: readonly string[]
  /** Names of folders, lower case, best first: they decide among folders that hold equally many of the names. */
  readonly preferred: readonly string[]
  readonly split: SplitName | undefined
}

/**
 * The folders below `root` that hold photos of these names, the one with most of them first. Folders named after another
 * split are left out where there are others: a photo that is missing in `train` must not be taken from `val`.
 * @returns at least one folder.
 */
export async function imageFolders(reader: FolderReader, root: string, clues: FolderClues): Promise<string[]> {
  const step = Math.max(1, Math.floor(clues.names.length / SAMPLES))
  const samples = clues.names.filter((_, i) => i % step === 0).map((name) => cleanFileName(name).name)
  const rated: { folder: string; hits: number; rank: number; foreign: boolean }[] = []
  for (const folder of await reader.below(root, 2)) {
    let hits = 0
    for (const name of samples) {
      if (name === '') continue
      const [parent, last] = [dirname(join(folder, name)), basename(name)]
      if ((await reader.holds(parent, last)) || (await reader.photosOfStem(parent, last)).length > 0) hits++
    }
    const rank = clues.preferred.indexOf(basename(folder).toLowerCase())
    const split = splitOfName(relative(root, folder))
    const foreign = clues.split !== undefined && split !== undefined && split !== clues.split
    rated.push({ folder, hits, rank: rank < 0 ? clues.preferred.length : rank, foreign })
  }
  rated.sort((a, b) => Number(a.foreign) - Number(b.foreign) || b.hits - a.hits || a.rank - b.rank)
  const fitting = rated.filter(({ hits }) => hits > 0)
  const best = fitting.some(({ foreign }) => !foreign) ? fitting.filter(({ foreign }) => !foreign) : fitting
  return (best.length > 0 ? best : rated.slice(0, 1)).map(({ folder }) => folder)
}
