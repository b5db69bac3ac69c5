/** @file Images and batches: sizes, Pillow's resize, collating; free of files and threads. */
export * from './collate.js'
export * from './image.js'
export * from './limits.js'
export * from './resize.js'
