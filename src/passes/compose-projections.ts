/**
 * @file A projection of a projection is one whose filters are the product of both: W₂(W₁x + b₁) + b₂ = (W₂W₁)x + (W₂b₁ + b₂).
 * Worth it where nothing else reads the first one's values, and what an image saves pays for the product of the filters. Norms
 * must have been folded before.
 */
import type { Node } from '../graph/index.js'
import { addProjection, type Projection, projectionOf, projectionsOnly } from './projections.js'
import { rewrite, type WeightedGraph } from './rewrite.js'

/** The graph with every such chain as one projection per end, and filters of projections as parameters. */
export function composeProjections({ graph, weights }: WeightedGraph): WeightedGraph {
  const products = new Map<Node, Projection>()
  const dropped = new Set<Node>()
  for (const node of graph.nodes) {
    const first = products.has(node) ? undefined : projectionOf(node, weights)
    const ends = first === undefined ? undefined : projectionsOnly(node.outputs[0]!, graph, weights)
    if (first === undefined || ends === undefined || !isCheaper(first, ends)) continue
    dropped.add(node)
    for (const end of ends) products.set(end.node, productOf(first, end))
  }
  for (const node of graph.nodes) {
    // Filters of a layer over a map are a matrix with two axes added: other tools expect them as they are.
    const single = products.has(node) || dropped.has(node) ? undefined : projectionOf(node, weights)
    if (single !== undefined && node.inputs[1]!.source.kind === 'node')
      products.set(node, { ...single, key: `${single.key}/filters` })
  }
  const composed = new Map(weights)
  const rewritten = rewrite(graph, (node, inputs, target) => {
    // A first projection passes its input on to the second, which does the work of both.
    if (dropped.has(node)) return [inputs[0]!]
    const product = products.get(node)
    return product === undefined ? undefined : [addProjection(target, inputs[0]!, product, composed)]
  })
  return { graph: rewritten, weights: composed }
}

/**
 * Composing multiplies filters here, at about a hundredth of an engine's rate, once: it may take half as many multiply-adds as it
 * saves on each image, so that a few dozen images pay for it.
 */
function isCheaper({ inputs, outputs: middle, node }: Projection, ends: readonly Projection[]): boolean {
  const [, , height, width] = node.outputs[0]!.shape
  if (typeof height !== 'number' || typeof width !== 'number') return false
  const outputs = ends.reduce((sum, end) => sum + end.outputs, 0)
  const saved = height * width * (middle * (inputs + outputs) - inputs * outputs)
  return inputs * middle * outputs <= saved / 2
}

/** Summed in double precision. */
function productOf(first: Projection, second: Projection): Projection {
  const { inputs, outputs: middle } = first
  const { outputs } = second
  const filters = new Float32Array(outputs * inputs)
  const bias = new Float32Array(outputs)
  const row = new Float64Array(inputs)
  for (let o = 0; o < outputs; o++) {
    row.fill(0)
    let shift = second.bias[o]!
    for (let m = 0; m < middle; m++) {
      const weight = second.filters[o * middle + m]!
      shift += weight * first.bias[m]!
      for (let i = 0; i < inputs; i++) row[i]! += weight * first.filters[m * inputs + i]!
    }
    filters.set(row, o * inputs)
    bias[o] = shift
  }
  // One layer may follow several, as RT-DETR's values do the projections of all levels.
  return { node: second.node, inputs, outputs, filters, bias, key: `${second.key}/after/${first.key}` }
}
