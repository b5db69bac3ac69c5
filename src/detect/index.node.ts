/** @file Image files to detections, in Node. */
export * from './evaluate.js'
export * from './image-file.node.js'
export * from './index.js'
export * from './load.node.js'
