/** @file State dicts in files, with the file system. */
export * from './cache.node.js'
export * from './download.node.js'
export * from './download-request.node.js'
export * from './file-lock.node.js'
export * from './files.node.js'
export * from './index.js'
