/** @file What a command's inputs mean: files, folders, patterns, `-` for standard input, web addresses. */
import { readdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type DetrsError, describeReadFault, FileError } from '../tensor/index.node.js'
import { isPattern } from './glob.js'
import { findByPattern } from './glob.node.js'
import { type PdfPage, splitPages } from './pdf-page.js'

/**
 * Where an image is to be read from. `name` is for people: messages, tables, names of results. `pages` are those behind
 * `#page=` in a document's name. The last three kinds come from `findPages`.
 */
export type ImageSource =
  | { readonly kind: 'file'; readonly name: string; readonly path: string; readonly pages?: string }
  | { readonly kind: 'url'; readonly name: string; readonly url: string; readonly pages?: string }
  | { readonly kind: 'stdin'; readonly name: string }
  | { readonly kind: 'bytes'; readonly name: string; readonly bytes: Uint8Array }
  | { readonly kind: 'page'; readonly name: string; readonly pdf: string; readonly content: PdfPage }
  | { readonly kind: 'unreadable'; readonly name: string; readonly error: DetrsError }

/** The images that some inputs stand for. */
export interface FoundImages {
  readonly images: readonly ImageSource[]
  /** Files in the named folders, or fitting the patterns, whose extension is neither an image's nor a PDF document's. */
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

/** What stands for images in a folder or a pattern. */
const FOUND_EXTENSIONS: readonly string[] = [...IMAGE_EXTENSIONS, '.pdf']

/** Options of `findImages`. */
export interface FindImagesOptions {
  /** Whether backslashes separate folders and case does not matter; as on this system when left out. */
  readonly windows?: boolean | undefined
}

/**
 * Lists the images that the inputs stand for, in the order of the inputs, each file once.
 *
 * A folder stands for the images directly in it (not in its subfolders) and a pattern (`*`, `**`, `?`, `{a,b}`) for the
 * images that fit it, both sorted as people count: `2.jpg` before `10.jpg`. There, only files with the extension of an
 * image or a PDF document count, and hidden ones do not; a file that is named outright is taken whatever its name. A name
 * that exists is never read as a pattern, nor is a `#page=` in it. Nothing is opened or downloaded: see `findPages`.
 * @throws FileError when a name does not exist, or a folder or pattern holds no image.
 */
export async function findImages(inputs: readonly string[], options: FindImagesOptions = {}): Promise<FoundImages> {
  const windows = options.windows ?? process.platform === 'win32'
  const images = new Map<string, ImageSource>()
  let passedOver = 0
  for (const input of inputs) {
    const found = await expandInput(input, windows)
    for (const image of found.images) {
      const pages = image.kind === 'file' ? image.pages : undefined
      const path = image.kind === 'file' ? resolve(image.path) : image.name
      const key = pages === undefined ? path : `${path}#page=${pages}`
      if (!images.has(key)) images.set(key, image)
    }
    passedOver += found.passedOver
  }
  return { images: [...images.values()], passedOver }
}

async function expandInput(input: string, windows: boolean): Promise<FoundImages> {
  if (input === '-') return { images: [{ kind: 'stdin', name: 'standard input' }], passedOver: 0 }
  if (/^https?:\/\//i.test(input)) {
    const { name, ...pages } = splitPages(input)
    return { images: [{ kind: 'url', name, url: name, ...pages }], passedOver: 0 }
  }
  if (input === '') throw new FileError({ where: 'input', expected: 'a file, folder or pattern', got: 'an empty name' })
  let status: Awaited<ReturnType<typeof stat>>
  try {
    status = await stat(input)
  } catch (error) {
    const { name, pages } = splitPages(input)
    if (pages !== undefined) return withPages(await expandInput(name, windows), pages)
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

function withPages({ images, passedOver }: FoundImages, pages: string): FoundImages {
  return { images: images.map((image) => (image.kind === 'file' ? { ...image, pages } : image)), passedOver }
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
  const images = paths.filter((path) => FOUND_EXTENSIONS.some((extension) => path.toLowerCase().endsWith(extension)))
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
