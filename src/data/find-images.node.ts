/** @file What a command's inputs mean: files, folders, patterns, `-` for standard input, web addresses. */
import { readdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { describeReadFault, FileError } from '../tensor/index.node.js'
import { isPattern } from './glob.js'
import { findByPattern } from './glob.node.js'

/** Where an image is to be read from. `name` is for people: messages, tables, names of results. */
export type ImageSource =
  | { readonly kind: 'file'; readonly name: string; readonly path: string }
  | { readonly kind: 'url'; readonly name: string; readonly url: string }
  | { readonly kind: 'stdin'; readonly name: string }

/** The images that some inputs stand for. */
export interface FoundImages {
  readonly images: readonly ImageSource[]
  /** Files in the named folders, or fitting the patterns, whose extension is not an image's. */
  readonly passedOver: number
}

/** Extensions of images, lower case. */
export const IMAGE_EXTENSIONS: readonly string[] = [
  '.jpg',
  '.jpeg',
  '.jpe',
  '.jfif',
  '.png',
  '.webp',
  '.avif',
  '.tif',
  '.tiff',
  '.gif',
]

/** Options of `findImages`. */
export interface FindImagesOptions {
  /** Whether backslashes separate folders and case does not matter; as on this system when left out. */
  readonly windows?: boolean
}

/**
 * Lists the images that the inputs stand for, in the order of the inputs, each file once.
 *
 * A folder stands for the images directly in it (not in its subfolders) and a pattern (`*`, `**`, `?`, `{a,b}`) for the
 * images that fit it, both sorted as people count: `2.jpg` before `10.jpg`. There, only files with an image's extension
 * count, and hidden ones do not; a file that is named outright is taken whatever its name. A name that exists is never
 * read as a pattern. Nothing is opened or downloaded.
 * @throws FileError when a name does not exist, or a folder or pattern holds no image.
 */
export async function findImages(inputs: readonly string[], options: FindImagesOptions = {}): Promise<FoundImages> {
  const windows = options.windows ?? process.platform === 'win32'
  const images = new Map<string, ImageSource>()
  let passedOver = 0
  for (const input of inputs) {
    const found = await expandInput(input, windows)
    for (const image of found.images) {
      const key = image.kind === 'file' ? resolve(image.path) : image.name
      if (!images.has(key)) images.set(key, image)
    }
    passedOver += found.passedOver
  }
  return { images: [...images.values()], passedOver }
}

async function expandInput(input: string, windows: boolean): Promise<FoundImages> {
  if (input === '-') return { images: [{ kind: 'stdin', name: 'standard input' }], passedOver: 0 }
  if (/^https?:\/\//i.test(input)) return { images: [{ kind: 'url', name: input, url: input }], passedOver: 0 }
  if (input === '') throw new FileError({ where: 'input', expected: 'a file, folder or pattern', got: 'an empty name' })
  let status: Awaited<ReturnType<typeof stat>>
  try {
    status = await stat(input)
  } catch (error) {
    if (isPattern(input)) return matching(input, windows)
    throw new FileError({
      where: input,
      expected: 'a file, a folder, a pattern, a web address or -',
      got: describeReadFault(error),
      cause: error,
    })
  }
  if (status.isDirectory()) return inFolder(input)
  return { images: [{ kind: 'file', name: input, path: input }], passedOver: 0 }
}

async function inFolder(folder: string): Promise<FoundImages> {
  const files: string[] = []
  let folders = 0
  try {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (entry.name.startsWith('.')) continue
      const path = join(folder, entry.name)
      const isFile = entry.isFile() || (entry.isSymbolicLink() && (await stat(path).catch(() => undefined))?.isFile())
      if (isFile) files.push(path)
      else if (entry.isDirectory()) folders++
    }
  } catch (error) {
    throw new FileError({ where: folder, expected: 'a readable folder', got: describeReadFault(error), cause: error })
  }
  const found = onlyImages(files)
  if (found.images.length > 0) return found
  throw new FileError({
    where: folder,
    expected: 'a folder with images',
    got: `${count(files.length, 'other file')} and ${count(folders, 'subfolder')}`,
    ...(folders > 0 ? { next: `For the images in its subfolders, use '${join(folder, '**', '*')}'.` } : {}),
  })
}

async function matching(pattern: string, windows: boolean): Promise<FoundImages> {
  const files = await findByPattern(pattern, { windows })
  const found = onlyImages(files)
  if (found.images.length > 0) return found
  throw new FileError({
    where: pattern,
    expected: 'images that fit the pattern',
    got: files.length === 0 ? 'no file' : `only ${count(files.length, 'other file')}`,
  })
}

function onlyImages(paths: readonly string[]): FoundImages {
  const images = paths.filter((path) => IMAGE_EXTENSIONS.some((extension) => path.toLowerCase().endsWith(extension)))
  return {
    images: sortNaturally(images).map((path) => ({ kind: 'file', name: path, path })),
    passedOver: paths.length - images.length,
  }
}

/** Numbers inside names count as numbers; names that differ only in case keep a fixed order. */
function sortNaturally(paths: string[]): string[] {
  const { compare } = new Intl.Collator('en', { numeric: true })
  return paths.sort((a, b) => compare(a, b) || (a < b ? -1 : 1))
}

function count(number: number, noun: string): string {
  return `${number === 0 ? 'no' : number} ${noun}${number === 1 ? '' : 's'}`
}
