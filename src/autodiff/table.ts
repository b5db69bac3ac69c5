/** @file The gradient rules of all operators: exhaustive, or it does not compile. */
import type { OpType } from '../ops/index.js'
import { arithmeticRules } from './arithmetic.js'
import { convolutionRules } from './convolution.js'
import { elementwiseRules } from './elementwise.js'
import { indexingRules } from './indexing.js'
import { matrixRules } from './matrix.js'
import { normalizationRules } from './normalization.js'
import { reductionRules } from './reduction.js'
import { resamplingRules } from './resampling.js'
import type { Rule, Rules } from './rule.js'
import { shapeRules } from './shape.js'

/** Every operator's rule. */
export const gradientRules: Rules<OpType> = {
  ...arithmeticRules,
  ...convolutionRules,
  ...elementwiseRules,
  ...indexingRules,
  ...matrixRules,
  ...normalizationRules,
  ...reductionRules,
  ...resamplingRules,
  ...shapeRules,
}

/** The rule of an operator that is in the graph. */
export function findRule(op: string): Rule {
  return gradientRules[op as OpType]
}
