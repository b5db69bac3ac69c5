/** @file Nodes written in an older opset, brought to the form that opset 18 has. */
import type { Attribute, Graph, Tensor } from '../graph/index.js'
import { fromNumbers } from '../tensor/index.js'

/** A node as the file has it: values by name, or a tensor that the upgrade made. */
export interface RawNode {
  readonly op: string
  readonly name: string
  readonly domain: string
  readonly inputs: readonly (string | Tensor)[]
  readonly outputs: readonly string[]
  readonly attributes: Map<string, Attribute>
  /** Opset whose form the node now has. */
  readonly upgradedTo: number
}

interface Upgrade {
  /** First opset of the new form. */
  readonly to: number
  readonly from: number
  readonly apply: (graph: Graph, node: RawNode) => Partial<RawNode>
}

const axesToInput: Upgrade['apply'] = (graph, node) => {
  const axes = node.attributes.get('axes')
  node.attributes.delete('axes')
  if (!Array.isArray(axes)) return {}
  return { inputs: [node.inputs[0]!, graph.constant(fromNumbers('int64', [axes.length], axes))] }
}

const UPGRADES: Readonly<Record<string, Upgrade>> = {
  ReduceMax: { to: 18, from: 11, apply: axesToInput },
  ReduceMean: { to: 18, from: 11, apply: axesToInput },
  ReduceMin: { to: 18, from: 11, apply: axesToInput },
  ReduceProd: { to: 18, from: 11, apply: axesToInput },
  ReduceSumSquare: { to: 18, from: 11, apply: axesToInput },
  Squeeze: { to: 13, from: 11, apply: axesToInput },
  Unsqueeze: { to: 13, from: 11, apply: axesToInput },
  Split: {
    to: 18,
    from: 13,
    apply: (_, node) => {
      if (node.inputs.length === 1) node.attributes.set('num_outputs', node.outputs.length)
      return {}
    },
  },
}

/** The node in its opset-18 form, where detrs knows how to bring it there; unchanged otherwise. */
export function upgradeNode(graph: Graph, node: RawNode, opset: number): RawNode {
  const upgrade = Object.hasOwn(UPGRADES, node.op) ? UPGRADES[node.op] : undefined
  if (upgrade === undefined || opset >= upgrade.to || opset < upgrade.from) return { ...node, upgradedTo: opset }
  return { ...node, ...upgrade.apply(graph, node), upgradedTo: upgrade.to }
}
