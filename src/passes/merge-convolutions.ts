/**
 * @file Two convolutions of the same values, added up, into one (RepVGG, arXiv:2101.03697, §3.3): the smaller kernel is put into
 * the middle of the larger one. Norms must have been folded before.
 */
import type { Node, Tensor } from '../graph/index.js'
import { addToGraph, convolution } from '../ops/index.js'
import type { TensorData } from '../tensor/index.js'
import { rewrite, type WeightedGraph } from './rewrite.js'

/** A convolution with known weights that one sum alone reads. */
interface Branch {
  readonly conv: Node
  readonly filters: TensorData
  readonly bias: TensorData
  /** Keys of filters and bias. */
  readonly keys: readonly [string, string]
  readonly kernel: number
}

/** The graph with every such pair as one convolution. */
export function mergeParallelConvolutions({ graph, weights }: WeightedGraph): WeightedGraph {
  const readers = new Map<Tensor, number>()
  const count = (tensor: Tensor | undefined): void => {
    if (tensor !== undefined) readers.set(tensor, (readers.get(tensor) ?? 0) + 1)
  }
  for (const { inputs } of graph.nodes) inputs.forEach(count)
  for (const output of graph.outputs.values()) count(output)
  const merged = new Map(weights)
  const sums = new Map<Node, readonly [Branch, Branch]>()
  for (const node of graph.nodes) {
    if (node.op !== 'Add') continue
    const branches = node.inputs.map((input) =>
      input !== undefined && readers.get(input) === 1 ? branchOf(input, weights) : undefined,
    )
    const [a, b] = branches
    if (a === undefined || b === undefined || a.conv.inputs[0] !== b.conv.inputs[0]) continue
    if (!isCentred(a) || !isCentred(b) || a.filters.shape[0] !== b.filters.shape[0]) continue
    sums.set(node, a.kernel >= b.kernel ? [a, b] : [b, a])
  }
  const dropped = new Set([...sums.values()].flatMap(([a, b]) => [a.conv, b.conv]))
  const rewritten = rewrite(graph, (node, inputs, target) => {
    // A merged convolution passes its input on to the sum.
    if (dropped.has(node)) return [inputs[0]!]
    const pair = sums.get(node)
    if (pair === undefined) return undefined
    const [large, small] = pair
    const keys = large.keys.map((key) => `${key}/merged`)
    merged.set(keys[0]!, centredSum(large, small))
    merged.set(keys[1]!, sumOf(large.bias, small.bias))
    const parameters = keys.map((key) => target.parameterTensor(key, 'float32', merged.get(key)!.shape))
    const { attributes, name } = large.conv
    return addToGraph(target, 'Conv', convolution.Conv, [inputs[0], ...parameters], attributes, 1, name).outputs
  })
  return { graph: rewritten, weights: merged }
}

function branchOf({ source }: Tensor, weights: ReadonlyMap<string, TensorData>): Branch | undefined {
  if (source.kind !== 'node' || source.node.op !== 'Conv') return undefined
  const keys = source.node.inputs.slice(1).map((input) => (input?.source.kind === 'parameter' ? input.source.key : ''))
  const [filters, bias] = keys.map((key) => weights.get(key))
  if (filters?.dtype !== 'float32' || bias?.dtype !== 'float32') return undefined
  const [height, width] = filters.shape.slice(2)
  if (filters.shape.length !== 4 || height !== width || height! % 2 === 0) return undefined
  return { conv: source.node, filters, bias, keys: keys as [string, string], kernel: height! }
}

/** Whether the kernel's middle stands on the output's pixel: stride 1, no dilation or groups, half the kernel as padding. */
function isCentred({ conv: { attributes }, kernel }: Branch): boolean {
  const all = (name: string, fallback: number, value: number): boolean =>
    ((attributes[name] as readonly number[] | undefined) ?? [fallback]).every((entry) => entry === value)
  const plain = (attributes['auto_pad'] ?? 'NOTSET') === 'NOTSET' && Number(attributes['group'] ?? 1) === 1
  return plain && all('strides', 1, 1) && all('dilations', 1, 1) && all('pads', 0, (kernel - 1) / 2)
}

function centredSum(large: Branch, small: Branch): TensorData {
  const data = (large.filters.data as Float32Array).slice()
  const added = small.filters.data as Float32Array
  const margin = (large.kernel - small.kernel) / 2
  const [pixels, pixelsOfSmall] = [large.kernel ** 2, small.kernel ** 2]
  for (let i = 0; i < added.length; i++) {
    const [filter, pixel] = [Math.floor(i / pixelsOfSmall), i % pixelsOfSmall]
    const [row, column] = [Math.floor(pixel / small.kernel) + margin, (pixel % small.kernel) + margin]
    data[filter * pixels + row * large.kernel + column]! += added[i]!
  }
  return { dtype: 'float32', shape: large.filters.shape, data }
}

function sumOf(a: TensorData, b: TensorData): TensorData {
  const other = b.data as Float32Array
  return { dtype: 'float32', shape: a.shape, data: (a.data as Float32Array).map((value, i) => value + other[i]!) }
}
