/** @file Expansions in front of operators that broadcast by themselves: the gradient of every sum ends in one. */
import type { Dim, Graph, Tensor } from '../graph/index.js'
import { copyNode, rewrite } from './rewrite.js'

const BROADCASTING: ReadonlySet<string> = new Set(['Add', 'Div', 'Mul', 'Sub'])

/** The graph whose arithmetic reads what an `Expand` would have repeated, where the result has its shape without it. */
export function eraseExpansions(graph: Graph): Graph {
  return rewrite(graph, (node, inputs, target) => {
    if (!BROADCASTING.has(node.op)) return undefined
    const [a, b] = inputs as [Tensor, Tensor]
    const { shape } = node.outputs[0]!
    const left = span(shape, repeatedBy(a), b) ? repeatedBy(a) : a
    const right = span(shape, left, repeatedBy(b)) ? repeatedBy(b) : b
    return left === a && right === b ? undefined : copyNode(node, [left, right], target).outputs
  })
}

/** What an expansion repeats, or the tensor itself. */
function repeatedBy(tensor: Tensor): Tensor {
  const { source } = tensor
  return source.kind === 'node' && source.node.op === 'Expand' ? source.node.inputs[0]! : tensor
}

/** Whether the two, broadcast against each other, have this shape. */
function span(shape: readonly Dim[], a: Tensor, b: Tensor): boolean {
  const sizeOf = (tensor: Tensor, axis: number): Dim | undefined =>
    tensor.shape[axis - shape.length + tensor.shape.length]
  return shape.every((size, axis) => sizeOf(a, axis) === size || sizeOf(b, axis) === size)
}
