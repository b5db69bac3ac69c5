/** @file What `index.ts` has, and faults of the operating system in words. */

export * from './environment.node.js'
export * from './index.js'
export * from './make-folder.node.js'
export * from './system-fault.node.js'
