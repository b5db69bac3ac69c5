/** @file What lies in folders, each read once. */
import { readdir, stat } from 'node:fs/promises'
import { isAbsolute, join, relative, sep } from 'node:path'
import { describeReadFault, FileError } from '../../tensor/index.node.js'
import { IMAGE_EXTENSIONS } from '../find-images.node.js'

/** Names in a folder, in code-unit order without their extensions; hidden ones are left out. */
export interface FolderEntries {
  readonly files: readonly string[]
  readonly folders: readonly string[]
}

/** Extensions of photos that cannot be decoded: they belong to a data set all the same, and are reported. */
const OTHER_PHOTOS = ['.bmp', '.heic', '.heif', '.jp2', '.jxl', '.dng']

/** Whether a file's name is a photo's. */
export function isPhotoName(name: string): boolean {
  const lower = name.toLowerCase()
  return IMAGE_EXTENSIONS.some((end) => lower.endsWith(end)) || OTHER_PHOTOS.some((end) => lower.endsWith(end))
}

/** A file's name without its extension. */
export function stemOf(name: string): string {
  const point = name.lastIndexOf('.')
  return point > 0 ? name.slice(0, point) : name
}

/** Whether a path is this folder or lies in it; both absolute. */
export function isWithin(folder: string, path: string): boolean {
  const inside = relative(folder, path)
  // On Windows the way to another drive is absolute.
  return !(inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside))
}

const NOTHING: FolderEntries = { files: [], folders: [] }

/** Reads folders and remembers them. */
export class FolderReader {
  readonly #entries = new Map<string, Promise<FolderEntries>>()
  readonly #names = new Map<string, ReadonlySet<string>>()
  readonly #stems = new Map<string, ReadonlyMap<string, readonly string[]>>()

  /**
   * What lies in a folder; nothing where there is no such folder.
   * @throws FileError when it may not be read.
   */
  list(folder: string): Promise<FolderEntries> {
    let entries = this.#entries.get(folder)
    if (entries === undefined) {
      entries = readFolder(folder)
      this.#entries.set(folder, entries)
    }
    return entries
  }

  /** Whether a folder holds a file of this name, case included on every system. */
  async holds(folder: string, name: string): Promise<boolean> {
    let names = this.#names.get(folder)
    if (names === undefined) {
      names = new Set((await this.list(folder)).files)
      this.#names.set(folder, names)
    }
    return names.has(name)
  }

  /** Names of the photos in a folder with this name before the extension. */
  async photosOfStem(folder: string, stem: string): Promise<readonly string[]> {
    let stems = this.#stems.get(folder)
    if (stems === undefined) {
      const found = new Map<string, string[]>()
      for (const name of (await this.list(folder)).files.filter(isPhotoName)) {
        const same = found.get(stemOf(name))
        if (same === undefined) found.set(stemOf(name), [name])
        else same.push(name)
      }
      stems = found
      this.#stems.set(folder, stems)
    }
    return stems.get(stem) ?? []
  }

  /** The folder itself and those below it, as paths, nearest first. */
  async below(folder: string, depth: number): Promise<string[]> {
    const all = [folder]
    let level = [folder]
    for (let i = 0; i < depth; i++) {
      const next: string[] = []
      for (const parent of level) for (const name of (await this.list(parent)).folders) next.push(join(parent, name))
      all.push(...next)
      level = next
    }
    return all
  }
}

/** So that `a.jpg` comes before `a-2.jpg`, as `a.xml` before `a-2.xml`, whatever the extensions. */
function byStem(a: string, b: string): number {
  const [first, second] = [stemOf(a), stemOf(b)]
  if (first === second) return a < b ? -1 : 1
  return first < second ? -1 : 1
}

async function readFolder(folder: string): Promise<FolderEntries> {
  const [files, folders]: [string[], string[]] = [[], []]
  try {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (entry.name.startsWith('.')) continue
      const status = entry.isSymbolicLink() ? await stat(join(folder, entry.name)).catch(() => undefined) : entry
      if (status?.isFile() === true) files.push(entry.name)
      else if (status?.isDirectory() === true) folders.push(entry.name)
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return NOTHING
    throw new FileError({ where: folder, expected: 'a readable folder', got: describeReadFault(error), cause: error })
  }
  return { files: files.sort(byStem), folders: folders.sort() }
}
