/** @file 1×1 convolutions with known weights: products of a matrix with every pixel. */
import type { Graph, Node, Tensor } from '../graph/index.js'
import { addToGraph, convolution } from '../ops/index.js'
import type { TensorData } from '../tensor/index.js'
import { unusedKeys } from './fold-norms.js'

/** out[o] = Σ filters[o · inputs + i] · in[i] + bias[o], at every pixel. */
export interface Projection {
  readonly node: Node
  readonly inputs: number
  readonly outputs: number
  readonly filters: Float32Array
  readonly bias: Float32Array
  /** The key of its filters. */
  readonly key: string
}

/** What a node is as a projection; undefined where it is none, or its weights are not known. */
export function projectionOf(node: Node, weights: ReadonlyMap<string, TensorData>): Projection | undefined {
  if (node.op !== 'Conv' || !isPlain(node)) return undefined
  const [x, filterTensor, biasTensor] = node.inputs
  const key = filterTensor === undefined ? undefined : parameterKey(filterTensor)
  const filters = key === undefined ? undefined : weights.get(key)
  const [outputs, inputs, height, width] = (filterTensor?.shape ?? []) as readonly number[]
  if (key === undefined || filters?.dtype !== 'float32' || x === undefined || height !== 1 || width !== 1)
    return undefined
  const bias = biasTensor === undefined ? new Float32Array(outputs!) : valuesOf(biasTensor, weights)
  if (bias === undefined) return undefined
  return { node, inputs: inputs!, outputs: outputs!, filters: filters.data as Float32Array, bias, key }
}

/** The projections that read `values`, when nothing else does. */
export function projectionsOnly(
  values: Tensor,
  { nodes, outputs }: Graph,
  weights: ReadonlyMap<string, TensorData>,
): readonly Projection[] | undefined {
  if ([...outputs.values()].includes(values)) return undefined
  const readers = nodes.filter(({ inputs }) => inputs.includes(values))
  const found = readers.map((reader) =>
    reader.inputs.slice(1).includes(values) ? undefined : projectionOf(reader, weights),
  )
  return found.length > 0 && found.every((projection) => projection !== undefined) ? found : undefined
}

/** Adds a projection to `target`; its weights are put into `weights` under its key, or another where that is taken. */
export function addProjection(
  target: Graph,
  x: Tensor,
  { filters, bias, inputs, outputs, key, node }: Projection,
  weights: Map<string, TensorData>,
): Tensor {
  const own = unusedKeys(key, weights)
  weights.set(own.weight, { dtype: 'float32', shape: [outputs, inputs, 1, 1], data: filters })
  const parameters = [target.parameterTensor(own.weight, 'float32', [outputs, inputs, 1, 1])]
  if (bias.some((value) => value !== 0)) {
    weights.set(own.bias, { dtype: 'float32', shape: [outputs], data: bias })
    parameters.push(target.parameterTensor(own.bias, 'float32', [outputs]))
  }
  return addToGraph(target, 'Conv', convolution.Conv, [x, ...parameters], node.attributes, 1, node.name).outputs[0]!
}

/** A parameter's key, as it is or with axes of size 1 added. */
function parameterKey({ source }: Tensor): string | undefined {
  if (source.kind === 'parameter') return source.key
  if (source.kind !== 'node' || source.node.op !== 'Unsqueeze') return undefined
  return parameterKey(source.node.inputs[0]!)
}

function valuesOf(tensor: Tensor, weights: ReadonlyMap<string, TensorData>): Float32Array | undefined {
  const data = tensor.source.kind === 'parameter' ? weights.get(tensor.source.key) : undefined
  return data?.dtype === 'float32' ? (data.data as Float32Array) : undefined
}

/** Whether a convolution reads each pixel once and alone: stride 1, no padding, one group. */
function isPlain({ attributes }: Node): boolean {
  const all = (name: string, value: number): boolean =>
    ((attributes[name] as readonly number[] | undefined) ?? []).every((entry) => entry === value)
  const unpadded = ['NOTSET', 'VALID'].includes(String(attributes['auto_pad'] ?? 'NOTSET'))
  return unpadded && Number(attributes['group'] ?? 1) === 1 && all('strides', 1) && all('pads', 0)
}
