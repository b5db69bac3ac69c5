/** @file Detection data sets on disk: recognised, read, checked, divided and written. */
export * from './check.node.js'
export * from './divide.node.js'
export * from './index.js'
export * from './read.node.js'
export { type RecognizedDataset, recognizeDataset } from './recognize.node.js'
export * from './write.node.js'
