/** @file Pictures without system fonts: boxes, labels, lines, text and charts on RGB bytes. */

export * from './annotate.js'
export { type AxisOptions, CHART_COLORS } from './axes.js'
export * from './canvas.js'
export * from './legible-names.js'
export * from './line-chart.js'
export * from './matrix-chart.js'
export * from './palette.js'
export * from './stroke.js'
export * from './stroke-font.js'
