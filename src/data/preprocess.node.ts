/**
 * @file Decoding and resizing off the main thread, so that the event loop stays free: a 12-megapixel photo alone would
 * hold it for a fifth of a second.
 */
import { availableParallelism } from 'node:os'
import { ConfigError, type DetrsError } from '../tensor/index.js'
import type { Ground } from './ground.js'
import type { RgbImage } from './image.js'
import type { PdfSource } from './open-pdf.node.js'
import { type ImageContent, isPdfPage } from './pdf-page.js'
import type { OpenPdfPage, PreparedImage } from './prepare.node.js'
import type { ResizeRule } from './resize-rule.js'
import { createWorkerPool, type WorkerPool, type WorkerPoolOptions } from './worker-pool.node.js'

/** What a worker is asked to do: prepare an image for a model, give its pixels, or count a document's pages. */
export type PreprocessRequest =
  | { readonly task: 'prepare'; readonly image: ImageRequest; readonly rule: ResizeRule }
  | { readonly task: 'decode'; readonly image: ImageRequest }
  | { readonly task: 'count'; readonly pdf: PdfSource; readonly where: string }

/** The image of a request. */
export interface ImageRequest {
  readonly source: Uint8Array | string | OpenPdfPage | RgbImage
  readonly where: string
  readonly maxPixels: number | undefined
  readonly ground: Ground | undefined
}

/** What a worker answers: a prepared image, its pixels, or the number of pages. */
export type PreprocessAnswer = PreparedImage | RgbImage | number

type PreprocessPool = WorkerPool<PreprocessRequest, PreprocessAnswer>

/** Options of `createPreprocessor`. */
export interface PreprocessorOptions {
  /** Threads; half the machine's cores, between 1 and 4, when left out: the engine wants cores as well. */
  readonly workers?: number | undefined
  /** Largest image that is decoded, width × height; Pillow's own limit when left out. */
  readonly maxPixels?: number | undefined
  /** Longest time for opening a document or rendering a page, milliseconds; a minute when left out. */
  readonly pageLimitMs?: number | undefined
}

/** One image to load. */
export interface PreprocessJob {
  /** The file's path, or its bytes, which are copied; a page of a document; or pixels, which are copied as well. */
  readonly source: ImageContent
  /** Name for error sentences. */
  readonly where: string
  readonly rule: ResizeRule
  /** What transparent pixels are laid over; when left out alpha is dropped. */
  readonly ground?: Ground | undefined
}

/** What became of a job: an image, or the error that says why there is none. */
export type PreprocessOutcome<Job extends PreprocessJob = PreprocessJob> =
  | { readonly job: Job; readonly image: PreparedImage; readonly error?: undefined }
  | { readonly job: Job; readonly image?: undefined; readonly error: DetrsError | Error }

/** Loads images in worker threads. */
export interface Preprocessor {
  /**
   * Decodes or renders one image and resizes it.
   * @throws FileError, ImageError as `decodeImage` and `PdfDocument` do; ImageError when the worker died or the
   *   preprocessor is closed; ConfigError when the package that renders is not installed.
   */
  load(source: ImageContent, where: string, rule: ResizeRule, ground?: Ground): Promise<PreparedImage>
  /** The same without resizing: the image's own pixels. */
  decode(source: ImageContent, where: string, ground?: Ground): Promise<RgbImage>
  /** Number of pages of a PDF document, given by its path or bytes. @throws what `PdfDocument.open` throws. */
  countPages(pdf: Uint8Array | string, where: string): Promise<number>
  /**
   * Loads many images and yields the outcomes in the order of the jobs. Only a few images ahead of the consumer are
   * started, so that memory stays bounded however long the list is; a broken image is an outcome and stops nothing.
   */
  loadAll<Job extends PreprocessJob>(
    jobs: Iterable<Job> | AsyncIterable<Job>,
  ): AsyncGenerator<PreprocessOutcome<Job>, void, undefined>
  /** Lets running work finish, fails what waits, and ends the threads. */
  close(): Promise<void>
}

/**
 * Starts a preprocessor. Its first thread starts at once and loads the decoder meanwhile; an idle preprocessor does not
 * keep the process alive.
 * @throws ConfigError when an option is out of range.
 */
export function createPreprocessor(options: PreprocessorOptions = {}): Preprocessor {
  const workers = options.workers ?? Math.min(4, Math.max(1, availableParallelism() >> 1))
  const { maxPixels, pageLimitMs = 60_000 } = options
  checkCount('createPreprocessor.workers', workers, 256)
  if (maxPixels !== undefined) checkCount('createPreprocessor.maxPixels', maxPixels, Number.MAX_SAFE_INTEGER)
  checkCount('createPreprocessor.pageLimitMs', pageLimitMs, 2 ** 31 - 1)
  const entry = new URL('./preprocess.worker.node.js', import.meta.url)
  const startPool = (options?: WorkerPoolOptions): PreprocessPool => createWorkerPool(entry, workers, options)
  const imagePool = startPool()
  // A few words of a page's drawing language can keep a renderer busy for years.
  let pagePool: PreprocessPool | undefined
  const sharedPdf = sharePdfs()
  let closed = false

  const pages = (): PreprocessPool => {
    if (closed) return imagePool
    pagePool ??= startPool({ limitMs: pageLimitMs })
    return pagePool
  }

  /** Has a request about an image answered by the workers for its kind. */
  const ask = (
    content: ImageContent,
    where: string,
    ground: Ground | undefined,
    requestOf: (image: ImageRequest) => PreprocessRequest,
  ): Promise<PreprocessAnswer> => {
    const limits = { where, maxPixels, ground }
    if (typeof content === 'string') return imagePool.run(requestOf({ source: content, ...limits }), where)
    if (isPdfPage(content)) {
      const source = { ...content, pdf: sharedPdf(content.pdf) }
      return pages().run(requestOf({ source, ...limits }), where)
    }
    if ('data' in content) {
      const { width, height } = content
      const data = Uint8Array.from(content.data)
      return imagePool.run(requestOf({ source: { width, height, data }, ...limits }), where, [data.buffer])
    }
    // A view would be posted with the whole buffer behind it; and the caller keeps its own bytes.
    const own = Uint8Array.from(content)
    return imagePool.run(requestOf({ source: own, ...limits }), where, [own.buffer])
  }

  const load: Preprocessor['load'] = async (source, where, rule, ground) =>
    (await ask(source, where, ground, (image) => ({ task: 'prepare', image, rule }))) as PreparedImage

  const decode: Preprocessor['decode'] = async (source, where, ground) =>
    (await ask(source, where, ground, (image) => ({ task: 'decode', image }))) as RgbImage

  const countPages: Preprocessor['countPages'] = async (pdf, where) =>
    (await pages().run({ task: 'count', pdf: sharedPdf(pdf), where }, where)) as number

  const close: Preprocessor['close'] = async () => {
    closed = true
    await Promise.all([imagePool.close(), pagePool?.close()])
  }

  const loadAll: Preprocessor['loadAll'] = async function* <Job extends PreprocessJob>(
    jobs: Iterable<Job> | AsyncIterable<Job>,
  ) {
    const ahead = 2 * workers
    const started: Promise<PreprocessOutcome<Job>>[] = []
    for await (const job of jobs) {
      started.push(
        load(job.source, job.where, job.rule, job.ground).then(
          (image) => ({ job, image }),
          (error: Error) => ({ job, error }),
        ),
      )
      if (started.length >= ahead) yield await started.shift()!
    }
    for (const outcome of started) yield await outcome
  }

  return { load, decode, countPages, loadAll, close }
}

/** Documents that are given as bytes, in memory that all threads share: their pages are asked for one by one. */
function sharePdfs(): (pdf: Uint8Array | string) => PdfSource {
  const known = new WeakMap<Uint8Array, PdfSource>()
  let count = 0
  return (pdf) => {
    if (typeof pdf === 'string') return pdf
    let shared = known.get(pdf)
    if (shared === undefined) {
      const bytes = new Uint8Array(new SharedArrayBuffer(pdf.length))
      bytes.set(pdf)
      shared = { bytes, key: `bytes ${count++}` }
      known.set(pdf, shared)
    }
    return shared
  }
}

function checkCount(where: string, value: number, largest: number): void {
  if (!Number.isSafeInteger(value) || value < 1 || value > largest) {
    throw new ConfigError({ where, expected: `an integer from 1 to ${largest}`, got: `${value}` })
  }
}
