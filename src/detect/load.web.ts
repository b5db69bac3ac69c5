/** @file A detector in the browser: weights from an address or bytes, images as pages have them, WebAssembly or WebGPU. */
import { readCheckpoint } from '../checkpoint/index.js'
import { resizeBilinear, targetSize } from '../data/index.js'
import { findModel, loadModel } from '../models/index.js'
import { createWebRuntime, type WebOptions } from '../runtime/index.web.js'
import { checkOptionNames, checkTextList, type OptionNames } from '../tensor/index.js'
import { Detector, type Preprocessor } from './detector.js'
import { fetchWeights } from './fetch-weights.web.js'
import { type PageImage, type PageImageOptions, readPageImage } from './page-image.web.js'
import { refuseUntrainedHead } from './trained-head.js'

/** How a detector runs in the browser. */
export interface LoadDetectorOptions extends WebOptions, Pick<PageImageOptions, 'maxPixels'> {
  /** Name of the architecture of a weight file, where the file does not tell. */
  readonly architecture?: string | undefined
  /** Class names, as many as the file has classes. */
  readonly classNames?: readonly string[] | undefined
  /** Decoder layers to run: fewer are faster and find a little less. */
  readonly decoderLayers?: number | undefined
}

const NAMES: OptionNames<LoadDetectorOptions> = {
  architecture: true,
  classNames: true,
  decoderLayers: true,
  maxPixels: true,
  load: true,
  wasmPaths: true,
  threads: true,
  providers: true,
}

/**
 * Makes a detector from a weight file: its address, from which it is fetched, or its bytes. Decoding, resizing and
 * inference happen on the calling thread: in a page that must not stand still meanwhile, use a worker.
 * @example
 * const detector = await loadDetector('/rtdetr-page.safetensors', { wasmPaths: '/ort/' })
 * const [photo] = await detector.detect([input.files[0]], { threshold: 0.7 })
 * await detector.dispose()
 * @throws DownloadError when the address does not give the file; CheckpointError for weights that do not fit;
 *   ConfigError for options that mean nothing, for other class names than the weights were trained for, and when
 *   onnxruntime-web is not installed; RuntimeError when the engine does not work here.
 */
export async function loadDetector(
  weights: string | URL | Uint8Array | ArrayBuffer,
  options: LoadDetectorOptions = {},
): Promise<Detector<PageImage>> {
  checkOptionNames('loadDetector', options, NAMES)
  const { architecture, classNames, decoderLayers, maxPixels, ...engine } = options
  checkTextList('classNames', classNames)
  const model = architecture === undefined ? undefined : findModel(architecture)
  const [{ bytes, name }, runtime] = await Promise.all([fetchWeights(weights), createWebRuntime(engine)])
  const loaded = loadModel(readCheckpoint(bytes, name), name, {
    ...(model === undefined ? {} : { model }),
    ...(classNames === undefined ? {} : { classNames }),
    ...(decoderLayers === undefined ? {} : { decoderLayers }),
  })
  refuseUntrainedHead(loaded, name, classNames)
  return Detector.create(loaded, runtime, createPagePreprocessor({ maxPixels }))
}

/** Reads pixels from whatever a page has, and resizes them, on the calling thread. */
export function createPagePreprocessor(options: Pick<PageImageOptions, 'maxPixels'> = {}): Preprocessor<PageImage> {
  return {
    prepare: async (source, rule, ground) => {
      const image = await readPageImage(source, { ...options, ground })
      const original = { height: image.height, width: image.width }
      return { resized: resizeBilinear(image, targetSize(original, rule)), original }
    },
    close: async () => {},
  }
}
