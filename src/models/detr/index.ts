/** @file DETR (arXiv:2005.12872). */
export { Detr, type DetrConfig, detrR50 } from './detr.js'
export { detrLayouts } from './layouts.js'
export * from './transformer.js'
export { detrInput, detrModel, detrModels, detrSmall, detrSmallModel } from './variants.js'
