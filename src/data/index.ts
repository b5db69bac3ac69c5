/** @file Images and batches: sizes, Pillow's resize, augmentations, collating; free of files and threads. */
export * from './collate.js'
export * from './image.js'
export * from './limits.js'
export type { LoaderPosition } from './loader-plan.js'
export * from './pdf-page.js'
export * from './resize.js'
export * from './resize-rule.js'
export * from './transforms/index.js'
