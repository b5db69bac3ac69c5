/** @file Pictures without system fonts: boxes, labels, lines and text on RGB bytes. */

export * from './annotate.js'
export * from './canvas.js'
export * from './palette.js'
export * from './stroke.js'
export * from './stroke-font.js'
