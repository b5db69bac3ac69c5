/** @file Layers: plain classes with typed fields and a `forward`, and the walk that names them. */
export * from './attention.js'
export * from './convolution.js'
export * from './embedding.js'
export * from './linear.js'
export * from './module.js'
export * from './normalization.js'
export * from './padding.js'
export * from './position-encoding.js'
