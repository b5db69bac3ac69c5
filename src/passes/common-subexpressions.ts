/** @file Common subexpressions: equal nodes on equal inputs become one. */
import type { Attribute, Graph, Node, Tensor } from '../graph/index.js'
import { bytesOf, type TensorData } from '../tensor/index.js'
import { copyNode, rewrite } from './rewrite.js'

/** Constants up to this many bytes are compared by value. */
const COMPARED_BYTES = 1024

/** The graph with each value computed once. */
export function mergeCommonSubexpressions(graph: Graph): Graph {
  const identities = new Map<Tensor, number>()
  const constants = new Map<string, number>()
  const seen = new Map<string, readonly Tensor[]>()
  const identityOf = (tensor: Tensor | undefined): number => {
    if (tensor === undefined) return -1
    let identity = identities.get(tensor)
    if (identity === undefined) {
      const { source } = tensor
      const small = source.kind === 'constant' && source.data.data.byteLength <= COMPARED_BYTES
      const key = small ? dataKey(source.data) : undefined
      identity = (key === undefined ? undefined : constants.get(key)) ?? identities.size
      if (key !== undefined) constants.set(key, identity)
      identities.set(tensor, identity)
    }
    return identity
  }
  return rewrite(graph, (node, inputs, target) => {
    const key = `${nodeKey(node)}(${inputs.map(identityOf).join()})`
    const first = seen.get(key)
    if (first !== undefined) return first
    const copy = copyNode(node, inputs, target)
    seen.set(key, copy.outputs)
    return copy.outputs
  })
}

function nodeKey(node: Node): string {
  const attributes = Object.entries(node.attributes)
    .map(([name, value]) => `${name}=${attributeKey(value)}`)
    .sort()
  return `${node.domain}.${node.op}:${node.outputs.length}{${attributes.join()}}`
}

function attributeKey(value: Attribute): string {
  if (typeof value === 'object') return 'dtype' in value ? dataKey(value) : `[${value.map(attributeKey).join()}]`
  if (typeof value === 'string') return JSON.stringify(value)
  return `${typeof value}:${Object.is(value, -0) ? '-0' : value}`
}

function dataKey(data: TensorData): string {
  return `${data.dtype}[${data.shape.join()}]${bytesOf(data).join()}`
}
