/** @file Which images are PDF documents, told by their first bytes, and what becomes of them: a source for each page. */
import { resolve } from 'node:path'
import { DetrsError } from '../tensor/index.js'
import type { ImageSource } from './find-images.node.js'
import { type ReadImageSourceOptions, readImageSource } from './image-source.node.js'
import { missingPage } from './pdf.node.js'
import { choosePages, type PageRange, pageName, parsePages } from './pdf-page.js'
import { readFileHead } from './read-file.node.js'
import { isPdf } from './sniff.js'

/** Options of `findPages`. */
export interface FindPagesOptions extends ReadImageSourceOptions {
  /** Number of pages of a document: `Preprocessor.countPages`. @throws DetrsError when it cannot be read. */
  readonly countPages: (pdf: Uint8Array | string, where: string) => Promise<number>
  /** Pages of documents that are named without `#page=`; all when left out. */
  readonly pages?: readonly PageRange[]
  /** Pixels per inch of the pages; `DEFAULT_DPI` when left out. */
  readonly dpi?: number
}

/** The images, among them the pages of documents. */
export interface FoundPages {
  readonly images: readonly ImageSource[]
  /** Number of inputs that are PDF documents, readable or not. */
  readonly pdfs: number
}

/** Sources that are looked at together. */
const AT_ONCE = 32

/**
 * Puts in the place of each PDF document its pages, each once, and leaves images as they are. Standard input is read
 * for that, and so are addresses that end in `.pdf` or name a page, or all when pages are chosen; their bytes are kept.
 * What is wrong with a document becomes a source that cannot be read, so that the others can go on.
 */
export async function findPages(sources: readonly ImageSource[], options: FindPagesOptions): Promise<FoundPages> {
  const images = new Map<string, ImageSource>()
  let pdfs = 0
  for (let first = 0; first < sources.length; first += AT_ONCE) {
    const looked = sources.slice(first, first + AT_ONCE).map((source) => expand(source, options))
    for (const found of await Promise.all(looked)) {
      pdfs += found.pdfs
      for (const image of found.images) {
        const key = keyOf(image)
        if (!images.has(key)) images.set(key, image)
      }
    }
  }
  return { images: [...images.values()], pdfs }
}

function keyOf(source: ImageSource): string {
  if (source.kind === 'file') return resolve(source.path)
  if (source.kind === 'page' && typeof source.content.pdf === 'string') {
    return pageName(resolve(source.content.pdf), source.content.page)
  }
  // A document may be at fault in several ways, each of which is to be told.
  return `${source.kind} ${source.name} ${source.kind === 'unreadable' ? source.error.message : ''}`
}

async function expand(source: ImageSource, options: FindPagesOptions): Promise<FoundPages> {
  let pdfs = 0
  try {
    const content = await contentOf(source, options)
    if (content === undefined) return { images: [source], pdfs }
    const asked = 'pages' in source ? source.pages : undefined
    const found = isPdf(typeof content === 'string' ? await readFileHead(content) : content)
    // Where pages are asked for, opening it says why there are none.
    if (!found && asked === undefined) {
      return {
        images: [typeof content === 'string' ? source : { kind: 'bytes', name: source.name, bytes: content }],
        pdfs,
      }
    }
    pdfs = 1
    const ranges = asked === undefined ? (options.pages ?? ALL) : parsePages(asked, `${source.name}#page=${asked}`)
    const count = await options.countPages(content, source.name)
    return { images: pagesOf(source.name, content, count, ranges, options.dpi), pdfs }
  } catch (error) {
    if (!(error instanceof DetrsError)) throw error
    return { images: [{ kind: 'unreadable', name: source.name, error }], pdfs }
  }
}

const ALL: readonly PageRange[] = [{ first: 1 }]

/** A path, or bytes; undefined for what need not be looked at before it is decoded. */
async function contentOf(source: ImageSource, options: FindPagesOptions): Promise<Uint8Array | string | undefined> {
  switch (source.kind) {
    case 'file':
      return source.path
    case 'bytes':
      return source.bytes
    case 'stdin':
      return bytesOf(source, options)
    case 'url': {
      const named = source.pages !== undefined || options.pages !== undefined
      return named || /\.pdf$/i.test(pathOf(source.url)) ? bytesOf(source, options) : undefined
    }
    default:
      return undefined
  }
}

async function bytesOf(source: ImageSource, options: FindPagesOptions): Promise<Uint8Array | undefined> {
  const content = await readImageSource(source, options)
  return content instanceof Uint8Array ? content : undefined
}

function pathOf(address: string): string {
  return URL.canParse(address) ? new URL(address).pathname : address
}

function pagesOf(
  name: string,
  pdf: Uint8Array | string,
  count: number,
  ranges: readonly PageRange[],
  dpi: number | undefined,
): ImageSource[] {
  const { pages, missing } = choosePages(ranges, count, name)
  const found: ImageSource[] = pages.map((page) => ({
    kind: 'page',
    name: pageName(name, page),
    pdf: name,
    content: { pdf, page, ...(dpi === undefined ? {} : { dpi }) },
  }))
  for (const page of missing) {
    found.push({ kind: 'unreadable', name: pageName(name, page), error: missingPage(name, page, count) })
  }
  return found
}
