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
    if (first === undefined) continue
    const ends = projectionsOnly(node.outputs[0]!, graph, weights)
    if (ends !== undefined && isCheaper(first, ends)) {
      dropped.add(node)
      for (const end of ends) products.set(end.node, productOf(first, end))
    } else if (node.inputs[1]!.source.kind === 'node') {
      // Filters of a layer over a map are a matrix with two axes added: other tools expect them as they are.
      products.set(node, { ...first, key: `${first.key}/filters` })
    }
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

/** The filters' product is summed in double precision, four at a time: their sums wait for one another otherwise. */
function productOf(first: Projection, second: Projection): Projection {
  const { inputs, outputs: middle } = first
  const { outputs } = second
  const columns = columnsOf(first)
  const row = new Float64Array(columns.length / middle)
  const filters = new Float32Array(outputs * inputs)
  const bias = new Float32Array(outputs)
  for (let o = 0; o < outputs; o++) {
    const weights = Float64Array.from(second.filters.subarray(o * middle, (o + 1) * middle))
    for (let i = 0, at = 0; i < row.length; i += 4, at += 4 * middle) {
      let [a, b, c, d] = [0, 0, 0, 0]
      for (let m = 0; m < middle; m++) {
        const weight = weights[m]!
        a += weight * columns[at + m]!
        b += weight * columns[at + middle + m]!
        c += weight * columns[at + 2 * middle + m]!
        d += weight * columns[at + 3 * middle + m]!
      }
      row.set([a, b, c, d], i)
    }
    filters.set(row.subarray(0, inputs), o * inputs)
    bias[o] = weights.reduce((sum, weight, m) => sum + weight * first.bias[m]!, second.bias[o]!)
  }
  // One layer may follow several, as RT-DETR's values do the projections of all levels.
  return { node: second.node, inputs, outputs, filters, bias, key: `${second.key}/after/${first.key}` }
}

/** A projection's filters [outputs, inputs] by input, with as many inputs of zeros as a multiple of four asks for. */
function columnsOf({ filters, inputs, outputs }: Projection): Float64Array {
  const columns = new Float64Array(Math.ceil(inputs / 4) * 4 * outputs)
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) columns[i * outputs + o] = filters[o * inputs + i]!
  }
  return columns
}
