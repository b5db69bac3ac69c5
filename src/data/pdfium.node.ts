/**
 * @file Loads PDFium, compiled to WebAssembly (the optional package @hyzyla/pdfium), the first time a PDF document is
 * opened. Each document gets an instance of its own: what a damaged file does to PDFium's memory stays with that file,
 * and the memory goes when the document does.
 */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { ConfigError } from '../tensor/index.js'

/**
 * The functions of PDFium's C API that are used. Documents, pages and bitmaps are addresses, 0 for none.
 * @see https://pdfium.googlesource.com/pdfium/+/refs/heads/main/public/fpdfview.h
 */
export interface Pdfium {
  /** The memory; another array whenever it has grown. */
  readonly HEAPU8: Uint8Array
  _malloc(length: number): number
  _free(address: number): void
  _FPDF_InitLibrary(): void
  _FPDF_GetLastError(): number
  _FPDF_LoadMemDocument(bytes: number, length: number, password: number): number
  _FPDF_GetPageCount(pdf: number): number
  /** Writes width and height in points, two float32. */
  _FPDF_GetPageSizeByIndexF(pdf: number, index: number, size: number): number
  _FPDF_LoadPage(pdf: number, index: number): number
  _FPDF_ClosePage(page: number): void
  _FPDFBitmap_CreateEx(width: number, height: number, format: number, pixels: number, stride: number): number
  _FPDFBitmap_FillRect(bitmap: number, left: number, top: number, width: number, height: number, argb: number): number
  _FPDFBitmap_Destroy(bitmap: number): void
  _FPDF_RenderPageBitmap(
    bitmap: number,
    page: number,
    left: number,
    top: number,
    width: number,
    height: number,
    rotation: number,
    flags: number,
  ): void
}

type Receive = (instance: WebAssembly.Instance, module: WebAssembly.Module) => void

interface Package {
  readonly createInstance: (options: {
    readonly instantiateWasm: (imports: WebAssembly.Imports, receive: Receive) => object
    readonly print: (text: string) => void
    readonly printErr: (text: string) => void
  }) => Promise<Pdfium>
  readonly compiled: WebAssembly.Module
}

let loaded: Promise<Package> | undefined

/**
 * A new instance of PDFium; its code is read and compiled once.
 * @throws ConfigError when the package is not installed or does not load.
 */
export async function createPdfium(): Promise<Pdfium> {
  loaded ??= loadPackage()
  const { createInstance, compiled } = await loaded
  const pdfium = await createInstance({
    instantiateWasm: (imports, receive) => {
      receive(new WebAssembly.Instance(compiled, imports), compiled)
      return {}
    },
    // What it has to say about damaged files is said by our errors.
    print: () => undefined,
    printErr: () => undefined,
  })
  pdfium._FPDF_InitLibrary()
  return pdfium
}

async function loadPackage(): Promise<Package> {
  try {
    const wasm = createRequire(import.meta.url).resolve('@hyzyla/pdfium/pdfium.wasm')
    const [{ PDFiumModule }, bytes] = await Promise.all([import('@hyzyla/pdfium'), readFile(wasm)])
    const createInstance = PDFiumModule as unknown as Package['createInstance']
    return { createInstance, compiled: await WebAssembly.compile(Uint8Array.from(bytes)) }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const missing = code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND'
    throw new ConfigError({
      where: '@hyzyla/pdfium',
      expected: 'the optional package @hyzyla/pdfium, which renders pages of PDF documents',
      got: missing ? 'no such package' : 'one that does not load',
      next: 'Install it with: npm install @hyzyla/pdfium',
      cause: error,
    })
  }
}
