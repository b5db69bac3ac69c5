/** @file Constants: nodes whose result is known while building become constants. */
import type { Graph, Tensor } from '../graph/index.js'
import { fromNumbers, type TensorData } from '../tensor/index.js'
import { evaluateNode } from './evaluate.js'
import { rewrite } from './rewrite.js'

/** Results above this many elements stay computed: a large constant costs more than it saves. */
const LARGEST_RESULT = 1 << 16

/** The graph with nodes on constants, and shape arithmetic on known sizes, replaced by their results. */
export function foldConstants(graph: Graph): Graph {
  return rewrite(graph, (node, inputs, target) => {
    const contents = node.outputs.map(knownContent)
    if (contents.every((content) => content !== undefined)) {
      return contents.map((content) => target.constant(content))
    }
    const values = inputs.map((input) => (input?.source.kind === 'constant' ? input.source.data : undefined))
    if (values.length === 0 || !values.every((value) => value !== undefined)) return undefined
    const size = node.outputs.reduce((sum, output) => sum + output.shape.reduce((a: number, b) => a * Number(b), 1), 0)
    if (!(size <= LARGEST_RESULT)) return undefined
    return evaluateNode(node, values)?.map((value) => target.constant(value, `${node.name}/constant`))
  })
}

function knownContent(tensor: Tensor): TensorData | undefined {
  const { content, shape, dtype } = tensor
  // Larger numbers have been rounded on their way.
  if (!content?.every((dim) => Number.isSafeInteger(dim))) return undefined
  return fromNumbers(dtype, shape as readonly number[], content as readonly number[])
}
