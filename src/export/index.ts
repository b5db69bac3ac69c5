/** @file Models as files for other tools. */
export * from './export-onnx.js'
