/** @file Symbolic tensors, the nodes that make them and the parameters that models own. */
import type { DType, TensorData } from '../tensor/index.js'
import type { Dim } from './dimension.js'
import type { Graph } from './graph.js'

/** An attribute of a node, as ONNX knows them. */
export type Attribute = number | bigint | string | readonly number[] | readonly string[] | TensorData

/** A node's attributes by ONNX name. */
export type Attributes = Readonly<Record<string, Attribute>>

/** One application of an operator. */
export interface Node {
  /** Module path, a slash, the operator: `backbone.conv1/Conv`. Unique in its graph. */
  readonly name: string
  /** Operator type, exactly as ONNX writes it. */
  readonly op: string
  /** Operator set: '' for ONNX's own. */
  readonly domain: string
  readonly inputs: readonly (Tensor | undefined)[]
  readonly attributes: Attributes
  readonly outputs: readonly Tensor[]
}

/** Where a tensor's values come from. */
export type Source =
  | { readonly kind: 'input'; readonly name: string }
  | { readonly kind: 'parameter'; readonly key: string }
  | { readonly kind: 'constant'; readonly name: string; readonly data: TensorData }
  | { readonly kind: 'node'; readonly node: Node; readonly index: number }

/** A symbolic tensor: type and shape of a value that the graph will compute. */
export interface Tensor {
  readonly graph: Graph
  readonly dtype: DType
  readonly shape: readonly Dim[]
  readonly source: Source
  /** The entries of a small integer tensor as far as they are known while building (a computed shape, usually). */
  readonly content?: readonly Dim[]
}

/** What an operator says about one output. */
export interface TensorType {
  readonly dtype: DType
  readonly shape: readonly Dim[]
  readonly content?: readonly Dim[]
}

/** A number that can be learned, or one that is only carried along: a norm's statistics, a frozen norm altogether. */
export type ParameterRole = 'weight' | 'buffer'

/** How a parameter starts when there are no weights to load. */
export type Initialization =
  | { readonly kind: 'constant'; readonly value: number }
  /** Uniform in ±bound. */
  | { readonly kind: 'uniform'; readonly bound: number }
  /** Zero from element `zeroFrom` on, where given. */
  | { readonly kind: 'normal'; readonly deviation: number; readonly zeroFrom?: number }
  | { readonly kind: 'values'; readonly values: readonly number[] }

/** Numbers that a model owns. Its key is given by the place of its field in the model (src/nn/module.ts). */
export class Parameter {
  readonly shape: readonly number[]
  readonly role: ParameterRole
  /** State-dict key; empty until the model's fields have been walked. */
  key = ''
  /** How it starts without weights to load; a model may override what the layer set. */
  initialization: Initialization

  constructor(shape: readonly number[], initialization: Initialization, role: ParameterRole = 'weight') {
    this.shape = shape
    this.initialization = initialization
    this.role = role
  }
}

/** The text of a tensor's type, e.g. `float32[batch, 3, 800, 1066]`. */
export function formatTensor(tensor: TensorType): string {
  return `${tensor.dtype}[${tensor.shape.join(', ')}]`
}
