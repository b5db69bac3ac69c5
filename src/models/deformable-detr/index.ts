/** @file Deformable DETR (arXiv:2010.04159). */
export * from './attention.js'
