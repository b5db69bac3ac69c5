/** @file Backbones: image in, feature pyramid out. */
export { HgNetV2, type HgNetV2Config, type HgStageConfig, hgNetV2H, hgNetV2L, hgNetV2X } from './hgnet-v2.js'
export * from './resnet.js'
export type { ResNetDepth } from './resnet-depths.js'
export { ResNetVd, type ResNetVdConfig } from './resnet-vd.js'
