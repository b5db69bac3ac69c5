/** @file Image to detections: the only inference path. */
export * from './detector.js'
