/** @file PDF documents: how many pages, how large, and each as 8-bit RGB on white. PDFium does the work. */
import { ConfigError, DetrsError, ImageError } from '../tensor/index.js'
import type { RgbImage } from './image.js'
import { MAX_PIXELS } from './limits.js'
import { DEFAULT_DPI, type PdfPageSize, POINTS_PER_INCH, pageName } from './pdf-page.js'
import { createPdfium, type Pdfium } from './pdfium.node.js'
import { readRegularFile } from './read-file.node.js'
import { isPdf, sniffImage } from './sniff.js'

/** Options of `PdfDocument.render`. */
export interface RenderPageOptions {
  /** Pixels per inch, up to 10000; `DEFAULT_DPI` when left out. */
  readonly dpi?: number | undefined
  /** Largest width × height that is rendered; that of `decodeImage` when left out. */
  readonly maxPixels?: number | undefined
}

/** A rendered page; `width` is `widthPoints · dpi / 72` rounded, and the height likewise. */
export interface RenderedPage {
  readonly image: RgbImage
  readonly size: PdfPageSize
}

const MAX_DPI = 10_000

/** FPDF_ERR_PASSWORD and FPDF_ERR_SECURITY. */
const [PASSWORD_ERROR, SECURITY_ERROR] = [4, 5]
/** FPDFBitmap_BGR: three bytes a pixel, without alpha. */
const THREE_BYTES = 2
/** FPDF_ANNOT, which draws annotations and filled forms as well, and FPDF_REVERSE_BYTE_ORDER, which makes BGR RGB. */
const RENDER_FLAGS = 0x01 | 0x10
const WHITE = 0xffffffff

/** An open PDF document. Rendering takes its time on the calling thread. */
export class PdfDocument {
  readonly pageCount: number
  readonly #where: string
  /** Undefined once closed, or once PDFium has given up: its memory is then in an unknown state. */
  #pdfium: Pdfium | undefined
  readonly #pdf: number

  private constructor(where: string, pdfium: Pdfium, pdf: number) {
    this.#where = where
    this.#pdfium = pdfium
    this.#pdf = pdf
    this.pageCount = pdfium._FPDF_GetPageCount(pdf)
  }

  /**
   * Opens a document.
   * @param source its path, or its bytes
   * @param where name for error sentences; the path when left out
   * @throws FileError when the path is missing, unreadable, or no regular file; ImageError when the bytes are no PDF
   *   document, one without pages or that asks for a password, or that PDFium cannot read; ConfigError when PDFium is not installed.
   */
  static async open(source: Uint8Array | string, where?: string): Promise<PdfDocument> {
    const name = where ?? (typeof source === 'string' ? source : 'PDF')
    const bytes = typeof source === 'string' ? await readRegularFile(source, name) : source
    if (!isPdf(bytes)) {
      const sniffed = sniffImage(bytes)
      const got = sniffed.format === undefined ? sniffed.other : `a ${sniffed.format.toUpperCase()} image`
      throw new ImageError({ where: name, expected: 'a PDF document', got })
    }
    const pdfium = await createPdfium()
    const pdf = attempt(name, () => new PdfDocument(name, pdfium, load(pdfium, bytes, name)))
    if (pdf.pageCount > 0) return pdf
    throw new ImageError({ where: name, expected: 'a PDF document with pages', got: 'one without' })
  }

  /**
   * Size of a page as it is shown: cropped and turned as the document says.
   * @param page counted from 1
   * @throws ImageError when there is no such page.
   */
  pageSize(page: number): PdfPageSize {
    const where = this.#checkPage(page)
    return this.#use(where, (pdfium) => {
      const address = pdfium._malloc(8)
      try {
        const known = pdfium._FPDF_GetPageSizeByIndexF(this.#pdf, page - 1, address)
        if (known === 0) throw unreadable(where)
        const view = new DataView(pdfium.HEAPU8.buffer, address, 8)
        return { widthPoints: view.getFloat32(0, true), heightPoints: view.getFloat32(4, true) }
      } finally {
        pdfium._free(address)
      }
    })
  }

  /**
   * Renders a page on white, upright, with annotations.
   * @param page counted from 1
   * @throws ImageError when there is no such page, PDFium cannot render it, or it would have more than `maxPixels`
   *   pixels, which is known before any is allocated; ConfigError for a resolution that makes no sense.
   */
  render(page: number, options: RenderPageOptions = {}): RenderedPage {
    const { dpi = DEFAULT_DPI, maxPixels = MAX_PIXELS } = options
    if (!(dpi >= 1 && dpi <= MAX_DPI)) {
      throw new ConfigError({ where: 'dpi', expected: `a number from 1 to ${MAX_DPI}`, got: `${dpi}` })
    }
    const where = this.#checkPage(page)
    const size = this.pageSize(page)
    const width = Math.max(1, Math.round((size.widthPoints * dpi) / POINTS_PER_INCH))
    const height = Math.max(1, Math.round((size.heightPoints * dpi) / POINTS_PER_INCH))
    // Written so that NaN is refused as well.
    if (!(width * height <= maxPixels)) {
      throw new ImageError({
        where,
        expected: `at most ${maxPixels} pixels`,
        got: `${width}×${height} = ${width * height} at ${dpi} dpi`,
        next: 'Render it at a lower resolution, or raise the limit on pixels if its source is trusted.',
      })
    }
    const data = this.#use(where, (pdfium) => draw(pdfium, this.#pdf, page, width, height, where))
    return { image: { width, height, data }, size }
  }

  /** Whether nothing can be asked of the document any more. */
  get closed(): boolean {
    return this.#pdfium === undefined
  }

  /** Lets go of PDFium's memory. */
  close(): void {
    this.#pdfium = undefined
  }

  #checkPage(page: number): string {
    if (Number.isInteger(page) && page >= 1 && page <= this.pageCount) return pageName(this.#where, page)
    throw missingPage(this.#where, page, this.pageCount)
  }

  #use<T>(where: string, action: (pdfium: Pdfium) => T): T {
    const pdfium = this.#pdfium
    if (pdfium === undefined) {
      throw new ImageError({ where, expected: 'an open document', got: 'one that is closed, or that PDFium gave up' })
    }
    return attempt(
      where,
      () => action(pdfium),
      () => this.close(),
    )
  }
}

/** The error for a page that the document does not have. */
export function missingPage(where: string, page: number, count: number): ImageError {
  const expected = count === 1 ? 'page 1, the only one' : `a page from 1 to ${count}`
  return new ImageError({ where: pageName(where, page), expected, got: `${page}` })
}

function load(pdfium: Pdfium, bytes: Uint8Array, where: string): number {
  // PDFium reads from this copy for as long as the document is open.
  const address = allocate(pdfium, bytes.length, where)
  pdfium.HEAPU8.set(bytes, address)
  const pdf = pdfium._FPDF_LoadMemDocument(address, bytes.length, 0)
  if (pdf !== 0) return pdf
  const reason = pdfium._FPDF_GetLastError()
  if (reason === PASSWORD_ERROR || reason === SECURITY_ERROR) {
    throw new ImageError({
      where,
      expected: 'a PDF document that opens without a password',
      got: reason === PASSWORD_ERROR ? 'an encrypted one' : 'one with an unknown kind of encryption',
      next: 'Save a copy without encryption.',
    })
  }
  throw new ImageError({
    where,
    expected: 'an intact PDF document',
    got: 'one that is damaged or cut off',
  })
}

function draw(pdfium: Pdfium, pdf: number, page: number, width: number, height: number, where: string): Uint8Array {
  const length = width * height * 3
  const pixels = allocate(pdfium, length, where)
  const loaded = pdfium._FPDF_LoadPage(pdf, page - 1)
  const bitmap = pdfium._FPDFBitmap_CreateEx(width, height, THREE_BYTES, pixels, width * 3)
  try {
    if (loaded === 0 || bitmap === 0) throw unreadable(where)
    pdfium._FPDFBitmap_FillRect(bitmap, 0, 0, width, height, WHITE)
    pdfium._FPDF_RenderPageBitmap(bitmap, loaded, 0, 0, width, height, 0, RENDER_FLAGS)
    return pdfium.HEAPU8.slice(pixels, pixels + length)
  } finally {
    if (bitmap !== 0) pdfium._FPDFBitmap_Destroy(bitmap)
    if (loaded !== 0) pdfium._FPDF_ClosePage(loaded)
    pdfium._free(pixels)
  }
}

function allocate(pdfium: Pdfium, length: number, where: string): number {
  const address = pdfium._malloc(length)
  if (address !== 0) return address
  const got = `${length} bytes more than it has room for`
  throw new ImageError({ where, expected: 'what fits into the 2 GiB of memory that PDFium has', got })
}

function unreadable(where: string): ImageError {
  return new ImageError({ where, expected: 'a page that can be read', got: 'a damaged one' })
}

/** Makes one sentence of what PDFium throws: it aborts where it runs out of memory or finds itself in disorder. */
function attempt<T>(where: string, action: () => T, onAbort?: () => void): T {
  try {
    return action()
  } catch (error) {
    if (error instanceof DetrsError) throw error
    onAbort?.()
    const cause = error instanceof Error ? error.message : String(error)
    const got = `one that PDFium gave up on (${cause.split('\n')[0]!.slice(0, 100)})`
    throw new ImageError({ where, expected: 'a page that can be read', got, cause: error })
  }
}
