/** @file The one way in which passes change a graph: copy it node by node, replacing what the visitor says. */
import { Graph, type Node, type Tensor } from '../graph/index.js'
import type { TensorData } from '../tensor/index.js'

/** A graph together with the values of its parameters, as inference has them. */
export interface WeightedGraph {
  readonly graph: Graph
  readonly weights: ReadonlyMap<string, TensorData>
}

/** Outputs that take the place of `node`'s in the new graph; undefined copies the node. */
export type Visit = (
  node: Node,
  inputs: readonly (Tensor | undefined)[],
  target: Graph,
) => readonly Tensor[] | undefined

/** What a copy needs to know of a graph. */
export type GraphParts = Pick<Graph, 'name' | 'inputs' | 'nodes' | 'outputs'> & { readonly training?: boolean }

/** Copies a graph. Inputs stay, in order, whether used or not; parameters and constants are copied when first used. */
export function rewrite(graph: GraphParts, visit: Visit): Graph {
  const target = new Graph(graph.name, { training: graph.training ?? false })
  const copies = new Map<Tensor, Tensor>()
  const copyOf = (tensor: Tensor): Tensor => {
    const known = copies.get(tensor)
    if (known !== undefined) return known
    const copy = copySource(tensor, target)
    copies.set(tensor, copy)
    return copy
  }
  for (const input of graph.inputs) copyOf(input)
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((input) => (input === undefined ? undefined : copyOf(input)))
    const replaced = visit(node, inputs, target) ?? copyNode(node, inputs, target).outputs
    node.outputs.forEach((output, i) => {
      const replacement = replaced[i]
      if (replacement !== undefined) copies.set(output, replacement)
    })
  }
  for (const [name, tensor] of graph.outputs) target.output(name, copyOf(tensor))
  return target
}

/** Adds a copy of `node` with other inputs to `target`. */
export function copyNode(node: Node, inputs: readonly (Tensor | undefined)[], target: Graph): Node {
  return target.addNode(node.op, node.domain, inputs, node.attributes, node.outputs.map(typeOf), node.name)
}

function typeOf({ dtype, shape, content }: Tensor): Pick<Tensor, 'dtype' | 'shape' | 'content'> {
  return { dtype, shape, ...(content === undefined ? {} : { content }) }
}

/** An input, parameter or constant in another graph. */
export function copySource(tensor: Tensor, target: Graph): Tensor {
  const { source } = tensor
  switch (source.kind) {
    case 'input':
      return target.input(source.name, tensor.dtype, tensor.shape)
    case 'parameter':
      return target.parameterTensor(source.key, tensor.dtype, tensor.shape as readonly number[])
    case 'constant':
      return target.constant(source.data, source.data.shape.length === 0 ? undefined : source.name)
    case 'node':
      // A node's outputs are copied with the node, which comes first in topological order.
      throw new Error(`internal: ${source.node.name} was used before it was copied`)
  }
}
