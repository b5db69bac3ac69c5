/**
 * @file Reverse-mode differentiation: the gradient of a scalar is more nodes in the same graph, so that printing,
 * optimising, splitting and running it needs nothing new.
 */
import type { Node, Tensor } from '../graph/index.js'
import { add, fill } from '../ops/index.js'
import { GradientError } from '../tensor/index.js'
import { findRule } from './table.js'

/**
 * Adds the gradient of `loss` by each of `parameters` to their graph.
 * @param loss float32 scalar
 * @returns one tensor per parameter, of its shape; zeros where the loss does not depend on it
 * @throws GradientError when an operator on the way has no gradient.
 */
export function gradient(loss: Tensor, parameters: readonly Tensor[]): Tensor[] {
  const { graph } = loss
  if (loss.shape.length !== 0) {
    throw new GradientError({ where: graph.name, expected: 'a scalar loss', got: `shape [${loss.shape.join(', ')}]` })
  }
  const depends = dependents(graph.nodes, parameters)
  const gradients = new Map<Tensor, Tensor[]>([[loss, [fill(loss, [], 1)]]])
  // Rules add nodes to the graph they differentiate: only the nodes of the forward pass are walked.
  for (const node of graph.nodes
    .filter((candidate) => candidate.outputs.some((output) => depends.has(output)))
    .reverse()) {
    const outputGradients = node.outputs.map((output) => accumulated(gradients, output))
    if (outputGradients.every((tensor) => tensor === undefined)) continue
    const path = node.name.replace(/\/[^/]*$/, '')
    const inputGradients = graph.scoped(`${path}/gradient`, () => applyRule(node, outputGradients))
    inputGradients.forEach((tensor, i) => {
      const input = node.inputs[i]
      if (tensor === undefined || input === undefined || !depends.has(input)) return
      gradients.set(input, [...(gradients.get(input) ?? []), tensor])
    })
  }
  return parameters.map((parameter) => accumulated(gradients, parameter) ?? fill(loss, parameter.shape, 0))
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

function applyRule(node: Node, gradients: readonly (Tensor | undefined)[]): readonly (Tensor | undefined)[] {
  const rule = findRule(node.op)
  if (rule === 'zero') return []
  if (typeof rule === 'function') return rule({ node, inputs: node.inputs, outputs: node.outputs, gradients })
  throw new GradientError({
    where: node.name,
    expected: 'an operator with a gradient',
    got: `${node.op}, which has none: ${rule.none}`,
  })
}
