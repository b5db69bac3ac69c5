/** @file Backbones: image in, feature pyramid out. */
export * from './resnet.js'
