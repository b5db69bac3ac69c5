/**
 * @file Reverse-mode differentiation: the gradient of a scalar is more nodes in the same graph, so that printing,
 * optimising, splitting and running it needs nothing new.
 */
import { formatTensor, type Node, type Tensor } from '../graph/index.js'
import { add, fill } from '../ops/index.js'
import { GradientError, isFloat } from '../tensor/index.js'
import { modulePath, noGradient } from './rule.js'
import { findRule } from './table.js'

/**
 * Adds the gradient of `loss` by each of `parameters` to their graph.
 * @param loss float32 scalar
 * @param parameters parameters, inputs or results of nodes
 * @returns one tensor per parameter, of its shape; zeros where the loss does not depend on it
 * @throws GradientError when the loss is not a float32 scalar, or an operator on the way has no gradient.
 */
export function gradient(loss: Tensor, parameters: readonly Tensor[]): Tensor[] {
  const { graph } = loss
  if (loss.shape.length !== 0 || loss.dtype !== 'float32') {
    throw new GradientError({ where: graph.name, expected: 'a float32 scalar as loss', got: formatTensor(loss) })
  }
  const depends = dependents(graph.nodes, parameters)
  const one = graph.scoped(gradientScope(''), () => fill(loss, [], 1))
  const gradients = new Map<Tensor, Tensor[]>([[loss, [one]]])
  // Rules add nodes to the graph they differentiate: only the nodes of the forward pass are walked.
  for (const node of graph.nodes
    .filter(({ inputs }) => inputs.some((input) => input !== undefined && depends.has(input)))
    .reverse()) {
    graph.scoped(gradientScope(modulePath(node.name)), () => {
      const outputGradients = node.outputs.map((output) => accumulated(gradients, output))
      if (outputGradients.every((tensor) => tensor === undefined)) return
      const inputGradients = applyRule(node, outputGradients, depends)
      inputGradients.forEach((tensor, i) => {
        const input = node.inputs[i]
        if (tensor === undefined || input === undefined || !depends.has(input)) return
        gradients.set(input, [...(gradients.get(input) ?? []), tensor])
      })
    })
  }
  return parameters.map((parameter) => {
    const { source } = parameter
    return graph.scoped(gradientScope(source.kind === 'parameter' ? source.key : ''), () => {
      return accumulated(gradients, parameter) ?? fill(loss, parameter.shape, 0)
    })
  })
}

/** Under which path the gradient of what stands at `path` is built. */
function gradientScope(path: string): string {
  return path === '' ? 'gradient' : `${path}/gradient`
}

/** All tensors that change when one of the parameters does. */
function dependents(nodes: readonly Node[], parameters: readonly Tensor[]): ReadonlySet<Tensor> {
  const depends = new Set<Tensor>(parameters)
  for (const node of nodes) {
    if (node.inputs.some((input) => input !== undefined && depends.has(input))) {
      for (const output of node.outputs) depends.add(output)
    }
  }
  return depends
}

/** The sum of what has flowed to a tensor; added once, then remembered. */
function accumulated(gradients: Map<Tensor, Tensor[]>, tensor: Tensor): Tensor | undefined {
  const parts = gradients.get(tensor)
  if (parts === undefined) return undefined
  const sum = parts.reduce(add)
  gradients.set(tensor, [sum])
  return sum
}

function applyRule(
  node: Node,
  gradients: readonly (Tensor | undefined)[],
  depends: ReadonlySet<Tensor>,
): readonly (Tensor | undefined)[] {
  const rule = findRule(node.op)
  if (rule === 'zero') return []
  if (typeof rule === 'object') throw noGradient(node, `${node.op}, which has none: ${rule.none}`)
  const found = rule({ node, inputs: node.inputs, outputs: node.outputs, gradients })
  // A rule leaves out inputs that are given, as a norm's statistics; where they are learned, 0 would be wrong.
  const left = node.inputs.findIndex(
    (input, i) => input !== undefined && depends.has(input) && isFloat(input.dtype) && found[i] === undefined,
  )
  if (left >= 0) throw noGradient(node, `${node.op}, which has none by its input ${left}`)
  return found
}
