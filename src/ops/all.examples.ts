/** @file The examples of every operator: a table that lacks one does not compile. */
import { arithmeticExamples } from './arithmetic.examples.js'
import { convolutionExamples } from './convolution.examples.js'
import { elementwiseExamples } from './elementwise.examples.js'
import { indexingExamples } from './indexing.examples.js'
import { matrixExamples } from './matrix.examples.js'
import { normalizationExamples } from './normalization.examples.js'
import type { Example } from './operator.examples.js'
import { reductionExamples } from './reduction.examples.js'
import { resamplingExamples } from './resampling.examples.js'
import { shapeExamples } from './shape.examples.js'
import type { OpType } from './table.js'

export const examples: Readonly<Record<OpType, readonly Example[]>> = {
  ...arithmeticExamples,
  ...convolutionExamples,
  ...elementwiseExamples,
  ...indexingExamples,
  ...matrixExamples,
  ...normalizationExamples,
  ...reductionExamples,
  ...resamplingExamples,
  ...shapeExamples,
}
