/**
 * @file Norms into convolutions: a batch norm by fixed statistics after a convolution is the same convolution with
 * scaled filters and a bias. s = w / √(variance + ε), filters · s, bias' = b + (bias − mean) · s.
 */
import type { Graph, Node, Tensor } from '../graph/index.js'
import { addToGraph, convolution } from '../ops/index.js'
import type { TensorData } from '../tensor/index.js'
import { copyNode, rewrite, type WeightedGraph } from './rewrite.js'

/** The graph with every batch norm that directly follows a convolution with known weights folded into it. */
export function foldNormsIntoConvolutions({ graph, weights }: WeightedGraph): WeightedGraph {
  const norms = new Map<Node, Values>()
  for (const [norm, conv] of normsAfterConvolutions(graph)) {
    const values = valuesOf(conv, norm, weights)
    if (values !== undefined) norms.set(norm, values)
  }
  const convolutions = new Set([...norms.values()].map(({ conv }) => conv))
  const folded = new Map(weights)
  const keys = new Map<string, FoldedKeys>()
  const wholes = new Map<Tensor | undefined, Tensor>()
  const rewritten = rewrite(graph, (node, inputs, target) => {
    // A convolution to be folded passes its input on to its norm, which becomes the whole.
    if (convolutions.has(node)) return [inputs[0]!]
    const values = norms.get(node)
    if (values === undefined) return readingSizeOf(wholes, node, target)
    const epsilon = Number(node.attributes['epsilon'] ?? 1e-5)
    const use = `${values.keys.join()},${epsilon}`
    // A layer that is used in several places is folded once; two norms after one set of filters are two layers.
    let made = keys.get(use)
    if (made === undefined) {
      const { filters, bias } = scaled(values, epsilon)
      made = unusedKeys(`${values.keys[0]!}/folded`, folded)
      keys.set(use, made)
      folded.set(made.weight, filters)
      folded.set(made.bias, bias)
    }
    const parameters = [made.weight, made.bias].map((key) =>
      target.parameterTensor(key, 'float32', folded.get(key)!.shape),
    )
    const { attributes, name } = values.conv
    const whole = addToGraph(target, 'Conv', convolution.Conv, [inputs[0], ...parameters], attributes, 1, name).outputs
    wholes.set(node.inputs[0], whole[0]!)
    return whole
  })
  return { graph: rewritten, weights: folded }
}

/** Where a size is read from a convolution that has become one with its norm, it is read from the whole. */
export function readingSizeOf(
  wholes: ReadonlyMap<Tensor | undefined, Tensor>,
  node: Node,
  target: Graph,
): readonly Tensor[] | undefined {
  const whole = node.op === 'Shape' ? wholes.get(node.inputs[0]) : undefined
  return whole === undefined ? undefined : copyNode(node, [whole], target).outputs
}

/** Keys of filters and bias. */
export interface FoldedKeys {
  readonly weight: string
  readonly bias: string
}

/** Keys for filters and bias that a pass makes: `key`, numbered where that is taken. */
export function unusedKeys(key: string, taken: ReadonlyMap<string, TensorData>): FoldedKeys {
  for (let i = 1; ; i++) {
    const weight = i === 1 ? key : `${key}_${i}`
    if (!taken.has(weight)) return { weight, bias: `${weight}_bias` }
  }
}

interface Values {
  readonly conv: Node
  /** Keys of the filters, the bias and the norm's values. */
  readonly keys: readonly string[]
  readonly filters: TensorData
  readonly bias: TensorData | undefined
  readonly norm: readonly [scale: TensorData, bias: TensorData, mean: TensorData, variance: TensorData]
}

/**
 * Batch norms by given statistics that directly follow a convolution whose values nothing else reads, each with its
 * convolution. Its size may be read, but only after the norm, which has the same.
 */
export function normsAfterConvolutions({ nodes, outputs }: Graph): ReadonlyMap<Node, Node> {
  const readers = new Map<Tensor, number>()
  const read = (tensor: Tensor | undefined): void => {
    if (tensor !== undefined) readers.set(tensor, (readers.get(tensor) ?? 0) + 1)
  }
  for (const { op, inputs } of nodes) if (op !== 'Shape') inputs.forEach(read)
  for (const output of outputs.values()) read(output)
  const norms = new Map<Node, Node>()
  const sized = new Set<Tensor>()
  for (const node of nodes) {
    const input = node.inputs[0]
    if (node.op === 'Shape' && input !== undefined) sized.add(input)
    if (node.op !== 'BatchNormalization' || node.attributes['training_mode'] === 1) continue
    if (input?.source.kind !== 'node' || input.source.node.op !== 'Conv') continue
    if (readers.get(input) === 1 && !sized.has(input)) norms.set(node, input.source.node)
  }
  return norms
}

function valuesOf(conv: Node, norm: Node, weights: ReadonlyMap<string, TensorData>): Values | undefined {
  const sources = [conv.inputs[1], conv.inputs[2], ...norm.inputs.slice(1)]
  const keys = sources.map((tensor) => (tensor?.source.kind === 'parameter' ? tensor.source.key : ''))
  const [filters, bias, ...statistics] = keys.map((key) => weights.get(key))
  const known = [filters, ...statistics, ...(conv.inputs[2] === undefined ? [] : [bias])]
  if (!known.every((data) => data?.dtype === 'float32')) return undefined
  return { conv, keys, filters: filters!, bias, norm: statistics as unknown as Values['norm'] }
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
