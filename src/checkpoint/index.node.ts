/** @file State dicts in files, with the file system. */
export * from './files.node.js'
export * from './index.js'
