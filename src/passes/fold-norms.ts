/**
 * @file Norms into convolutions: a batch norm by fixed statistics after a convolution is the same convolution with
 * scaled filters and a bias. s = w / √(variance + ε), filters · s, bias' = b + (bias − mean) · s.
 */
import type { Graph, Node, Tensor } from '../graph/index.js'
import { addToGraph, convolution } from '../ops/index.js'
import type { TensorData } from '../tensor/index.js'
import { rewrite, type WeightedGraph } from './rewrite.js'

/** The graph with every batch norm that directly follows a convolution with known weights folded into it. */
export function foldNormsIntoConvolutions({ graph, weights }: WeightedGraph): WeightedGraph {
  const uses = countUses(graph)
  const norms = new Map<Node, Values>()
  for (const node of graph.nodes) {
    const conv = convolutionBefore(node, uses)
    const values = conv === undefined ? undefined : valuesOf(conv, node, weights)
    if (values !== undefined) norms.set(node, values)
  }
  const convolutions = new Set([...norms.values()].map(({ conv }) => conv))
  const folded = new Map(weights)
  const rewritten = rewrite(graph, (node, inputs, target) => {
    // A convolution to be folded passes its input on to its norm, which becomes the whole.
    if (convolutions.has(node)) return [inputs[0]!]
    const values = norms.get(node)
    if (values === undefined) return undefined
    const { filters, bias } = scaled(values, Number(node.attributes['epsilon'] ?? 1e-5))
    const [weightKey, biasKey] = [`${values.key}/folded`, `${values.key}/folded_bias`]
    folded.set(weightKey, filters)
    folded.set(biasKey, bias)
    const parameters = [
      target.parameterTensor(weightKey, 'float32', filters.shape),
      target.parameterTensor(biasKey, 'float32', bias.shape),
    ]
    const { attributes, name } = values.conv
    return addToGraph(target, 'Conv', convolution.Conv, [inputs[0], ...parameters], attributes, 1, name).outputs
  })
  return { graph: rewritten, weights: folded }
}

interface Values {
  readonly conv: Node
  readonly key: string
  readonly filters: TensorData
  readonly bias: TensorData | undefined
  readonly norm: readonly [scale: TensorData, bias: TensorData, mean: TensorData, variance: TensorData]
}

/** How often each tensor is used, as an input or an output of the graph. */
export function countUses({ nodes, outputs }: Graph): ReadonlyMap<Tensor, number> {
  const uses = new Map<Tensor, number>()
  const use = (tensor: Tensor | undefined): void => {
    if (tensor !== undefined) uses.set(tensor, (uses.get(tensor) ?? 0) + 1)
  }
  for (const node of nodes) for (const input of node.inputs) use(input)
  for (const output of outputs.values()) use(output)
  return uses
}

function convolutionBefore(node: Node, uses: ReadonlyMap<Tensor, number>): Node | undefined {
  const input = node.inputs[0]
  if (node.op !== 'BatchNormalization' || node.attributes['training_mode'] === 1) return undefined
  if (input?.source.kind !== 'node' || input.source.node.op !== 'Conv' || uses.get(input) !== 1) return undefined
  return input.source.node
}

function valuesOf(conv: Node, norm: Node, weights: ReadonlyMap<string, TensorData>): Values | undefined {
  const dataOf = (tensor: Tensor | undefined): TensorData | undefined =>
    tensor?.source.kind === 'parameter' ? weights.get(tensor.source.key) : undefined
  const filters = dataOf(conv.inputs[1])
  const bias = dataOf(conv.inputs[2])
  const statistics = norm.inputs.slice(1).map(dataOf)
  const source = conv.inputs[1]?.source
  if (filters === undefined || source?.kind !== 'parameter' || !statistics.every((value) => value !== undefined)) {
    return undefined
  }
  if (conv.inputs[2] !== undefined && bias === undefined) return undefined
  return { conv, key: source.key, filters, bias, norm: statistics as unknown as Values['norm'] }
}

function scaled({ filters, bias, norm }: Values, epsilon: number): { filters: TensorData; bias: TensorData } {
  const [scale, shift, mean, variance] = norm.map((value) => value.data as Float32Array) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ]
  const outputs = scale.length
  const source = filters.data as Float32Array
  const data = new Float32Array(source.length)
  const newBias = new Float32Array(outputs)
  const perFilter = source.length / outputs
  for (let o = 0; o < outputs; o++) {
    const factor = scale[o]! / Math.sqrt(variance[o]! + epsilon)
    const before = bias === undefined ? 0 : (bias.data as Float32Array)[o]!
    newBias[o] = shift[o]! + (before - mean[o]!) * factor
    for (let i = o * perFilter; i < (o + 1) * perFilter; i++) data[i] = source[i]! * factor
  }
  return {
    filters: { dtype: 'float32', shape: filters.shape, data },
    bias: { dtype: 'float32', shape: [outputs], data: newBias },
  }
}
