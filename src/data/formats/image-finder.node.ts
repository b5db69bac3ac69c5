/** @file Finds the photos that annotation files name. */
import { dirname, join, sep } from 'node:path'
import { cleanFileName } from './file-name.js'
import { type FolderReader, isPhotoName } from './folders.node.js'
import type { ProblemList } from './problems.js'

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
      const names = await this.#reader.photosOfStem(dirname(path), path.slice(dirname(path).length + 1))
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
      const parent = dirname(path)
      if (await this.#reader.holds(parent, path.slice(parent.length + (parent.endsWith(sep) ? 0 : 1)))) return path
    }
    return undefined
  }
}

/**
 * The folders below `root` with photos, those that hold most of `names` first; among equals, the one earlier in
 * `preferred`, then the nearer one.
 * @param preferred names of folders, best first.
 */
export async function imageFolders(
  reader: FolderReader,
  root: string,
  names: readonly string[],
  preferred: readonly string[],
): Promise<string[]> {
  const step = Math.max(1, Math.floor(names.length / SAMPLES))
  const samples = names.filter((_, i) => i % step === 0).map((name) => cleanFileName(name).name)
  const rated: { folder: string; hits: number; rank: number }[] = []
  for (const folder of await reader.below(root, 2)) {
    const { files, folders } = await reader.list(folder)
    if (folders.length === 0 && !files.some(isPhotoName)) continue
    const finder = new Set<string>()
    for (const name of samples) {
      const parent = dirname(join(folder, name))
      if (name !== '' && (await reader.holds(parent, join(folder, name).slice(parent.length + 1)))) finder.add(name)
    }
    const rank = preferred.indexOf(folder.slice(dirname(folder).length + 1).toLowerCase())
    rated.push({ folder, hits: finder.size, rank: rank < 0 ? preferred.length : rank })
  }
  rated.sort((a, b) => b.hits - a.hits || a.rank - b.rank)
  const best = rated.filter(({ hits }) => hits > 0)
  return (best.length > 0 ? best : rated.slice(0, 1)).map(({ folder }) => folder)
}
