/** @file A graph to the bytes of an ONNX model (opset 18). */
import { type Attribute, formatTensor, type Graph, type Node, type Tensor } from '../graph/index.js'
import { findOperator, onnxTypeCode } from '../ops/index.js'
import { bytesOf, GraphError, ShapeError, type TensorData } from '../tensor/index.js'
import {
  AttributeField,
  AttributeType,
  DimField,
  Entry,
  GraphField,
  IR_VERSION,
  Model,
  NodeField,
  OPSET,
  OperatorSet,
  ShapeField,
  TensorField,
  TensorTypeField,
  TypeField,
  ValueInfoField,
} from './schema.js'
import { WireWriter } from './wire.js'

/** What goes into the file beside the graph. */
export interface EncodeOptions {
  /** Values of the graph's parameters. A parameter without one becomes an input of the model. */
  readonly weights?: ReadonlyMap<string, TensorData>
  /** Tensors of at least this many bytes are left out of the file and returned beside it; all stay inside unless said. */
  readonly externalFromBytes?: number
  /** Text entries of the model's metadata. */
  readonly metadata?: Readonly<Record<string, string>>
}

/** An encoded model and the tensors that it refers to by path. */
export interface EncodedModel {
  readonly bytes: Uint8Array
  readonly externalData: readonly { readonly path: string; readonly data: Uint8Array }[]
}

/**
 * Encodes a graph.
 * @throws GraphError when the graph has no output, an operator that ONNX does not have, or one name for two values;
 *   ShapeError when a weight's shape is not its parameter's.
 */
export function encodeModel(graph: Graph, options: EncodeOptions = {}): EncodedModel {
  if (graph.outputs.size === 0) {
    throw new GraphError({ where: graph.name, expected: 'at least one output', got: 'none' })
  }
  const encoder = new ModelEncoder(graph, options)
  return { bytes: encoder.encode(), externalData: encoder.externalData }
}

class ModelEncoder {
  readonly externalData: { path: string; data: Uint8Array }[] = []
  readonly #graph: Graph
  readonly #options: EncodeOptions
  readonly #names: Map<Tensor, string> = new Map()
  /** Names of values, each with the tensor that has it. */
  readonly #taken: Map<string, Tensor> = new Map()
  readonly #constants: Tensor[] = []
  readonly #paths: Set<string> = new Set()

  constructor(graph: Graph, options: EncodeOptions) {
    this.#graph = graph
    this.#options = options
    const parameters = [...graph.parameters].map(([key, tensor]) => [key, tensor] as const)
    const inputs = graph.inputs.map(
      (tensor) => [tensor.source.kind === 'input' ? tensor.source.name : '', tensor] as const,
    )
    for (const [name, tensor] of [...inputs, ...parameters, ...graph.outputs]) {
      if ((this.#taken.get(name) ?? tensor) !== tensor) {
        throw new GraphError({ where: graph.name, expected: 'a name for each value', got: `'${name}' for two` })
      }
      this.#taken.set(name, tensor)
      if (tensor.source.kind !== 'constant' && !this.#names.has(tensor)) this.#names.set(tensor, name)
    }
  }

  encode(): Uint8Array {
    const writer = new WireWriter()
    writer.int(Model.irVersion, IR_VERSION)
    writer.text(Model.producerName, 'detrs')
    const domains = new Set(['', ...this.#graph.nodes.map((node) => node.domain)])
    for (const domain of domains) {
      writer.message(Model.opsetImport, (set) => {
        set.text(OperatorSet.domain, domain)
        set.int(OperatorSet.version, domain === '' ? OPSET : 1)
      })
    }
    writer.message(Model.graph, (graph) => this.#writeGraph(graph))
    for (const [key, value] of Object.entries(this.#options.metadata ?? {})) {
      writer.message(Model.metadata, (entry) => {
        entry.text(Entry.key, key)
        entry.text(Entry.value, value)
      })
    }
    return writer.finish()
  }

  #writeGraph(writer: WireWriter): void {
    const graph = this.#graph
    writer.text(GraphField.name, graph.name)
    for (const node of graph.nodes) writer.message(GraphField.node, (inner) => this.#writeNode(inner, node))
    for (const [name, tensor] of graph.outputs) {
      // An input, a weight, or a tensor that already carries another output's name.
      if (this.#nameOf(tensor) !== name) {
        writer.message(GraphField.node, (inner) => {
          inner.text(NodeField.input, this.#nameOf(tensor))
          inner.text(NodeField.output, name)
          inner.text(NodeField.name, `output/${name}`)
          inner.text(NodeField.opType, 'Identity')
        })
      }
    }
    const inputs = [...graph.inputs]
    for (const [key, tensor] of graph.parameters) {
      const value = this.#options.weights?.get(key)
      if (value === undefined) inputs.push(tensor)
      else this.#writeInitializer(writer, key, checkedWeight(tensor, key, value))
    }
    for (const tensor of this.#constants) {
      if (tensor.source.kind === 'constant') this.#writeInitializer(writer, this.#nameOf(tensor), tensor.source.data)
    }
    for (const tensor of inputs) writeValueInfo(writer, GraphField.input, this.#nameOf(tensor), tensor)
    for (const [name, tensor] of graph.outputs) writeValueInfo(writer, GraphField.output, name, tensor)
  }

  #writeNode(writer: WireWriter, node: Node): void {
    for (const input of node.inputs) writer.text(NodeField.input, input === undefined ? '' : this.#nameOf(input))
    for (const output of node.outputs) writer.text(NodeField.output, this.#nameOf(output))
    writer.text(NodeField.name, node.name)
    writer.text(NodeField.opType, node.op)
    if (node.domain !== '') writer.text(NodeField.domain, node.domain)
    const operator = findOperator(node.op)
    if (operator === undefined || (operator.domain ?? '') !== node.domain) {
      const got = node.domain === '' ? node.op : `${node.domain}.${node.op}`
      throw new GraphError({ where: node.name, expected: 'an operator that ONNX Runtime has', got })
    }
    for (const [name, value] of Object.entries(node.attributes)) {
      const kind = operator.attributes[name]?.kind
      if (kind === undefined) {
        throw new GraphError({ where: node.name, expected: `an attribute that ${node.op} has`, got: `'${name}'` })
      }
      writer.message(NodeField.attribute, (attribute) => {
        attribute.text(AttributeField.name, name)
        this.#writeAttribute(attribute, kind, value)
      })
    }
  }

  #writeAttribute(writer: WireWriter, kind: keyof typeof AttributeType, value: Attribute): void {
    switch (kind) {
      case 'float':
        writer.float(AttributeField.float, Number(value))
        break
      case 'int':
        writer.int(AttributeField.int, value as number | bigint)
        break
      case 'string':
        writer.text(AttributeField.string, String(value))
        break
      case 'floats':
        writer.floats(AttributeField.floats, value as readonly number[])
        break
      case 'ints':
        writer.ints(AttributeField.ints, value as readonly number[])
        break
      case 'strings':
        for (const text of value as readonly string[]) writer.text(AttributeField.strings, text)
        break
      case 'tensor':
        writer.message(AttributeField.tensor, (tensor) => writeTensor(tensor, '', value as TensorData))
        break
    }
    writer.int(AttributeField.type, AttributeType[kind])
  }

  #writeInitializer(writer: WireWriter, name: string, value: TensorData): void {
    const { externalFromBytes } = this.#options
    writer.message(GraphField.initializer, (tensor) => {
      if (externalFromBytes === undefined || value.data.byteLength < externalFromBytes) {
        writeTensor(tensor, name, value)
      } else {
        const path = this.#newPath(name)
        writeExternalTensor(tensor, name, path, value)
        this.externalData.push({ path, data: bytesOf(value) })
      }
    })
  }

  #nameOf(tensor: Tensor): string {
    const known = this.#names.get(tensor)
    if (known !== undefined) return known
    const { source } = tensor
    if (source.kind === 'constant') this.#constants.push(tensor)
    let name =
      source.kind === 'node'
        ? `${source.node.name}:${source.index}`
        : source.kind === 'parameter'
          ? source.key
          : source.name
    while (this.#taken.has(name)) name += '_'
    this.#taken.set(name, tensor)
    this.#names.set(tensor, name)
    return name
  }

  /** A path for a tensor's bytes that stays in the model's folder, whatever the tensor is called. */
  #newPath(name: string): string {
    let path = name.replace(/[^\w.-]/g, '_').replace(/^\./, '_')
    while (this.#paths.has(path)) path += '_'
    this.#paths.add(path)
    return path
  }
}

function checkedWeight(parameter: Tensor, key: string, value: TensorData): TensorData {
  const fits =
    value.shape.length === parameter.shape.length && value.shape.every((dim, axis) => dim === parameter.shape[axis])
  if (!fits || value.dtype !== parameter.dtype) {
    throw new ShapeError({ where: key, expected: formatTensor(parameter), got: formatTensor(value) })
  }
  return value
}

function writeTensorHead(writer: WireWriter, name: string, value: TensorData): void {
  if (value.shape.length > 0) writer.ints(TensorField.dims, value.shape)
  writer.int(TensorField.dataType, onnxTypeCode(value.dtype))
  if (name !== '') writer.text(TensorField.name, name)
}

function writeTensor(writer: WireWriter, name: string, value: TensorData): void {
  writeTensorHead(writer, name, value)
  writer.bytes(TensorField.rawData, bytesOf(value))
}

function writeExternalTensor(writer: WireWriter, name: string, path: string, value: TensorData): void {
  writeTensorHead(writer, name, value)
  const entries = { location: path, offset: '0', length: String(value.data.byteLength) }
  for (const [key, text] of Object.entries(entries)) {
    writer.message(TensorField.externalData, (entry) => {
      entry.text(Entry.key, key)
      entry.text(Entry.value, text)
    })
  }
  writer.int(TensorField.dataLocation, 1)
}

function writeValueInfo(writer: WireWriter, field: number, name: string, tensor: Tensor): void {
  writer.message(field, (info) => {
    info.text(ValueInfoField.name, name)
    info.message(ValueInfoField.type, (type) => {
      type.message(TypeField.tensor, (tensorType) => {
        tensorType.int(TensorTypeField.elementType, onnxTypeCode(tensor.dtype))
        tensorType.message(TensorTypeField.shape, (shape) => {
          for (const dim of tensor.shape) {
            shape.message(ShapeField.dim, (dimension) => {
              if (typeof dim === 'number') dimension.int(DimField.value, dim)
              else dimension.text(DimField.name, dim)
            })
          }
        })
      })
    })
  })
}
