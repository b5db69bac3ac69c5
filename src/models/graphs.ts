/** @file The graphs of a model: predictions as the paper has them, and detections as an application wants them. */
import { type Dim, Graph, type Tensor } from '../graph/index.js'
import { paddingMaskFromSizes } from '../nn/index.js'
import { add, cast, fill, mul, not, transpose, unsqueeze } from '../ops/index.js'
import { type DetectionModel, freeDimensions, type InputConvention, type InputDims, type Network } from './model.js'

/**
 * The network alone. Inputs: `pixel_values` float32 [batch, 3, height, width] (normalised, zero where padded) and, of models that
 * pad, `pixel_mask` bool [batch, height, width] (true = image, as Hugging Face has it). Outputs: `logits` and `pred_boxes` of
 * the last layer, and with `auxiliary` those of every earlier one as `aux_logits.{i}` and `aux_boxes.{i}`.
 */
export function buildPredictionGraph(
  model: DetectionModel,
  network: Network,
  dims: InputDims = freeDimensions(model),
  options: { readonly auxiliary?: boolean } = {},
): Graph {
  const graph = new Graph(model.name)
  const { batch, height, width } = dims
  const pixelValues = graph.input('pixel_values', 'float32', [batch, 3, height, width])
  const paddingMask = pads(model)
    ? not(graph.input('pixel_mask', 'bool', [batch, height, width]))
    : noPadding(pixelValues)
  const predictions = network.forward(pixelValues, paddingMask)
  const last = predictions.at(-1)!
  graph.output('logits', last.logits)
  graph.output('pred_boxes', last.boxes)
  if (options.auxiliary) {
    predictions.slice(0, -1).forEach(({ logits, boxes }, i) => {
      graph.output(`aux_logits.${i}`, logits)
      graph.output(`aux_boxes.${i}`, boxes)
    })
  }
  return graph
}

/**
 * From resized pixels to detections. Inputs: `images` uint8 [batch, height, width, 3], padded at the right and bottom;
 * of models that pad, `sizes` int32 [batch, 2], height and width of each image inside its padding; `image_sizes` int32 [batch, 2], those of
 * the original images. Outputs: `scores`, `labels`, `boxes` as in `DetectionTensors`.
 */
export function buildDetectionGraph(
  model: DetectionModel,
  network: Network,
  dims: InputDims = freeDimensions(model),
): Graph {
  const graph = new Graph(model.name)
  const { batch, height, width } = dims
  const images = graph.input('images', 'uint8', [batch, height, width, 3])
  const { pixelValues, paddingMask } = networkInput(graph, model, images)
  const imageSizes = graph.input('image_sizes', 'int32', [batch, 2])
  const predictions = network.forward(pixelValues, paddingMask)
  const detections = graph.scoped('postprocess', () => model.postprocess(predictions.at(-1)!, imageSizes))
  graph.output('scores', detections.scores)
  graph.output('labels', detections.labels)
  graph.output('boxes', detections.boxes)
  return graph
}

/** What a network takes, from pixels. */
export interface NetworkInput {
  /** float32 [batch, 3, height, width] */
  readonly pixelValues: Tensor
  /** bool [batch, height, width], true = padding */
  readonly paddingMask: Tensor
}

/**
 * Normalises `images` uint8 [batch, height, width, 3]; declares the input `sizes` int32 [batch, 2] for models that pad, whose
 * padding becomes zero.
 */
export function networkInput(graph: Graph, model: DetectionModel, images: Tensor): NetworkInput {
  const [batch, height, width] = images.shape as [Dim, Dim, Dim]
  if (!pads(model)) {
    const pixelValues = graph.scoped('input', () => normalize(images, model.input))
    return { pixelValues, paddingMask: noPadding(pixelValues) }
  }
  const sizes = graph.input('sizes', 'int32', [batch, 2])
  return graph.scoped('input', () => {
    const paddingMask = paddingMaskFromSizes(sizes, height, width)
    const isImage = unsqueeze(cast(not(paddingMask), 'float32'), [1])
    return { pixelValues: mul(normalize(images, model.input), isImage), paddingMask }
  })
}

function pads({ input: { resize } }: DetectionModel): boolean {
  return resize.kind === 'pad'
}

/** The padding of images that fill their batch; dead code in networks that never ask. */
export function noPadding(pixelValues: Tensor): Tensor {
  const [batch, , height, width] = pixelValues.shape as [Dim, Dim, Dim, Dim]
  return cast(fill(pixelValues, [batch, height, width], 0), 'bool')
}

/** uint8 [batch, height, width, 3] to float32 [batch, 3, height, width]: (x / 255 − mean) / std. */
export function normalize(images: Tensor, { mean, std }: InputConvention): Tensor {
  const perChannel = (value: (channel: number) => number): Tensor =>
    images.graph.constant({ dtype: 'float32', shape: [1, 3, 1, 1], data: Float32Array.from([0, 1, 2], value) })
  const values = cast(transpose(images, [0, 3, 1, 2]), 'float32')
  const scaled = mul(
    values,
    perChannel((c) => 1 / (255 * std[c]!)),
  )
  if (mean.every((value) => value === 0)) return scaled
  return add(
    scaled,
    perChannel((c) => -mean[c]! / std[c]!),
  )
}
