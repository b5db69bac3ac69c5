/**
 * @file Batches of a labelled data set for training and validation: worker threads decode and augment, photos come in
 * order, and every batch is a function of the seed, the epoch and its number, however many threads there are.
 */
import { availableParallelism } from 'node:os'
import { ConfigError, ImageError } from '../tensor/index.js'
import { collate, type ImageBatch } from './collate.js'
import type { DatasetImage } from './formats/dataset.js'
import type { Ground } from './ground.js'
import type { ImageSize } from './image.js'
import { loadPhoto, type PhotoOutcome, type PhotoRequest } from './loader-photo.node.js'
import {
  batchesPerEpoch,
  type LoaderPosition,
  type PlannedBatch,
  type PlanOptions,
  planBatches,
} from './loader-plan.js'
import { checkTransforms, type Targets, type Transform } from './transforms/index.js'
import { createWorkerPool, errorOfFault } from './worker-pool.node.js'

/** What the loader needs to know of a photo; a `DatasetImage` is one. */
export type LoadableImage = Pick<DatasetImage, 'id' | 'path' | 'width' | 'height' | 'objects'>

/** Options of `createLoader`. */
export interface LoaderOptions {
  readonly dataset: { readonly images: readonly LoadableImage[] }
  /** Positions in `dataset.images` of the photos to take, such as those of a split; all when left out. */
  readonly indices?: readonly number[] | undefined
  /** Applied in order to every photo; a function where they differ between epochs, which is called ahead of time. */
  readonly transforms: readonly Transform[] | ((epoch: number) => readonly Transform[])
  readonly batchSize: number
  /** A whole number from 0 to 2^32 - 1; 0 when left out. */
  readonly seed?: number | undefined
  /** Another order in every epoch; false when left out. */
  readonly shuffle?: boolean | undefined
  /** Leaves out a last batch that is not full; false when left out. */
  readonly dropLast?: boolean | undefined
  /** Threads; half the machine's cores, between 1 and 4, when left out. With 0 the calling thread does the work. */
  readonly workers?: number | undefined
  /**
   * Height and width of a batch are padded to a multiple of it, pixels. When left out: 1 where the transforms stretch photos to one
   * size, whose networks take no mask; else 64, so that batches of many sizes share a few shapes.
   */
  readonly padTo?: number | undefined
  /** Whether targets carry outlines; false when left out. */
  readonly masks?: boolean | undefined
  /** What becomes of a photo that cannot be used: an error (when left out), or a batch without it. */
  readonly unreadable?: 'fail' | 'skip' | undefined
  /** Largest photo that is decoded, width × height; Pillow's own limit when left out. */
  readonly maxPixels?: number | undefined
  /** What transparent pixels are laid over; when left out alpha is dropped. Give what the model's input says. */
  readonly ground?: Ground | undefined
}

/** One photo of a batch. */
export interface BatchPhoto {
  /** Its position in `dataset.images`. */
  readonly index: number
  readonly id: number | string
  /** Size of the upright photo before the transforms. */
  readonly original: ImageSize
  readonly targets: Targets
}

/** A batch of photos with what they are to be trained on. */
export interface LoadedBatch {
  readonly position: LoaderPosition
  /** Where to go on after this batch: what a checkpoint has to save. */
  readonly next: LoaderPosition
  /** Pixels, padded with zeros, and the size of each photo in them. */
  readonly images: ImageBatch
  /** In the order of `images`. */
  readonly photos: readonly BatchPhoto[]
}

/** Loads batches. */
export interface Loader {
  readonly batchesPerEpoch: number
  /** Why photos were left out so far, by position in `dataset.images`. */
  readonly skipped: ReadonlyMap<number, string>
  /**
   * The batches from a position on, in order. While one is used, the next is loaded: at most one batch and two photos a
   * thread wait, besides the batch that is being put together. A batch of which no photo can be used is passed over.
   * @param from the start when left out.
   * @param untilEpoch the first epoch that is not loaded any more; the one after `from` when left out.
   * @throws FileError, ImageError when a photo cannot be used and `unreadable` is 'fail', or no photo of a whole epoch
   *   can; ImageError when a worker died or the loader was closed; ConfigError when the position does not exist.
   */
  batches(from?: LoaderPosition, untilEpoch?: number): AsyncGenerator<LoadedBatch, void, undefined>
  /** Lets running work finish and ends the threads. */
  close(): Promise<void>
}

/** Has one photo loaded, in whichever thread. `where` names it. */
export type LoadPhoto = (request: PhotoRequest, where: string) => Promise<PhotoOutcome>

/**
 * Starts a loader. Its first thread starts at once; an idle loader does not keep the process alive.
 * @throws ConfigError when an option is out of range, or there is not one batch.
 */
export function createLoader(options: LoaderOptions): Loader {
  const workers = options.workers ?? Math.min(4, Math.max(1, availableParallelism() >> 1))
  checkWhole('createLoader.workers', workers, 0, 256)
  if (workers === 0) return createLoaderOn(options, 0, loadPhoto, () => Promise.resolve())
  checkOptions(options)
  const entry = new URL('./loader.worker.node.js', import.meta.url)
  const pool = createWorkerPool<PhotoRequest, PhotoOutcome>(entry, workers)
  return createLoaderOn(options, workers, pool.run, pool.close)
}

/**
 * A loader whose photos are loaded by `load`, `workers` of them at a time.
 * @throws ConfigError as `createLoader`.
 */
export function createLoaderOn(
  options: LoaderOptions,
  workers: number,
  load: LoadPhoto,
  close: () => Promise<void>,
): Loader {
  checkOptions(options)
  const { images } = options.dataset
  const plan = planOf(options)
  const total = batchesPerEpoch(plan)
  const ahead = plan.batchSize + 2 * workers
  const skipped = new Map<number, string>()

  async function* batches(
    from: LoaderPosition = { epoch: 0, batch: 0 },
    untilEpoch: number = from.epoch + 1,
  ): AsyncGenerator<LoadedBatch, void, undefined> {
    checkPosition(from, total)
    const upcoming = requests(options, plan, from, untilEpoch)
    const started: Promise<Settled>[] = []
    const startMore = (): void => {
      while (started.length < ahead) {
        const { value, done } = upcoming.next()
        if (done === true) return
        started.push(settled(load(value, value.photo.path)))
      }
    }
    let usable = from.batch > 0
    for (const batch of planBatches(plan, from, untilEpoch)) {
      const outcomes: Settled[] = []
      while (outcomes.length < batch.indices.length) {
        startMore()
        outcomes.push(await started.shift()!)
      }
      startMore()
      const loaded = assemble(batch, outcomes)
      if (loaded !== undefined) yield loaded
      usable ||= loaded !== undefined
      if (batch.next.batch > 0) continue
      if (!usable) throw nothingUsable(skipped)
      usable = false
    }
  }

  function assemble({ position, next, indices }: PlannedBatch, outcomes: readonly Settled[]): LoadedBatch | undefined {
    const pixels = []
    const photos: BatchPhoto[] = []
    for (const [i, { outcome, error }] of outcomes.entries()) {
      if (outcome === undefined) throw error
      const index = indices[i]!
      const { photo, unreadable } = outcome
      if (photo !== undefined) {
        const { image, original, targets } = photo
        pixels.push(image)
        photos.push({ index, id: images[index]!.id, original, targets })
      } else {
        if (options.unreadable !== 'skip') throw errorOfFault(unreadable)
        skipped.set(index, unreadable.message)
      }
    }
    if (photos.length === 0) return undefined
    return {
      position,
      next,
      images: collate(pixels, options.padTo ?? paddingOf(transformsOf(options, position.epoch))),
      photos,
    }
  }

  return { batchesPerEpoch: total, skipped, batches, close }
}

/** What became of a request; never rejected, so that one nobody waits for any more does not end the process. */
interface Settled {
  readonly outcome?: PhotoOutcome
  readonly error?: unknown
}

function settled(promise: Promise<PhotoOutcome>): Promise<Settled> {
  return promise.then(
    (outcome) => ({ outcome }),
    (error: unknown) => ({ error }),
  )
}

function transformsOf({ transforms }: LoaderOptions, epoch: number): readonly Transform[] {
  return typeof transforms === 'function' ? transforms(epoch) : transforms
}

function paddingOf(transforms: readonly Transform[]): number {
  return transforms.some(({ kind }) => kind === 'stretch') ? 1 : 64
}

/** One request for each photo of the planned batches, in order. */
function* requests(
  options: LoaderOptions,
  plan: PlanOptions,
  from: LoaderPosition,
  untilEpoch: number,
): Generator<PhotoRequest> {
  const { dataset, masks = false, maxPixels, ground } = options
  let [current, list] = [-1, [] as readonly Transform[]]
  for (const { position, indices } of planBatches(plan, from, untilEpoch)) {
    const { epoch, batch } = position
    if (epoch !== current) {
      current = epoch
      list = transformsOf(options, epoch)
      checkTransforms(list)
    }
    for (const index of indices) {
      const { path, width, height, objects } = dataset.images[index]!
      const size = { ...(width === undefined ? {} : { width }), ...(height === undefined ? {} : { height }) }
      const place = { seed: plan.seed, epoch, photo: index, batch }
      const kept = masks ? objects : objects.map(({ segmentation: _, ...object }) => object)
      yield { photo: { path, ...size, objects: kept }, transforms: list, place, masks, maxPixels, ground }
    }
  }
}

function planOf(options: LoaderOptions): PlanOptions {
  const { dataset, batchSize, seed = 0, shuffle = false, dropLast = false } = options
  return { indices: options.indices ?? [...dataset.images.keys()], batchSize, seed, shuffle, dropLast }
}

function checkOptions(options: LoaderOptions): void {
  const { dataset, transforms, batchSize, seed = 0, padTo = 1, maxPixels, unreadable = 'fail' } = options
  checkWhole('createLoader.batchSize', batchSize, 1, 2 ** 20)
  checkWhole('createLoader.seed', seed, 0, 2 ** 32 - 1)
  checkWhole('createLoader.padTo', padTo, 1, 2 ** 16)
  if (maxPixels !== undefined) checkWhole('createLoader.maxPixels', maxPixels, 1, Number.MAX_SAFE_INTEGER)
  if (typeof transforms !== 'function') checkTransforms(transforms, 'createLoader.transforms')
  if (unreadable !== 'fail' && unreadable !== 'skip') {
    throw new ConfigError({ where: 'createLoader.unreadable', expected: "'fail' or 'skip'", got: `${unreadable}` })
  }
  for (const [i, index] of (options.indices ?? []).entries()) {
    checkWhole(`createLoader.indices[${i}]`, index, 0, dataset.images.length - 1)
  }
  const plan = planOf(options)
  if (batchesPerEpoch(plan) === 0) {
    throw new ConfigError({
      where: 'createLoader.dataset',
      expected: plan.dropLast ? `at least one batch of ${batchSize} photos` : 'at least one photo',
      got: `${plan.indices.length}`,
    })
  }
}

function checkPosition({ epoch, batch }: LoaderPosition, total: number): void {
  checkWhole('loader position, epoch', epoch, 0, Number.MAX_SAFE_INTEGER)
  if (Number.isSafeInteger(batch) && batch >= 0 && batch < total) return
  throw new ConfigError({
    where: 'loader position, batch',
    expected: `a number from 0 to ${total - 1}`,
    got: `${batch}`,
    next: 'A saved position fits only the data set and the batch size that it was saved with.',
  })
}

function checkWhole(where: string, value: number, low: number, high: number): void {
  if (Number.isSafeInteger(value) && value >= low && value <= high) return
  throw new ConfigError({ where, expected: `a whole number from ${low} to ${high}`, got: `${value}` })
}

function nothingUsable(skipped: ReadonlyMap<number, string>): ImageError {
  const [first] = skipped.values()
  return new ImageError({
    where: 'loader',
    expected: 'photos that can be read',
    got: 'none in a whole epoch',
    ...(first === undefined ? {} : { next: `The first: ${first}` }),
  })
}
