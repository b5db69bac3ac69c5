/** @file Pictures of all kinds. */
export { chart, type Drawing } from './chart.js'
export { css, hsl, palette } from './colour.js'
export { diagram, screenshot } from './diagram.js'
export { barCode, logo, seal, signature, squareCode } from './emblem.js'
export { type Pixels, photo } from './photo.js'
