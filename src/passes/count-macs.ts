/** @file Multiply-adds of a graph, counted from its shapes. */
import type { Graph, Node } from '../graph/index.js'
import { GraphError, sizeOfShape } from '../tensor/index.js'

/**
 * Multiply-adds of all convolutions and matrix products. One multiply-add is what papers of this field call one FLOP;
 * twice the number is what the word says.
 * @throws GraphError when a shape is not known in numbers.
 */
export function countMacs(graph: Graph): number {
  return graph.nodes.reduce((sum, node) => sum + macsOf(node), 0)
}

function macsOf(node: Node): number {
  switch (node.op) {
    case 'Conv':
      // Each output element sums over a filter: [out, in / groups, kernel, kernel].
      return size(node, node.outputs[0]!.shape) * size(node, node.inputs[1]!.shape.slice(1))
    case 'ConvTranspose':
      // Each input element is spread by a filter: [in, out / groups, kernel, kernel].
      return size(node, node.inputs[0]!.shape) * size(node, node.inputs[1]!.shape.slice(1))
    case 'MatMul':
    case 'Gemm':
    case 'FusedMatMul': {
      const { shape } = node.inputs[0]!
      const transposed = node.attributes['transA'] === 1
      return size(node, node.outputs[0]!.shape) * size(node, [shape.at(transposed ? -2 : -1)!])
    }
    default:
      return 0
  }
}

function size(node: Node, shape: readonly (number | string)[]): number {
  if (!shape.every((dim) => typeof dim === 'number')) {
    throw new GraphError({
      where: node.name,
      expected: 'sizes in numbers',
      got: `[${shape.join(', ')}]`,
      next: 'Build the graph for one input size.',
    })
  }
  return sizeOfShape(shape as readonly number[])
}
