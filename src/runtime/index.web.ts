/** @file The engine for browsers. */
export * from './index.js'
export * from './ort.web.js'
