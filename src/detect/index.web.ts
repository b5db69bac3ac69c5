/** @file Images of web pages to detections. */
export * from './index.js'
export * from './load.web.js'
export * from './page-image.web.js'
