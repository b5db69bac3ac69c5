/** @file Which query is to predict which target: costs, linear assignment, and the matcher that trains DETR. */
export * from './contrastive-denoising.js'
export * from './hungarian-matcher.js'
export * from './linear-assignment.js'
export * from './matching-cost.js'
