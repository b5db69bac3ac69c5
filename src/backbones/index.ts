/** @file Backbones: image in, feature pyramid out. */
export * from './hgnet-v2.js'
export * from './resnet.js'
export * from './resnet-vd.js'
