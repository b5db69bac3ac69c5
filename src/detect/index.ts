/** @file Image to detections: the only inference path. */
export type { DetectOptions } from './detect-options.js'
export * from './detector.js'
