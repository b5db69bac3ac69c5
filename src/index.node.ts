/** @file detrs in Node: the core, the native engine, image files, the cache of weights. */
export * from './checkpoint/index.node.js'
export {
  decodeImage,
  encodeImage,
  findImages,
  PdfDocument,
  type PdfPage,
  type PdfPageSize,
  type RenderedPage,
  type RenderPageOptions,
} from './data/index.node.js'
export * from './detect/index.node.js'
export * from './index.js'
export * from './runtime/index.node.js'
