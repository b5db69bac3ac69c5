/** @file detrs without Node: graphs, layers, models, checkpoints and the detector. `detrs/node` and `detrs/web` add engines. */
export * as backbones from './backbones/index.js'
export * from './checkpoint/index.js'
export {
  collate,
  type ImageBatch,
  type ImageSize,
  type ResizeRule,
  type RgbImage,
  resizeBilinear,
  resizeShortestEdge,
  targetSize,
} from './data/index.js'
export * from './detect/index.js'
export { type DrawOptions, drawDetections } from './draw/index.js'
export * from './export/index.js'
export * from './graph/index.js'
export * from './models/index.js'
export * as nn from './nn/index.js'
export * from './onnx/index.js'
export * as ops from './ops/index.js'
export * from './passes/index.js'
export * from './runtime/index.js'
export * from './tensor/index.js'
