/** @file Passes: graph in, graph out. */
import { mergeCommonSubexpressions } from './common-subexpressions.js'
import { composeProjections } from './compose-projections.js'
import { foldConstants } from './constants.js'
import { removeDeadCode } from './dead-code.js'
import { foldNormsIntoConvolutions } from './fold-norms.js'
import { mergeParallelConvolutions } from './merge-convolutions.js'
import { projectBeforeUpsampling } from './project-before-upsampling.js'
import type { WeightedGraph } from './rewrite.js'

export { countMacs } from './count-macs.js'
export { eraseExpansions } from './expansions.js'
export { foldNormsSymbolically } from './fold-norms-symbolically.js'
export { copyNode, copySource, type GraphParts, rewrite, type Visit } from './rewrite.js'
export { eraseStopGradients } from './stop-gradients.js'
export {
  composeProjections,
  foldConstants,
  foldNormsIntoConvolutions,
  mergeCommonSubexpressions,
  mergeParallelConvolutions,
  projectBeforeUpsampling,
  removeDeadCode,
  type WeightedGraph,
}

/** The passes that every inference graph goes through, in order. The result computes the same values. */
export function optimizeForInference(weighted: WeightedGraph): WeightedGraph {
  const needed = { ...weighted, graph: removeDeadCode(weighted.graph) }
  const whole = mergeParallelConvolutions(foldNormsIntoConvolutions(needed))
  const { graph, weights } = composeProjections(projectBeforeUpsampling(whole))
  const simplified = removeDeadCode(mergeCommonSubexpressions(foldConstants(graph)))
  return { graph: simplified, weights }
}
