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
 * @throws GraphError when the graph has no output; ShapeError when a weight's shape is not its parameter's.
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
  readonly #constants: Tensor[] = []

  constructor(graph: Graph, options: EncodeOptions) {
    this.#graph = graph
    this.#options = options
    for (const [name, tensor] of graph.outputs) {
      if (tensor.source.kind === 'node' && !this.#names.has(tensor)) this.#names.set(tensor, name)
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
      if (tensor.source.kind === 'constant') this.#writeInitializer(writer, tensor.source.name, tensor.source.data)
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
    const specs = findOperator(node.op)?.attributes
    for (const [name, value] of Object.entries(node.attributes)) {
      const kind = specs?.[name]?.kind
      writer.message(NodeField.attribute, (attribute) => {
        attribute.text(AttributeField.name, name)
        this.#writeAttribute(attribute, kind ?? 'int', value)
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
        writeExternalTensor(tensor, name, value)
        this.externalData.push({ path: name, data: bytesOf(value) })
      }
    })
  }

  #nameOf(tensor: Tensor): string {
    const known = this.#names.get(tensor)
    if (known !== undefined) return known
    const name = this.#newName(tensor)
    this.#names.set(tensor, name)
    return name
  }

  #newName(tensor: Tensor): string {
    const { source } = tensor
    switch (source.kind) {
      case 'input':
        return source.name
      case 'parameter':
        return source.key
      case 'constant':
        this.#constants.push(tensor)
        return source.name
      case 'node':
        return `${source.node.name}:${source.index}`
    }
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

function writeExternalTensor(writer: WireWriter, name: string, value: TensorData): void {
  writeTensorHead(writer, name, value)
  const entries = { location: name, offset: '0', length: String(value.data.byteLength) }
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
