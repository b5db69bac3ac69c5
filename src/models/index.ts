/** @file The models of the family, one file or folder per paper. */
export { findModel, models } from './catalogue.js'
export { COCO_SPARSE_CLASSES } from './coco-classes.js'
export * from './detr/index.js'
export * from './graphs.js'
export * from './load.js'
export * from './measure.js'
export * from './model.js'
