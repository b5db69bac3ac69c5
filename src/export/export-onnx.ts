/** @file A model as a standard ONNX file: opset 18, no operators of any runtime's own, free batch, height and width. */
import type { ResizeRule } from '../data/index.js'
import { Graph, type Tensor } from '../graph/index.js'
import { buildPredictionGraph, type InputDims, type LoadedModel, noPadding, normalize } from '../models/index.js'
import { encodeModel } from '../onnx/index.js'
import {
  and,
  cast,
  concat,
  dimensionsTensor,
  div,
  floor,
  greater,
  less,
  maximum,
  minimum,
  mul,
  resizeAntialiased,
  round,
  transpose,
  unsqueeze,
  where,
} from '../ops/index.js'
import { optimizeForInference } from '../passes/index.js'
import { ConfigError, fromNumbers } from '../tensor/index.js'

/** What the file takes and gives. */
export interface ExportOptions {
  /** Fixed sizes; every dimension stays free unless said. */
  readonly dims?: InputDims
  /** Predictions of the earlier decoder layers as further outputs. */
  readonly auxiliary?: boolean
  /**
   * Take one photo, `image` uint8 [height, width, 3], and resize it inside the file by ONNX's `Resize`, which is within
   * two of 256 levels of the resize that detrs itself uses; detections follow as `scores`, `labels`, `boxes`.
   */
  readonly fromPhoto?: boolean
}

/**
 * Encodes a loaded model as one ONNX file with its class names and input convention in the metadata.
 * @throws ConfigError for sizes or earlier layers of a file that takes any photo and gives detections.
 */
export function exportOnnx(loaded: LoadedModel, options: ExportOptions = {}): Uint8Array {
  const { model, network, weights, classNames } = loaded
  const other = options.dims === undefined ? (options.auxiliary ? 'auxiliary' : undefined) : 'dims'
  if (options.fromPhoto && other !== undefined) {
    const expected = 'fromPhoto alone: such a file takes photos of any size and gives detections'
    throw new ConfigError({ where: 'exportOnnx', expected, got: `${other} as well` })
  }
  const graph = options.fromPhoto
    ? buildPhotoGraph(loaded)
    : buildPredictionGraph(model, network, options.dims, { auxiliary: options.auxiliary ?? false })
  const optimized = optimizeForInference({ graph, weights })
  const { resize, mean, std } = model.input
  const metadata = {
    'detrs.model': model.name,
    'detrs.class_names': JSON.stringify(classNames),
    'detrs.input': JSON.stringify({ resize, mean, std, resizedInside: options.fromPhoto ?? false }),
  }
  return encodeModel(optimized.graph, { weights: optimized.weights, metadata }).bytes
}

function buildPhotoGraph({ model, network }: LoadedModel): Graph {
  const graph = new Graph(`${model.name}-from-photo`)
  const image = graph.input('image', 'uint8', ['height', 'width', 3])
  const { resized, imageSize } = graph.scoped('input', () => resizePhoto(image, model.input.resize))
  const pixelValues = graph.scoped('input', () => normalize(resized, model.input))
  const padding = noPadding(pixelValues)
  const prediction = network.forward(pixelValues, padding).at(-1)!
  const detections = graph.scoped('postprocess', () => model.postprocess(prediction, imageSize))
  graph.output('scores', detections.scores)
  graph.output('labels', detections.labels)
  graph.output('boxes', detections.boxes)
  return graph
}

/** A photo uint8 [height, width, 3] at the model's size, [1, …], and its own size int32 [1, 2]. */
function resizePhoto(image: Tensor, rule: ResizeRule): { resized: Tensor; imageSize: Tensor } {
  const { graph } = image
  const size = dimensionsTensor(image, image.shape.slice(0, 2))
  const target =
    rule.kind === 'stretch'
      ? graph.constant(fromNumbers('int64', [2], [rule.height, rule.width]))
      : paddedSize(image, rule)
  const planar = unsqueeze(transpose(image, [2, 0, 1]), [0])
  const full = concat([graph.constant(fromNumbers('int64', [2], [1, 3])), target], 0)
  const resized = transpose(resizeAntialiased(planar, full), [0, 2, 3, 1])
  return { resized, imageSize: unsqueeze(cast(size, 'int32'), [0]) }
}

/** Shorter side to `shortest`, longer side at most `longest`: the rule of `resizeShortestEdge`, in double precision. */
function paddedSize(image: Tensor, { shortest, longest }: Extract<ResizeRule, { kind: 'pad' }>): Tensor {
  const { graph } = image
  const scalar = (value: number): Tensor => graph.constant(fromNumbers('float64', [1], [value]))
  const [height, width] = [0, 1].map((axis) => cast(dimensionsTensor(image, [image.shape[axis]!]), 'float64'))
  const [short, long] = [minimum(height!, width!), maximum(height!, width!)]
  const tooLong = greater(mul(div(long, short), scalar(shortest)), scalar(longest))
  const shrunk = round(div(mul(scalar(longest), short), long))
  // What would vanish becomes 1 × longest.
  const vanishes = and(tooLong, less(shrunk, scalar(1)))
  const newShort = maximum(where(tooLong, shrunk, scalar(shortest)), scalar(1))
  const newLong = where(vanishes, scalar(longest), floor(div(mul(newShort, long), short)))
  const upright = greater(height!, width!)
  const sides = [where(upright, newLong, newShort), where(upright, newShort, newLong)]
  return cast(concat(sides, 0), 'int64')
}
