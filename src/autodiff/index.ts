/** @file Reverse-mode differentiation on the graph. */
export { gradient } from './gradient.js'
export type { Backward, Rule } from './rule.js'
export { gradientRules } from './table.js'
