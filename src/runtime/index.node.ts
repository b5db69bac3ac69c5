/** @file Engines for Node. */
export * from './create-runtime.node.js'
export type { FfiOptions } from './ffi-options.js'
export * from './index.js'
export * from './ort.ffi.node.js'
export * from './ort.onnxruntime-node.node.js'
export * from './ort.web.js'
