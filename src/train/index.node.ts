/** @file Training in Node: data sets, run folders. */
export { INPUT_STRIDE } from './families.js'
export * from './fit.node.js'
export * from './index.js'
export * from './run-folder.node.js'
