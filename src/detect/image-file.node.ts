/** @file What a Node application may call an image, told apart and checked, and its way through the worker threads. */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import {
  createPreprocessor,
  type ImageContent,
  type PreprocessorOptions,
  pageName,
  parsePages,
  type RgbImage,
  splitPages,
} from '../data/index.node.js'
import { ConfigError, describeValue } from '../tensor/index.js'
import type { ImageFile, Preprocessor } from './detector.js'

/** Reads, decodes or renders, and resizes images in worker threads. */
export function createFilePreprocessor(options: PreprocessorOptions = {}): Preprocessor<ImageFile> {
  const pool = createPreprocessor(options)
  return {
    prepare: async (source, rule, ground) => {
      const { content, where } = openImage(source)
      return pool.load(content, where, rule, ground)
    },
    close: () => pool.close(),
  }
}

/** An image to load, and its name for errors. */
interface OpenedImage {
  readonly content: ImageContent
  readonly where: string
}

const FORMS =
  "a path, a file: URL, a file's bytes (Uint8Array), { name, bytes }, { pdf, page } or RGB pixels { width, height, data }"
const UNNAMED = 'image'

/** @throws ConfigError for what is no image. */
function openImage(source: unknown): OpenedImage {
  if (typeof source === 'string') return openPath(source)
  if (source instanceof URL) return openUrl(source)
  if (source instanceof Uint8Array) return { content: source, where: UNNAMED }
  if (typeof source !== 'object' || source === null) throw noImage(source)
  if ('bytes' in source) return openBytes(source)
  if ('pdf' in source) return openPage(source)
  if ('data' in source) return { content: checkPixels(source), where: UNNAMED }
  throw noImage(source)
}

function noImage(source: unknown): ConfigError {
  return new ConfigError({ where: UNNAMED, expected: FORMS, got: describeValue(source) })
}

function openPath(path: string): OpenedImage {
  if (path === '') throw noImage(path)
  if (/^https?:\/\//i.test(path)) throw notLocal(path)
  const { name, pages } = splitPages(path)
  // A file of that very name goes before a page, as on the command line.
  if (pages === undefined || existsSync(path)) return { content: path, where: path }
  const [range, ...others] = parsePages(pages, path)
  if (others.length > 0 || range === undefined || range.last !== range.first) {
    const next = `Give each page for itself: '${pageName(name, 1)}'.`
    throw new ConfigError({ where: path, expected: 'one page', got: `'${pages}'`, next })
  }
  return { content: { pdf: name, page: range.first }, where: path }
}

function notLocal(address: string): ConfigError {
  const next = 'Download it, and give its bytes.'
  return new ConfigError({ where: address, expected: 'an image on this machine', got: 'a web address', next })
}

function openUrl(url: URL): OpenedImage {
  if (url.protocol !== 'file:') throw notLocal(url.href)
  try {
    return openPath(fileURLToPath(url) + (url.hash.startsWith('#page=') ? url.hash : ''))
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause
    throw new ConfigError({ where: url.href, expected: 'the URL of a file', got: (cause as Error).message, cause })
  }
}

function openBytes({ bytes, name }: { readonly bytes: unknown; readonly name?: unknown }): OpenedImage {
  if (typeof name !== 'string') {
    throw new ConfigError({ where: `${UNNAMED}.name`, expected: 'a name for errors', got: describeValue(name) })
  }
  if (bytes instanceof Uint8Array) return { content: bytes, where: name }
  if (bytes instanceof ArrayBuffer) return { content: new Uint8Array(bytes), where: name }
  const expected = "a file's bytes (Uint8Array or ArrayBuffer)"
  throw new ConfigError({ where: `${name}, bytes`, expected, got: describeValue(bytes) })
}

interface PageFields {
  readonly pdf: unknown
  readonly page?: unknown
  readonly dpi?: unknown
}

function openPage({ pdf, page, dpi }: PageFields): OpenedImage {
  if (!((typeof pdf === 'string' && pdf !== '') || pdf instanceof Uint8Array)) {
    const expected = 'the path or the bytes (Uint8Array) of a PDF document'
    throw new ConfigError({ where: `${UNNAMED}.pdf`, expected, got: describeValue(pdf) })
  }
  const document = typeof pdf === 'string' ? pdf : 'PDF'
  if (typeof page !== 'number' || !Number.isSafeInteger(page) || page < 1) {
    const expected = 'the number of a page, counted from 1'
    throw new ConfigError({ where: `${document}, page`, expected, got: describeValue(page) })
  }
  if (dpi !== undefined && typeof dpi !== 'number') {
    const expected = 'pixels per inch, a number'
    throw new ConfigError({ where: `${document}, dpi`, expected, got: describeValue(dpi) })
  }
  return { content: { pdf, page, dpi }, where: pageName(document, page) }
}

interface PixelFields {
  readonly data: unknown
  readonly width?: unknown
  readonly height?: unknown
}

function checkPixels({ width, height, data }: PixelFields): RgbImage {
  for (const [side, length] of Object.entries({ width, height })) {
    if (Number.isSafeInteger(length) && Number(length) >= 1) continue
    throw new ConfigError({ where: `${UNNAMED}.${side}`, expected: 'a number of pixels', got: describeValue(length) })
  }
  const [columns, rows] = [Number(width), Number(height)]
  const length = data instanceof Uint8Array || data instanceof Uint8ClampedArray ? data.length : undefined
  if (data instanceof Uint8Array && length === columns * rows * 3) return { width: columns, height: rows, data }
  throw new ConfigError({
    where: `${UNNAMED}.data`,
    expected: `${columns}×${rows} pixels of RGB in a Uint8Array of ${columns * rows * 3} bytes`,
    got: length === undefined ? describeValue(data) : `${describeValue(data)} of ${length} bytes`,
    ...(length === columns * rows * 4 ? { next: 'Leave out the fourth byte of each pixel, alpha.' } : {}),
  })
}
