/** @file ONNX files: graphs to bytes and back. */
export { type DecodedModel, decodeModel } from './decode.js'
export { decodeTensor } from './decode-tensor.js'
export { type EncodedModel, type EncodeOptions, encodeModel } from './encode.js'
