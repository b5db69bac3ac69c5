/** @file A graph as text: one line a node, in order, with types and module paths. */
import { isFloat, toNumbers } from '../tensor/index.js'
import type { Graph } from './graph.js'
import { type Attribute, formatTensor, type Tensor } from './tensor.js'

/** The graph as text. Parameters appear by their state-dict key, other tensors as `%n`. */
export function printGraph(graph: Graph): string {
  const names = new Map<Tensor, string>()
  const nameOf = (tensor: Tensor | undefined): string => {
    if (tensor === undefined) return '_'
    const known = names.get(tensor)
    if (known !== undefined) return known
    switch (tensor.source.kind) {
      case 'input':
        return `@${tensor.source.name}`
      case 'parameter':
        return tensor.source.key
      case 'constant':
        return formatConstant(tensor)
      case 'node': {
        const name = `%${names.size}`
        names.set(tensor, name)
        return name
      }
    }
  }
  const lines = [`graph ${graph.name}`]
  for (const input of graph.inputs) lines.push(`  input ${nameOf(input)} : ${formatTensor(input)}`)
  for (const node of graph.nodes) {
    const attributes = Object.entries(node.attributes).map(([key, value]) => `${key}=${formatAttribute(value)}`)
    const inputs = node.inputs.map(nameOf).join(', ')
    const outputs = node.outputs.map((output) => `${nameOf(output)} : ${formatTensor(output)}`).join(', ')
    const braces = attributes.length === 0 ? '' : ` {${attributes.join(', ')}}`
    lines.push(`  ${outputs} = ${node.op}(${inputs})${braces}  # ${node.name}`)
  }
  for (const [name, tensor] of graph.outputs)
    lines.push(`  output ${name} = ${nameOf(tensor)} : ${formatTensor(tensor)}`)
  return `${lines.join('\n')}\n`
}

function formatConstant(tensor: Tensor): string {
  if (tensor.source.kind !== 'constant') return ''
  const { data } = tensor.source
  if (data.data.length > 8) return `constant ${formatTensor(tensor)}`
  const elements: readonly (number | bigint)[] = isFloat(data.dtype)
    ? toNumbers(data)
    : Array.from(data.data as ArrayLike<number | bigint>)
  const values = elements.map((value) => (Object.is(value, -0) ? '-0' : String(value))).join(', ')
  return data.shape.length === 0 ? values : `[${values}]`
}

function formatAttribute(value: Attribute): string {
  if (typeof value === 'object' && 'dtype' in value) return `${value.dtype}[${value.shape.join(', ')}]`
  return Array.isArray(value) ? `[${value.join(', ')}]` : String(value)
}
