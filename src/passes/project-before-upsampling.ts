/**
 * @file A projection of maps side by side, of which one was enlarged by repeating pixels, is that map's own projection,
 * enlarged, plus the others': W[up(a); b] = up(Wₐa) + W_b b. The enlarged map has more pixels than `a`, and their products are
 * saved. Norms must have been folded before.
 */
import type { Node, Tensor } from '../graph/index.js'
import { add, resizeNearest } from '../ops/index.js'
import { addProjection, type Projection, projectionsOnly } from './projections.js'
import { rewrite, type WeightedGraph } from './rewrite.js'

/** The graph with every such projection taken apart, where nothing else reads the maps side by side. */
export function projectBeforeUpsampling({ graph, weights }: WeightedGraph): WeightedGraph {
  const whole = new Map<Node, { readonly projection: Projection; readonly concat: Node }>()
  const concats = new Set<Node>()
  for (const node of graph.nodes) {
    if (node.op !== 'Concat' || node.attributes['axis'] !== 1 || !node.inputs.some(isEnlarged)) continue
    const projections = projectionsOnly(node.outputs[0]!, graph, weights)
    if (projections === undefined || !node.inputs.every((part) => typeof part?.shape[1] === 'number')) continue
    concats.add(node)
    for (const projection of projections) whole.set(projection.node, { projection, concat: node })
  }
  const split = new Map(weights)
  const parts = new Map<Node, readonly (Tensor | undefined)[]>()
  const small = new Map<Node, Tensor>()
  const rewritten = rewrite(graph, (node, inputs, target) => {
    if (node.op === 'Resize') small.set(node, inputs[0]!)
    if (concats.has(node)) {
      parts.set(node, inputs)
      return [inputs[0]!]
    }
    const found = whole.get(node)
    if (found === undefined) return undefined
    const { projection, concat } = found
    let channel = 0
    const summands = concat.inputs.map((part, i) => {
      const channels = part!.shape[1] as number
      const own = rangeOf(projection, channel, channels, i === concat.inputs.length - 1)
      channel += channels
      if (!isEnlarged(part)) return addProjection(target, parts.get(concat)![i]!, own, split)
      const { node: resize } = part!.source as { readonly node: Node }
      return resizeNearest(addProjection(target, small.get(resize)!, own, split), part!.shape[2]!, part!.shape[3]!)
    })
    return [summands.reduce((sum, summand) => add(sum, summand))]
  })
  return { graph: rewritten, weights: split }
}

/** Whether a map repeats the pixels of a smaller one, each equally often. */
function isEnlarged(tensor: Tensor | undefined): boolean {
  if (tensor?.source.kind !== 'node' || tensor.source.node.op !== 'Resize') return false
  const { inputs, attributes } = tensor.source.node
  const repeats =
    attributes['mode'] === 'nearest' &&
    attributes['nearest_mode'] === 'floor' &&
    attributes['coordinate_transformation_mode'] === 'asymmetric'
  const factors = [2, 3].map((axis) => Number(tensor.shape[axis]) / Number(inputs[0]!.shape[axis]))
  return repeats && tensor.shape.length === 4 && factors.every((factor) => factor > 1 && Number.isInteger(factor))
}

/** The projection of `count` of the channels; the bias belongs to one of the parts. */
function rangeOf(projection: Projection, from: number, count: number, withBias: boolean): Projection {
  const { inputs, outputs, filters, bias, key } = projection
  const own = new Float32Array(outputs * count)
  for (let o = 0; o < outputs; o++) own.set(filters.subarray(o * inputs + from, o * inputs + from + count), o * count)
  return {
    ...projection,
    inputs: count,
    filters: own,
    bias: withBias ? bias : new Float32Array(outputs),
    key: `${key}/channels_${from}`,
  }
}
