/** @file Dead code: nodes that no output needs. */
import type { Graph, Node, Tensor } from '../graph/index.js'
import { type GraphParts, rewrite } from './rewrite.js'

/** The graph without nodes, parameters and constants that no output depends on. Inputs stay. */
export function removeDeadCode(graph: GraphParts): Graph {
  const needed = new Set<Node>()
  const pending: Tensor[] = [...graph.outputs.values()]
  for (let tensor = pending.pop(); tensor !== undefined; tensor = pending.pop()) {
    if (tensor.source.kind !== 'node' || needed.has(tensor.source.node)) continue
    needed.add(tensor.source.node)
    for (const input of tensor.source.node.inputs) if (input !== undefined) pending.push(input)
  }
  const { name, inputs, outputs } = graph
  const nodes = graph.nodes.filter((node) => needed.has(node))
  return rewrite({ name, inputs, outputs, nodes }, () => undefined)
}
