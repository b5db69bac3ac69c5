/** @file Losses of set prediction, one file each, and the criterion that applies them. */
export * from './binary-cross-entropy.js'
export * from './box-giou.js'
export * from './box-l1.js'
export * from './cross-entropy-no-object.js'
export * from './loss.js'
export * from './set-criterion.js'
export * from './sigmoid-focal.js'
export * from './varifocal.js'
