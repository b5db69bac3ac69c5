/** @file The bytes of an ONNX model to a graph: every node through its operator record, so that shapes are inferred anew. */
import { type Attribute, type Dim, Graph, type Tensor } from '../graph/index.js'
import { addToGraph, dtypeOfCode, findOperator } from '../ops/index.js'
import { DetrsError, OnnxFormatError, type TensorData } from '../tensor/index.js'
import { decodeEntry, decodeTensor } from './decode-tensor.js'
import {
  AttributeField,
  DimField,
  GraphField,
  Model,
  NodeField,
  OPSET,
  OperatorSet,
  ShapeField,
  TensorTypeField,
  TypeField,
  ValueInfoField,
} from './schema.js'
import { type RawNode, upgradeNode } from './upgrade.js'
import { asFloat, asFloats, asInts, asText, signed, type WireField, WireReader } from './wire.js'

/** A decoded model. */
export interface DecodedModel {
  readonly graph: Graph
  readonly metadata: ReadonlyMap<string, string>
}

/**
 * Decodes an ONNX model of opset 13 to 18 (older where the operators used have not changed since).
 * @param externalData bytes that external tensors refer to, by path; no file is opened.
 * @throws OnnxFormatError when the bytes are not such a model, or it uses what detrs does not know.
 */
export function decodeModel(
  bytes: Uint8Array,
  where = 'model',
  externalData: ReadonlyMap<string, Uint8Array> = new Map(),
): DecodedModel {
  const metadata = new Map<string, string>()
  let graphBytes: Uint8Array | undefined
  let opset = 0
  for (const field of fieldsOf(bytes, where)) {
    if (field.number === Model.graph) graphBytes = field.payload
    if (field.number === Model.metadata) metadata.set(...decodeEntry(field.payload, where))
    if (field.number === Model.opsetImport) {
      const [domain, version] = decodeOperatorSet(field.payload, where)
      if (domain === '' || domain === 'ai.onnx') opset = version
    }
  }
  if (graphBytes === undefined) throw fault(where, 'an ONNX graph', 'none', 'Is it an ONNX file?')
  if (opset > OPSET || opset < 1) {
    throw fault(where, `opset 1 to ${OPSET}`, `opset ${opset}`, `Export the model with opset ${OPSET}.`)
  }
  return { graph: new GraphDecoder(where, opset, externalData).decode(graphBytes), metadata }
}

class GraphDecoder {
  readonly #where: string
  readonly #opset: number
  readonly #externalData: ReadonlyMap<string, Uint8Array>
  readonly #values: Map<string, Tensor> = new Map()

  constructor(where: string, opset: number, externalData: ReadonlyMap<string, Uint8Array>) {
    this.#where = where
    this.#opset = opset
    this.#externalData = externalData
  }

  decode(bytes: Uint8Array): Graph {
    const where = this.#where
    const fields = fieldsOf(bytes, where)
    const named = (number: number): WireField[] => fields.filter((field) => field.number === number)
    if (named(GraphField.sparseInitializer).length > 0) throw fault(where, 'dense initializers', 'a sparse one')
    const nameField = named(GraphField.name)[0]
    const graph = new Graph(nameField === undefined ? 'graph' : asText(nameField, where))
    for (const field of named(GraphField.initializer)) {
      const { name, data } = decodeTensor(field.payload, where, this.#externalData)
      this.#define(name, graph.constant(data, name))
    }
    for (const field of named(GraphField.input)) {
      const { name, type } = decodeValueInfo(field.payload, where)
      // Old files list initializers among the inputs as well.
      if (this.#values.has(name)) continue
      const { dtype, shape } = decodeTensorType(type, `${where}: input '${name}'`)
      const dims = shape.map((dim, axis) => (dim === '' ? `${name}_${axis}` : dim))
      this.#define(name, graph.input(name, dtype, dims))
    }
    for (const field of named(GraphField.node)) this.#decodeNode(graph, field.payload)
    for (const field of named(GraphField.output)) {
      const { name } = decodeValueInfo(field.payload, where)
      graph.output(name, this.#lookUp(name, 'output'))
    }
    return graph
  }

  #decodeNode(graph: Graph, bytes: Uint8Array): void {
    const raw = upgradeNode(graph, decodeRawNode(bytes, this.#where), this.#opset)
    const where = `${this.#where}: node '${raw.name || raw.op}'`
    if (raw.op === 'Constant') {
      const value = raw.attributes.get('value')
      if (value === undefined || typeof value !== 'object' || !('dtype' in value)) {
        throw fault(where, "a Constant with a tensor 'value'", 'another kind')
      }
      this.#define(raw.outputs[0]!, graph.constant(value))
      return
    }
    const operator = findOperator(raw.op)
    if (operator === undefined || (operator.domain ?? '') !== raw.domain) {
      throw fault(where, 'an operator that detrs knows', `${raw.domain === '' ? '' : `${raw.domain}.`}${raw.op}`)
    }
    if (operator.domain === undefined && raw.upgradedTo < operator.since) {
      const next = `Export the model with opset ${OPSET}.`
      throw fault(where, `${raw.op} of opset ${operator.since} or later`, `opset ${this.#opset}`, next)
    }
    const inputs = raw.inputs.map((name) =>
      typeof name !== 'string' ? name : name === '' ? undefined : this.#lookUp(name, where),
    )
    while (inputs.length > 0 && inputs.at(-1) === undefined) inputs.pop()
    const outputs = raw.outputs.findLastIndex((name) => name !== '') + 1
    try {
      const attributes = Object.fromEntries(raw.attributes)
      const node = addToGraph(graph, raw.op, operator, inputs, attributes, outputs, raw.name || undefined)
      node.outputs.forEach((tensor, i) => {
        const name = raw.outputs[i]
        if (name !== undefined && name !== '') this.#define(name, tensor)
      })
    } catch (error) {
      if (!(error instanceof DetrsError) || error instanceof OnnxFormatError) throw error
      throw new OnnxFormatError({ where, expected: 'inputs that fit', got: error.message, cause: error })
    }
  }

  #lookUp(name: string, where: string): Tensor {
    const tensor = this.#values.get(name)
    if (tensor !== undefined) return tensor
    throw fault(where, `a value '${name}' computed before it is used`, 'none', 'The graph is cyclic or incomplete.')
  }

  #define(name: string, tensor: Tensor): void {
    if (this.#values.has(name)) throw fault(this.#where, 'one definition of each value', `'${name}' twice`)
    this.#values.set(name, tensor)
  }
}

function fieldsOf(bytes: Uint8Array, where: string): WireField[] {
  const reader = new WireReader(bytes, where)
  const fields: WireField[] = []
  while (reader.more) fields.push(reader.next())
  return fields
}

function decodeOperatorSet(bytes: Uint8Array, where: string): [domain: string, version: number] {
  let [domain, version] = ['', 0]
  for (const field of fieldsOf(bytes, where)) {
    if (field.number === OperatorSet.domain) domain = asText(field, where)
    if (field.number === OperatorSet.version) version = Number(signed(field))
  }
  return [domain, version]
}

function decodeRawNode(bytes: Uint8Array, where: string): RawNode {
  const node = { op: '', name: '', domain: '', inputs: [] as string[], outputs: [] as string[] }
  const attributes = new Map<string, Attribute>()
  for (const field of fieldsOf(bytes, where)) {
    if (field.number === NodeField.input) node.inputs.push(asText(field, where))
    else if (field.number === NodeField.output) node.outputs.push(asText(field, where))
    else if (field.number === NodeField.name) node.name = asText(field, where)
    else if (field.number === NodeField.opType) node.op = asText(field, where)
    else if (field.number === NodeField.domain) node.domain = asText(field, where)
    else if (field.number === NodeField.attribute) attributes.set(...decodeAttribute(field.payload, where))
  }
  return { ...node, domain: node.domain === 'ai.onnx' ? '' : node.domain, attributes, upgradedTo: 0 }
}

function decodeAttribute(bytes: Uint8Array, where: string): [name: string, value: Attribute] {
  let name = ''
  let value: Attribute | undefined
  let kind = 0
  const [floats, ints, strings]: [number[], number[], string[]] = [[], [], []]
  for (const field of fieldsOf(bytes, where)) {
    if (field.number === AttributeField.name) name = asText(field, where)
    else if (field.number === AttributeField.type) kind = Number(signed(field))
    else if (field.number === AttributeField.float) value = asFloat(field)
    else if (field.number === AttributeField.int) value = Number(signed(field))
    else if (field.number === AttributeField.string) value = asText(field, where)
    else if (field.number === AttributeField.tensor) value = decodeTensor(field.payload, where).data as TensorData
    else if (field.number === AttributeField.floats) floats.push(...asFloats(field, 4))
    else if (field.number === AttributeField.ints) ints.push(...asInts(field, where).map(Number))
    else if (field.number === AttributeField.strings) strings.push(asText(field, where))
  }
  const lists: Readonly<Record<number, Attribute>> = { 6: floats, 7: ints, 8: strings }
  const scalars: Readonly<Record<number, Attribute>> = { 1: 0, 2: 0, 3: '' }
  const result = lists[kind] ?? value ?? scalars[kind]
  if (result === undefined) {
    throw fault(`${where}: attribute '${name}'`, 'a number, text, list or tensor', `an attribute of type ${kind}`)
  }
  return [name, result]
}

function decodeValueInfo(bytes: Uint8Array, where: string): { name: string; type: Uint8Array } {
  let name = ''
  let type = new Uint8Array(0)
  for (const field of fieldsOf(bytes, where)) {
    if (field.number === ValueInfoField.name) name = asText(field, where)
    if (field.number === ValueInfoField.type) type = field.payload as Uint8Array<ArrayBuffer>
  }
  return { name, type }
}

function decodeTensorType(bytes: Uint8Array, where: string): { dtype: TensorData['dtype']; shape: readonly Dim[] } {
  const tensor = fieldsOf(bytes, where).find((field) => field.number === TypeField.tensor)
  if (tensor === undefined) throw fault(where, 'a tensor', 'another type')
  let code = 0
  let shape: Dim[] | undefined
  for (const field of fieldsOf(tensor.payload, where)) {
    if (field.number === TensorTypeField.elementType) code = Number(signed(field))
    if (field.number === TensorTypeField.shape) {
      const dims = fieldsOf(field.payload, where).filter((dim) => dim.number === ShapeField.dim)
      shape = dims.map((dim) => decodeDim(dim.payload, where))
    }
  }
  const dtype = dtypeOfCode(code)
  if (dtype === undefined) throw fault(where, 'a numeric element type', `type code ${code}`)
  if (shape === undefined) throw fault(where, 'a shape of known rank', 'none')
  return { dtype, shape }
}

function decodeDim(bytes: Uint8Array, where: string): Dim {
  for (const field of fieldsOf(bytes, where)) {
    if (field.number === DimField.value) {
      const size = Number(signed(field))
      if (size < 0) throw fault(where, 'a size from 0 up', String(size))
      return size
    }
    if (field.number === DimField.name) return asText(field, where)
  }
  return ''
}

function fault(where: string, expected: string, got: string, next?: string): OnnxFormatError {
  return new OnnxFormatError({ where, expected, got, ...(next === undefined ? {} : { next }) })
}
