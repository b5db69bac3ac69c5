/**
 * @file Decoding and resizing off the main thread, so that the event loop stays free: a 12-megapixel photo alone would
 * hold it for a fifth of a second.
 */
import { availableParallelism } from 'node:os'
import { ConfigError, type DetrsError } from '../tensor/index.js'
import type { PreparedImage } from './prepare.node.js'
import type { ResizeRule } from './resize-rule.js'
import { createWorkerPool } from './worker-pool.node.js'

/** What a worker is asked to do. */
export interface PreprocessRequest {
  readonly source: Uint8Array | string
  readonly where: string
  readonly rule: ResizeRule
  readonly maxPixels: number | undefined
}

/** Options of `createPreprocessor`. */
export interface PreprocessorOptions {
  /** Threads; half the machine's cores, between 1 and 4, when left out: the engine wants cores as well. */
  readonly workers?: number
  /** Largest image that is decoded, width × height; Pillow's own limit when left out. */
  readonly maxPixels?: number
}

/** One image to load. */
export interface PreprocessJob {
  /** The file's path, or its bytes, which are copied. */
  readonly source: Uint8Array | string
  /** Name for error sentences. */
  readonly where: string
  readonly rule: ResizeRule
}

/** What became of a job: an image, or the error that says why there is none. */
export type PreprocessOutcome<Job extends PreprocessJob = PreprocessJob> =
  | { readonly job: Job; readonly image: PreparedImage; readonly error?: undefined }
  | { readonly job: Job; readonly image?: undefined; readonly error: DetrsError | Error }

/** Loads images in worker threads. */
export interface Preprocessor {
  /**
   * Decodes and resizes one image.
   * @throws FileError, ImageError as `decodeImage` does; ImageError when the worker died or the preprocessor is closed.
   */
  load(source: Uint8Array | string, where: string, rule: ResizeRule): Promise<PreparedImage>
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
  const { maxPixels } = options
  checkCount('createPreprocessor.workers', workers, 256)
  if (maxPixels !== undefined) checkCount('createPreprocessor.maxPixels', maxPixels, Number.MAX_SAFE_INTEGER)
  const entry = new URL('./preprocess.worker.node.js', import.meta.url)
  const pool = createWorkerPool<PreprocessRequest, PreparedImage>(entry, workers)

  const load: Preprocessor['load'] = (source, where, rule) => {
    // A view would be posted with the whole buffer behind it; and the caller keeps its own bytes.
    const own = typeof source === 'string' ? source : Uint8Array.from(source)
    const transfer = typeof own === 'string' ? [] : [own.buffer]
    return pool.run({ source: own, where, rule, maxPixels }, where, transfer)
  }

  const loadAll: Preprocessor['loadAll'] = async function* <Job extends PreprocessJob>(
    jobs: Iterable<Job> | AsyncIterable<Job>,
  ) {
    const ahead = 2 * workers
    const started: Promise<PreprocessOutcome<Job>>[] = []
    for await (const job of jobs) {
      started.push(
        load(job.source, job.where, job.rule).then(
          (image) => ({ job, image }),
          (error: Error) => ({ job, error }),
        ),
      )
      if (started.length >= ahead) yield await started.shift()!
    }
    for (const outcome of started) yield await outcome
  }

  return { load, loadAll, close: pool.close }
}

function checkCount(where: string, value: number, largest: number): void {
  if (!Number.isSafeInteger(value) || value < 1 || value > largest) {
    throw new ConfigError({ where, expected: `an integer from 1 to ${largest}`, got: `${value}` })
  }
}
