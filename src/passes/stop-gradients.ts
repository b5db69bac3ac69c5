/** @file Nodes that stop gradients, which have nothing left to do once a graph is differentiated. */
import type { Graph } from '../graph/index.js'
import { rewrite } from './rewrite.js'

/** The graph with the input of every `StopGradient` in its place. */
export function eraseStopGradients(graph: Graph): Graph {
  return rewrite(graph, (node, inputs) => (node.op === 'StopGradient' ? [inputs[0]!] : undefined))
}
