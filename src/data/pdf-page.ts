/** @file Pages of PDF documents as images: which one, how finely, and lists of pages such as `1-3,7`. */
import { ConfigError, ImageError } from '../tensor/index.js'
import type { RgbImage } from './image.js'

/** Pixels per inch of a rendered page: a page of A4 has 1240×1754. */
export const DEFAULT_DPI = 150

/** PDF's unit of length: 72 points are an inch. */
export const POINTS_PER_INCH = 72

/** Most pages of one document that are listed. A file of a few bytes may claim a million. */
export const MAX_LISTED_PAGES = 20_000

/** One page, to be rendered. */
export interface PdfPage {
  /** The document's path, or its bytes. */
  readonly pdf: Uint8Array | string
  /** Counted from 1. */
  readonly page: number
  /** Pixels per inch; `DEFAULT_DPI` when left out. */
  readonly dpi?: number | undefined
}

/** Size of an upright page in points. */
export interface PdfPageSize {
  readonly widthPoints: number
  readonly heightPoints: number
}

/** What an image is decoded or rendered from: a file's path, its bytes, or a page of a document; or its pixels. */
export type ImageContent = Uint8Array | string | PdfPage | RgbImage

/** Whether the content is a page to be rendered. */
export function isPdfPage(content: ImageContent): content is PdfPage {
  return typeof content === 'object' && 'pdf' in content
}

/** Pages `first` to `last`, counted from 1; without `last`, to the document's end. */
export interface PageRange {
  readonly first: number
  readonly last?: number
}

/** A name and the pages behind its `#page=`. */
export interface PagedName {
  readonly name: string
  readonly pages?: string
}

/** Divides `report.pdf#page=3` into the name and the pages; a name without is whole. */
export function splitPages(name: string): PagedName {
  const found = /^(.+)#page=([^#]*)$/s.exec(name)
  return found === null ? { name } : { name: found[1]!, pages: found[2]! }
}

/** The name of one page: `report.pdf#page=3`. */
export function pageName(pdf: string, page: number): string {
  return `${pdf}#page=${page}`
}

/**
 * Reads a list such as `1-3,7` or `5-`.
 * @param where what to call it in the error
 * @throws ConfigError when it is no such list.
 */
export function parsePages(text: string, where: string): PageRange[] {
  return text.split(',').map((item) => {
    const found = /^\s*(\d{1,9})\s*(?:(-)\s*(\d{1,9})?\s*)?$/.exec(item)
    const [first, last] = [Number(found?.[1]), Number(found?.[3] ?? found?.[1])]
    if (found === null || first < 1 || last < first) {
      throw new ConfigError({ where, expected: 'pages, counted from 1, such as 3 or 1-3,7 or 5-', got: `'${text}'` })
    }
    return found[2] !== undefined && found[3] === undefined ? { first } : { first, last }
  })
}

/** Pages of a document, each once, in the order of the list, and beginnings of ranges that are behind its end. */
export interface ChosenPages {
  readonly pages: readonly number[]
  readonly missing: readonly number[]
}

/**
 * The pages that a list means in a document of `count` pages. A range that goes beyond the last page ends with it.
 * @throws ImageError when they are more than `MAX_LISTED_PAGES`.
 */
export function choosePages(ranges: readonly PageRange[], count: number, where: string): ChosenPages {
  const pages = new Set<number>()
  const missing = new Set<number>()
  for (const { first, last = count } of ranges) {
    if (first > count) missing.add(first)
    for (let page = first; page <= Math.min(last, count); page++) {
      pages.add(page)
      if (pages.size > MAX_LISTED_PAGES) {
        throw new ImageError({
          where,
          expected: `at most ${MAX_LISTED_PAGES} pages`,
          got: `more, of a document of ${count}`,
          next: `Choose some, for example: ${pageName(where, 1)}-100`,
        })
      }
    }
  }
  return { pages: [...pages], missing: [...missing] }
}
