/** @file The detector: images in, detections out. The only inference path, for library, command line and browser alike. */
import { collate, type Ground, type ImageSize, type PdfPage, type RgbImage } from '../data/index.js'
import { buildDetectionGraph, type InputConvention, type LoadedModel } from '../models/index.js'
import { encodeModel } from '../onnx/index.js'
import { optimizeForInference } from '../passes/index.js'
import { feedsFor, type Runtime, type Session } from '../runtime/index.js'
import { ConfigError, nearestNames, type TensorData } from '../tensor/index.js'
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

/** An image file: its path, its bytes under a name for errors, or a page of a PDF document. */
export type ImageFile = string | { readonly name: string; readonly bytes: Uint8Array } | PdfPage

/** Turns what the application calls an image into the network's size. */
export interface Preprocessor<Source> {
  /** @param ground what transparent pixels are laid over; alpha is dropped where it is undefined */
  prepare(source: Source, resize: InputConvention['resize'], ground?: Ground): Promise<PreparedImage>
  close(): Promise<void>
}

/** Which detections to report. */
export interface DetectOptions {
  /** Lowest score that is reported, 0..1; 0.5 unless said. */
  readonly threshold?: number
  /** Only these classes, by name. */
  readonly classes?: readonly string[]
  /** At most this many per image. */
  readonly topK?: number
  /** Images that go through the network together; 1 unless said, which is the fastest on a CPU. */
  readonly batchSize?: number
}

/** What came of one source of a stream. */
export type StreamedDetections<Source> =
  | { readonly source: Source; readonly index: number; readonly result: ImageDetections }
  | { readonly source: Source; readonly index: number; readonly error: unknown }

const DEFAULT_THRESHOLD = 0.5

/** A model, ready to detect. */
export class Detector<Source> {
  /** The model that looks. */
  readonly loaded: LoadedModel
  readonly #session: Session
  readonly #preprocessor: Preprocessor<Source>

  private constructor(loaded: LoadedModel, session: Session, preprocessor: Preprocessor<Source>) {
    this.loaded = loaded
    this.#session = session
    this.#preprocessor = preprocessor
  }

  /**
   * Compiles a loaded model.
   * @throws RuntimeError when the engine refuses it.
   */
  static async create<Source>(
    loaded: LoadedModel,
    runtime: Runtime,
    preprocessor: Preprocessor<Source>,
  ): Promise<Detector<Source>> {
    const graph = buildDetectionGraph(loaded.model, loaded.network)
    const optimized = optimizeForInference({ graph, weights: loaded.weights })
    const { bytes, externalData } = encodeModel(optimized.graph, {
      weights: optimized.weights,
      externalFromBytes: EXTERNAL_FROM_BYTES,
    })
    return new Detector(loaded, await runtime.createSession(bytes, { externalData }), preprocessor)
  }

  /**
   * Detects objects in images, which may be of different sizes.
   * @returns one result per source, in their order
   * @throws ImageError or FileError for the first source that cannot be read; ConfigError for options that mean nothing;
   *   RuntimeError when the engine fails or the network's outputs are not finite.
   */
  async detect(sources: readonly Source[], options: DetectOptions = {}): Promise<ImageDetections[]> {
    const results: ImageDetections[] = []
    for await (const item of this.stream(sources, options)) {
      if ('error' in item) throw item.error
      results.push(item.result)
    }
    return results
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
    const checked = checkOptions(options, this.loaded.classNames)
    if (!Array.isArray(sources)) {
      const next = 'One image is a list of one: detect([image]).'
      throw new ConfigError({ where: 'Detector.detect', expected: 'a list of images', got: typeof sources, next })
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

  /** Frees the session and the preprocessor. */
  async dispose(): Promise<void> {
    await Promise.all([this.#session.dispose(), this.#preprocessor.close()])
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

interface CheckedOptions {
  readonly threshold: number
  readonly topK: number
  readonly batchSize: number
  readonly wanted: ReadonlySet<number> | undefined
}

function checkOptions(options: DetectOptions, classNames: readonly (string | null)[]): CheckedOptions {
  const { threshold = DEFAULT_THRESHOLD, topK = Number.POSITIVE_INFINITY, batchSize = 1, classes } = options
  if (!(threshold >= 0 && threshold <= 1)) {
    throw new ConfigError({ where: 'threshold', expected: 'a number from 0 to 1', got: `${threshold}` })
  }
  if (!(topK >= 1) || (Number.isFinite(topK) && !Number.isInteger(topK))) {
    throw new ConfigError({ where: 'topK', expected: 'a whole number from 1 up', got: `${topK}` })
  }
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new ConfigError({ where: 'batchSize', expected: 'a whole number from 1 up', got: `${batchSize}` })
  }
  const wanted = classes === undefined ? undefined : new Set(classes.map((name) => indexOfClass(name, classNames)))
  return { threshold, topK, batchSize, wanted }
}

function indexOfClass(name: string, classNames: readonly (string | null)[]): number {
  const index = classNames.indexOf(name)
  if (index >= 0) return index
  const known = classNames.filter((other) => other !== null)
  const nearest = nearestNames(name, known)
  throw new ConfigError({
    where: 'classes',
    expected: `one of the model's ${known.length} class names`,
    got: `'${name}'`,
    ...(nearest.length === 0 ? {} : { next: `Did you mean ${nearest.join(' or ')}?` }),
  })
}

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
