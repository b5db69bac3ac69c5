/// <reference lib="esnext.disposable" preserve="true" />
/** @file The detector: images in, detections out. The only inference path, for library, command line and browser alike. */
import { collate, type Ground, type ImageSize, type PdfPage, type RgbImage } from '../data/index.js'
import { buildDetectionGraph, type InputConvention, type LoadedModel } from '../models/index.js'
import { encodeModel } from '../onnx/index.js'
import { optimizeForInference } from '../passes/index.js'
import { feedsFor, type Runtime, type Session, SessionLife } from '../runtime/index.js'
import { ConfigError, checkOptionNames, describeValue, type OptionNames, type TensorData } from '../tensor/index.js'
import { type CheckedOptions, checkOptions, type DetectOptions } from './detect-options.js'
import { checkFinite } from './finite.js'

/** A box in pixels of the original image; it may reach beyond the image's edge. */
export interface PixelBox {
  readonly xmin: number
  readonly ymin: number
  readonly xmax: number
  readonly ymax: number
}

/** One object. */
export interface Detection {
  readonly label: string
  /** Index of the class in the model's class list. */
  readonly labelIndex: number
  /** Probability, 0..1. */
  readonly score: number
  readonly box: PixelBox
}

/** What was found in one image, best first. */
export interface ImageDetections {
  readonly width: number
  readonly height: number
  readonly detections: readonly Detection[]
}

/** An image at the network's size, and the size that it had. */
export interface PreparedImage {
  readonly resized: RgbImage
  readonly original: ImageSize
}

/** The bytes of an image file, under a name for errors. */
export interface NamedBytes {
  readonly name: string
  readonly bytes: Uint8Array | ArrayBuffer
}

/**
 * An image in Node: the path of a file, or of a page such as `report.pdf#page=3`; a `file:` URL of either; a file's bytes;
 * a page of a PDF document; or decoded pixels.
 */
export type ImageFile = string | URL | Uint8Array | NamedBytes | PdfPage | RgbImage

/** Turns what the application calls an image into the network's size. */
export interface Preprocessor<Source> {
  /** @param ground what transparent pixels are laid over; alpha is dropped where it is undefined */
  prepare(source: Source, resize: InputConvention['resize'], ground?: Ground): Promise<PreparedImage>
  close(): Promise<void>
}

/** How a detector runs. */
export interface DetectorOptions {
  /** Execution providers of the engine in order of preference, such as `['cuda', 'cpu']`; the CPU's unless said. */
  readonly providers?: readonly string[] | undefined
}

/** What came of one source of a stream. */
export type StreamedDetections<Source> =
  | { readonly source: Source; readonly index: number; readonly result: ImageDetections }
  | { readonly source: Source; readonly index: number; readonly error: unknown }

const NAMES: OptionNames<DetectorOptions> = { providers: true }

/** A model, ready to detect. */
export class Detector<Source> {
  /** The model that looks. */
  readonly loaded: LoadedModel
  readonly #session: Session
  readonly #preprocessor: Preprocessor<Source>
  readonly #life: SessionLife

  private constructor(loaded: LoadedModel, session: Session, preprocessor: Preprocessor<Source>) {
    this.loaded = loaded
    this.#session = session
    this.#preprocessor = preprocessor
    const release = async (): Promise<void> => {
      await Promise.all([session.dispose(), preprocessor.close()])
    }
    this.#life = new SessionLife(loaded.model.name, release, 'detector')
  }

  /**
   * Compiles a loaded model.
   * @throws ConfigError for an option that does not exist, or a provider that the engine lacks; RuntimeError when the engine
   *   refuses the model.
   */
  static async create<Source>(
    loaded: LoadedModel,
    runtime: Runtime,
    preprocessor: Preprocessor<Source>,
    options: DetectorOptions = {},
  ): Promise<Detector<Source>> {
    checkOptionNames('Detector.create', options, NAMES)
    const { providers } = options
    const graph = buildDetectionGraph(loaded.model, loaded.network)
    const optimized = optimizeForInference({ graph, weights: loaded.weights })
    const { bytes, externalData } = encodeModel(optimized.graph, {
      weights: optimized.weights,
      externalFromBytes: EXTERNAL_FROM_BYTES,
    })
    const session = await runtime.createSession(bytes, { externalData, providers, label: loaded.model.name })
    return new Detector(loaded, session, preprocessor)
  }

  /**
   * Detects objects in images, which may be of different sizes.
   * @returns one result per source, in their order
   * @throws ImageError or FileError for the first source that cannot be read; ConfigError for options that mean nothing;
   *   RuntimeError when the engine fails, the network's outputs are not finite, or the detector was disposed.
   */
  async detect(sources: readonly Source[], options: DetectOptions = {}): Promise<ImageDetections[]> {
    return this.#life.during(async () => {
      const results: ImageDetections[] = []
      for await (const item of this.#items(sources, options)) {
        if ('error' in item) throw item.error
        results.push(item.result)
      }
      return results
    })
  }

  /**
   * The same, one source after the other, while the next ones are being read. A source that fails is reported in its
   * place and does not stop the others.
   * @throws ConfigError for options that mean nothing; RuntimeError as `detect`.
   */
  async *stream(
    sources: readonly Source[],
    options: DetectOptions = {},
  ): AsyncGenerator<StreamedDetections<Source>, void, void> {
    const items = this.#items(sources, options)
    for (;;) {
      // Each step for itself: a stream that nobody goes on with does not hold up disposal, which its reader may ask for.
      const { value, done } = await this.#life.during(() => items.next())
      if (done === true) return
      yield value
    }
  }

  /** Frees the session and the preprocessor once calls in flight have ended; a second call does nothing. */
  dispose(): Promise<void> {
    return this.#life.dispose()
  }

  /** `dispose`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose()
  }

  async *#items(
    sources: readonly Source[],
    options: DetectOptions,
  ): AsyncGenerator<StreamedDetections<Source>, void, void> {
    const checked = checkOptions(options, this.loaded.classNames)
    if (!Array.isArray(sources)) {
      const next = 'One image is a list of one: detect([image]).'
      throw new ConfigError({
        where: 'Detector.detect',
        expected: 'a list of images',
        got: describeValue(sources),
        next,
      })
    }
    const { resize, ground } = this.loaded.model.input
    const ahead = 2 * checked.batchSize
    const prepared: Promise<PreparedImage | { error: unknown }>[] = []
    const prepareUpTo = (end: number): void => {
      while (prepared.length < Math.min(end, sources.length)) {
        const source = sources[prepared.length]!
        prepared.push(this.#preprocessor.prepare(source, resize, ground).catch((error: unknown) => ({ error })))
      }
    }
    for (let first = 0; first < sources.length; first += checked.batchSize) {
      prepareUpTo(first + checked.batchSize + ahead)
      const batch = await Promise.all(prepared.slice(first, first + checked.batchSize))
      const good = batch.filter((image): image is PreparedImage => !('error' in image))
      const results = good.length === 0 ? [] : await this.#run(good, checked)
      for (const [i, image] of batch.entries()) {
        const index = first + i
        const source = sources[index]!
        if ('error' in image) yield { source, index, error: image.error }
        else yield { source, index, result: results.shift()! }
        // Pixels of finished images are not kept.
        prepared[index] = Promise.resolve({ error: undefined })
      }
    }
  }

  async #run(images: readonly PreparedImage[], options: CheckedOptions): Promise<ImageDetections[]> {
    const { pixels, sizes } = collate(images.map(({ resized }) => resized))
    const imageSizes = Int32Array.from(images.flatMap(({ original }) => [original.height, original.width]))
    const image_sizes: TensorData = { dtype: 'int32', shape: [images.length, 2], data: imageSizes }
    const feeds = feedsFor(this.#session, { images: pixels, sizes, image_sizes })
    const { scores, labels, boxes } = await this.#session.run(feeds)
    // NaN is below every threshold: without this, broken weights would look like photos without objects.
    checkFinite({ scores: scores!, boxes: boxes! }, this.loaded)
    return images.map(({ original }, i) => ({
      width: original.width,
      height: original.height,
      detections: selectDetections(scores!, labels!, boxes!, i, this.loaded.classNames, options),
    }))
  }
}

/** Weights from this size on are handed to the engine without passing through the model's bytes. */
const EXTERNAL_FROM_BYTES = 1024

function selectDetections(
  scores: TensorData,
  labels: TensorData,
  boxes: TensorData,
  image: number,
  classNames: readonly (string | null)[],
  { threshold, topK, wanted }: CheckedOptions,
): Detection[] {
  const count = scores.shape[1]!
  const found: Detection[] = []
  for (let i = image * count; i < (image + 1) * count; i++) {
    const [score, labelIndex] = [Number(scores.data[i]), Number(labels.data[i])]
    if (!(score >= threshold) || (wanted !== undefined && !wanted.has(labelIndex))) continue
    const [xmin, ymin, xmax, ymax] = Array.from(boxes.data.slice(4 * i, 4 * i + 4) as Float32Array)
    found.push({
      label: classNames[labelIndex] ?? `class ${labelIndex}`,
      labelIndex,
      score,
      box: { xmin: xmin!, ymin: ymin!, xmax: xmax!, ymax: ymax! },
    })
  }
  return found.sort((a, b) => b.score - a.score).slice(0, topK)
}
