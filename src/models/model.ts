/** @file What every model of the family declares, so that detector, exporter and command line need no model's name. */
import type { Layout } from '../checkpoint/index.js'
import type { Ground, ResizeRule } from '../data/index.js'
import type { Dim, Tensor } from '../graph/index.js'

/** What a set predictor says after one of its layers. */
export interface SetPrediction {
  /** float32 [batch, queries, outputs] */
  readonly logits: Tensor
  /** float32 [batch, queries, 4]: cxcywh, fractions of the image without padding */
  readonly boxes: Tensor
}

/** A set of predictions that training supervises. */
export interface SupervisedPrediction extends SetPrediction {
  /** Of its terms' names: `''` for the last decoder layer, `_0` for the first, `_enc`, `_dn_0`. */
  readonly suffix: string
  /** `matched` to objects by the Hungarian algorithm, or `known` from the start. */
  readonly targets: 'matched' | 'known'
}

/** Queries that training adds: noisy objects, to be restored. */
export interface DenoisingInputs {
  /** int32 [batch, extra]: noisy classes; the number of classes where a group has no object; −1 where there is no query at all */
  readonly labels: Tensor
  /** float32 [batch, extra, 4]: noisy boxes, cxcywh before the sigmoid */
  readonly boxLogits: Tensor
  /** float32 [1, 1, extra + queries, extra + queries]: large and negative where a row must not see a column */
  readonly bias: Tensor
}

/** A network under construction: adds itself to the graph of its inputs. */
export interface Network {
  /**
   * @param pixelValues float32 [batch, 3, height, width] in the model's input convention
   * @param paddingMask bool [batch, height, width], true = padding
   * @returns one prediction per decoder layer, first to last
   */
  forward(pixelValues: Tensor, paddingMask: Tensor): SetPrediction[]
  /** What training supervises; every layer of `forward` where there is no more to it. */
  supervised?(pixelValues: Tensor, paddingMask: Tensor, denoising?: DenoisingInputs): SupervisedPrediction[]
}

/** How an image becomes the network's input. */
export interface InputConvention {
  readonly resize: ResizeRule
  /** Per channel (RGB), subtracted from values in 0..1. */
  readonly mean: readonly [number, number, number]
  /** Per channel (RGB), divided by after subtracting. */
  readonly std: readonly [number, number, number]
  /** What transparent pixels are laid over; alpha is dropped, as by Pillow's `convert('RGB')`, where a model does not say. */
  readonly ground?: Ground
}

/** Detections of a batch, as tensors of the graph. */
export interface DetectionTensors {
  /** float32 [batch, detections], 0..1 */
  readonly scores: Tensor
  /** int32 [batch, detections]: class index */
  readonly labels: Tensor
  /** float32 [batch, detections, 4]: xyxy in pixels of the original image */
  readonly boxes: Tensor
}

/** A file of weights that its authors publish. */
export interface PublishedWeights {
  readonly url: string
  /** The full SHA-256, or the prefix that the authors publish in the file's name; absent where they publish none. */
  readonly sha256?: string
  /** As the authors print it, in units of 2^20 bytes. */
  readonly sizeMegabytes?: number
  readonly licence: string
}

/** What the authors report. */
export interface PublishedFigures {
  /** COCO val2017 box AP, percent. */
  readonly ap: number
  /** As printed in the paper; it counts one multiply-add as one operation. */
  readonly gflops: number
  readonly paper: string
}

/** What can be chosen for weights that are trained already. */
export interface ModelChoices {
  readonly queries?: number
  /** Decoder layers that detection runs, from 1 up to those that were trained. */
  readonly decoderLayers?: number
}

/** What of a model follows from its configuration. */
export interface ConfiguredParts {
  readonly config: Readonly<Record<string, unknown>>
  readonly queries: number
  readonly create: (classes?: number) => Network
  readonly adjusted: (choices: ModelChoices) => ConfiguredParts
}

/** Models that are trained alike. */
export type ModelFamily = 'detr' | 'rtdetr'

/** One model that can be named. */
export interface DetectionModel {
  readonly family: ModelFamily
  readonly name: string
  readonly title: string
  /** The sizes that make the network, printed and stored with checkpoints. */
  readonly config: Readonly<Record<string, unknown>>
  /** Class names by index; null for an output that the label set does not use. */
  readonly classNames: readonly (string | null)[]
  /** Ids of the classes in COCO's files; unless said, see `categoryIdsOf`. */
  readonly categoryIds?: readonly number[]
  readonly input: InputConvention
  /** Queries of the network: no image can have more detections of one class. */
  readonly queries: number
  /** Key layouts in which this model's checkpoints are found, the official one first. */
  readonly layouts: readonly Layout[]
  /** Parameters whose shape follows from the number of classes. */
  readonly classHead: readonly string[]
  /** Whether what it looks at must be neither mirrored nor cut in training, as pages of text. */
  readonly wholeImages?: boolean
  readonly weights?: PublishedWeights
  /** Name of a weight file that comes with this package, in its folder `weights/`. */
  readonly included?: string
  readonly published?: PublishedFigures
  /** Number of classes that a class head of `rows` outputs tells apart. */
  readonly classesOfHead: (rows: number) => number
  /** What other choices that its weights leave open make of the model; absent where they leave none. */
  readonly adjusted?: (choices: ModelChoices) => ConfiguredParts
  /** The network for `classes` classes, as many as `classNames` unless said. */
  readonly create: (classes?: number) => Network
  /** Final predictions to detections; `imageSizes` int32 [batch, 2] holds height and width of the original images. */
  readonly postprocess: (prediction: SetPrediction, imageSizes: Tensor) => DetectionTensors
}

/** The size of a graph's input; symbolic dimensions stay free. */
export interface InputDims {
  readonly batch: Dim
  readonly height: Dim
  readonly width: Dim
}

/** What a model leaves open until it is run: the batch, and height and width where it pads instead of stretching. */
export function freeDimensions({ input: { resize } }: DetectionModel): InputDims {
  if (resize.kind === 'stretch') return { batch: 'batch', height: resize.height, width: resize.width }
  return { batch: 'batch', height: 'height', width: 'width' }
}
