/**
 * @file Frozen norms into convolutions while the weights are still being learned: the scaling of the filters becomes part
 * of the graph, w·s forward and s·dw backward, so that no pass over the activations is left of the norm.
 */
import type { Graph, Node, Tensor } from '../graph/index.js'
import { add, addToGraph, convolution, div, mul, reshape, sqrt, sub } from '../ops/index.js'
import { normsAfterConvolutions, readingSizeOf } from './fold-norms.js'
import { rewrite } from './rewrite.js'

/** The graph with every batch norm by given statistics that directly follows a convolution made part of its filters. */
export function foldNormsSymbolically(graph: Graph): Graph {
  const norms = normsAfterConvolutions(graph)
  const convolutions = new Map<Node, readonly (Tensor | undefined)[]>()
  const folded = new Set(norms.values())
  const wholes = new Map<Tensor | undefined, Tensor>()
  return rewrite(graph, (node, inputs, target) => {
    if (folded.has(node)) {
      // The convolution passes its input on to its norm, which becomes the whole.
      convolutions.set(node, inputs)
      return [inputs[0]!]
    }
    const conv = norms.get(node)
    if (conv === undefined) return readingSizeOf(wholes, node, target)
    const [x, weight, bias] = convolutions.get(conv)!
    const [, scale, shift, mean, variance] = inputs as Tensor[]
    return target.scoped(node.name.replace(/\/[^/]*$/, ''), () => {
      const s = div(scale!, sqrt(add(variance!, Number(node.attributes['epsilon'] ?? 1e-5))))
      const filters = mul(weight!, reshape(s, [-1, ...weight!.shape.slice(1).map(() => 1)]))
      const centre = bias === undefined ? mul(mean!, s) : mul(sub(mean!, bias), s)
      const operands = [x, filters, sub(shift!, centre)]
      const whole = addToGraph(target, 'Conv', convolution.Conv, operands, conv.attributes, 1, conv.name).outputs
      wholes.set(node.inputs[0], whole[0]!)
      return whole
    })
  })
}
