/** @file Images from files: decoding, encoding, worker threads, and what a command's inputs mean. */
export * from './decode.node.js'
export * from './download.node.js'
export * from './encode.node.js'
export * from './find-images.node.js'
export * from './find-pages.node.js'
export * from './image-source.node.js'
export * from './index.js'
export {
  type BatchPhoto,
  createLoader,
  type LoadableImage,
  type LoadedBatch,
  type Loader,
  type LoaderOptions,
} from './loader.node.js'
export * from './pdf.node.js'
export * from './pdfium.node.js'
export { type PreparedImage, prepareImage } from './prepare.node.js'
export * from './preprocess.node.js'
export { MAX_FILE_BYTES } from './read-file.node.js'
