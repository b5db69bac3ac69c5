/** @file The graphs of a model: predictions as the paper has them, and detections as an application wants them. */
import { Graph, type Tensor } from '../graph/index.js'
import { paddingMaskFromSizes } from '../nn/index.js'
import { add, cast, mul, not, transpose, unsqueeze } from '../ops/index.js'
import { type DetectionModel, freeDimensions, type InputConvention, type InputDims, type Network } from './model.js'

/**
 * The network alone. Inputs: `pixel_values` float32 [batch, 3, height, width] (normalised, zero where padded) and
 * `pixel_mask` bool [batch, height, width] (true = image, as Hugging Face has it). Outputs: `logits` and `pred_boxes` of
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
  const pixelMask = graph.input('pixel_mask', 'bool', [batch, height, width])
  const predictions = network.forward(pixelValues, not(pixelMask))
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
 * `sizes` int32 [batch, 2], height and width of each image inside its padding; `image_sizes` int32 [batch, 2], those of
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
  const sizes = graph.input('sizes', 'int32', [batch, 2])
  const imageSizes = graph.input('image_sizes', 'int32', [batch, 2])
  const paddingMask = graph.scoped('input', () => paddingMaskFromSizes(sizes, height, width))
  const pixelValues = graph.scoped('input', () => normalize(images, paddingMask, model.input))
  const predictions = network.forward(pixelValues, paddingMask)
  const detections = graph.scoped('postprocess', () => model.postprocess(predictions.at(-1)!, imageSizes))
  graph.output('scores', detections.scores)
  graph.output('labels', detections.labels)
  graph.output('boxes', detections.boxes)
  return graph
}

/** uint8 [batch, height, width, 3] to float32 [batch, 3, height, width]: (x / 255 − mean) / std, zero where padded. */
export function normalize(images: Tensor, paddingMask: Tensor, { mean, std }: InputConvention): Tensor {
  const perChannel = (value: (channel: number) => number): Tensor =>
    images.graph.constant({ dtype: 'float32', shape: [1, 3, 1, 1], data: Float32Array.from([0, 1, 2], value) })
  const values = cast(transpose(images, [0, 3, 1, 2]), 'float32')
  const scaled = mul(
    values,
    perChannel((c) => 1 / (255 * std[c]!)),
  )
  const normalized = add(
    scaled,
    perChannel((c) => -mean[c]! / std[c]!),
  )
  return mul(normalized, unsqueeze(cast(not(paddingMask), 'float32'), [1]))
}
