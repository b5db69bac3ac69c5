/**
 * @file One joint graph cut in two: FORWARD is what the matching needs, BACKWARD everything else. What crosses is chosen
 * cheap: values that cost almost nothing to make again (views, masks, scaled filters) are recomputed, never kept.
 */
import { Graph, type Node, type Tensor } from '../graph/index.js'
import { copyNode, copySource, removeDeadCode } from '../passes/index.js'

/** The two halves and the names of the tensors that go from one to the other. */
export interface SplitGraph {
  readonly forward: Graph
  readonly backward: Graph
  /** Outputs of FORWARD that are inputs of BACKWARD, predictions included where it reads them. */
  readonly saved: readonly string[]
}

/** Operators whose results are made again in BACKWARD: they move elements, or read far less than they save. */
const RECOMPUTED: ReadonlySet<string> = new Set([
  'And',
  'Cast',
  'Concat',
  'ConstantOfShape',
  'Equal',
  'Expand',
  'Greater',
  'GreaterOrEqual',
  'Identity',
  'Less',
  'LessOrEqual',
  'Not',
  'Or',
  'Pad',
  'Range',
  'Reshape',
  'Shape',
  'Slice',
  'Split',
  'Squeeze',
  'Transpose',
  'Unsqueeze',
  'Where',
])

/**
 * Cuts `joint` behind the outputs named in `forwardOutputs`.
 * @returns FORWARD with those outputs and the saved tensors, BACKWARD with all other outputs
 */
export function splitGraph(joint: Graph, forwardOutputs: ReadonlySet<string>): SplitGraph {
  const forwardNodes = ancestors(
    [...joint.outputs].filter(([name]) => forwardOutputs.has(name)).map(([, tensor]) => tensor),
  )
  const names = new Map<Tensor, string>()
  for (const [name, tensor] of joint.outputs) if (forwardOutputs.has(name)) names.set(tensor, name)

  const backward = new Graph(`${joint.name}.backward`)
  const copies = new Map<Tensor, Tensor>()
  const saved = new Map<Tensor, string>()

  const copyTensor = (tensor: Tensor): Tensor => {
    const known = copies.get(tensor)
    if (known !== undefined) return known
    const copy = makeCopy(tensor)
    copies.set(tensor, copy)
    return copy
  }
  const makeCopy = (tensor: Tensor): Tensor => {
    const { source } = tensor
    if (source.kind !== 'node') return copySource(tensor, backward)
    if (!forwardNodes.has(source.node) || isRecomputed(source.node, tensor)) {
      copyWithInputs(source.node)
      return copies.get(tensor)!
    }
    const name = names.get(tensor) ?? `saved/${source.node.name}:${source.index}`
    saved.set(tensor, name)
    return backward.input(name, tensor.dtype, tensor.shape)
  }
  const copyWithInputs = (node: Node): void => {
    const inputs = node.inputs.map((input) => (input === undefined ? undefined : copyTensor(input)))
    const copy = copyNode(node, inputs, backward)
    for (const [i, output] of node.outputs.entries()) copies.set(output, copy.outputs[i]!)
  }
  // A tensor that FORWARD gives out anyway costs nothing more to keep.
  const fromWeights = weightArithmetic(joint.nodes)
  const isRecomputed = (node: Node, tensor: Tensor): boolean =>
    !names.has(tensor) && (RECOMPUTED.has(node.op) || fromWeights.has(node))

  for (const node of joint.nodes) if (!forwardNodes.has(node) && !copies.has(node.outputs[0]!)) copyWithInputs(node)
  for (const [name, tensor] of joint.outputs) if (!forwardOutputs.has(name)) backward.output(name, copyTensor(tensor))
  return { forward: forwardHalf(joint, forwardOutputs, saved), backward, saved: [...saved.values()] }
}

/** Nodes that depend on weights and constants alone: transposed or scaled filters. */
function weightArithmetic(nodes: readonly Node[]): ReadonlySet<Node> {
  const found = new Set<Node>()
  for (const node of nodes) {
    const only = node.inputs.every((input) => {
      if (input === undefined) return true
      const { source } = input
      return source.kind === 'node' ? found.has(source.node) : source.kind !== 'input'
    })
    if (only) found.add(node)
  }
  return found
}

/** The joint graph with other outputs; what only BACKWARD needs is dead code there. */
function forwardHalf(joint: Graph, wanted: ReadonlySet<string>, saved: ReadonlyMap<Tensor, string>): Graph {
  const outputs = new Map([...joint.outputs].filter(([name]) => wanted.has(name)))
  for (const [tensor, name] of saved) if (!outputs.has(name)) outputs.set(name, tensor)
  const needed = ancestors([...outputs.values()])
  const used = new Set([...needed].flatMap((node) => node.inputs))
  const view = {
    name: `${joint.name}.forward`,
    inputs: joint.inputs.filter((input) => used.has(input)),
    nodes: joint.nodes,
    outputs,
  }
  return removeDeadCode(view)
}

function ancestors(tensors: readonly Tensor[]): ReadonlySet<Node> {
  const found = new Set<Node>()
  const pending = [...tensors]
  for (let tensor = pending.pop(); tensor !== undefined; tensor = pending.pop()) {
    if (tensor.source.kind !== 'node' || found.has(tensor.source.node)) continue
    found.add(tensor.source.node)
    for (const input of tensor.source.node.inputs) if (input !== undefined) pending.push(input)
  }
  return found
}
