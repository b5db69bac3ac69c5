/** @file RT-DETR (arXiv:2304.08069). The criterion is entered by its own path, so that inference carries no losses. */
export { type ExtraQueries, RtDetrDecoder, type RtDetrDecoderConfig } from './decoder.js'
export * from './encoder-variants.js'
export { HybridEncoder, type HybridEncoderConfig } from './hybrid-encoder.js'
export * from './layouts.js'
export * from './query-selection.js'
export * from './rtdetr.js'
export * from './variants.js'
