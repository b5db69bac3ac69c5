/** @file Training in Node: data sets, run folders. */
export { INPUT_STRIDE } from './families.js'
export * from './fit.node.js'
export * from './index.js'
export type { PlanOptions } from './plan.node.js'
export * from './run-folder.node.js'
