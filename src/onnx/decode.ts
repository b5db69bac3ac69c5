/** @file The bytes of an ONNX model to a graph: every node through its operator record, so that shapes are inferred anew. */
import { type Attribute, type Dim, Graph, parseDim, type Tensor } from '../graph/index.js'
import { addToGraph, dtypeOfCode, findOperator } from '../ops/index.js'
import { DetrsError, OnnxFormatError, type TensorData } from '../tensor/index.js'
import { decodeEntry, decodeTensor, MOST_AXES } from './decode-tensor.js'
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
import { asBytes, asFloat, asFloats, asInt, asInts, asText, type WireField, WireReader } from './wire.js'

/** Texts of free dimensions are read up to this length. */
const LONGEST_DIM = 1000

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
    if (field.number === Model.graph) graphBytes = asBytes(field, where)
    if (field.number === Model.metadata) metadata.set(...decodeEntry(asBytes(field, where), where))
    if (field.number === Model.opsetImport) {
      const [domain, version] = decodeOperatorSet(asBytes(field, where), where)
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
      const { name, data } = decodeTensor(asBytes(field, where), where, this.#externalData)
      this.#define(name, graph.constant(data, name))
    }
    const inputs = named(GraphField.input)
      .map((field) => decodeValueInfo(asBytes(field, where), where))
      // Old files list initializers among the inputs as well.
      .filter(({ name }) => !this.#values.has(name))
      .map(({ name, type }) => ({ name, ...decodeTensorType(type, `${where}: input '${name}'`) }))
    const dims = new DimNames(inputs.flatMap(({ shape }) => shape))
    for (const { name, dtype, shape } of inputs) {
      const canonical = shape.map((dim, axis) => dims.canonical(dim, `${name}_${axis}`))
      this.#define(
        name,
        fitting(where, () => graph.input(name, dtype, canonical)),
      )
    }
    for (const field of named(GraphField.node)) this.#decodeNode(graph, asBytes(field, where))
    for (const field of named(GraphField.output)) {
      const { name } = decodeValueInfo(asBytes(field, where), where)
      fitting(where, () => graph.output(name, this.#lookUp(name, 'output')))
    }
    return graph
  }

  #decodeNode(graph: Graph, bytes: Uint8Array): void {
    const { attributes: attributeFields, ...parts } = decodeNodeParts(bytes, this.#where)
    const where = `${this.#where}: node '${parts.name || parts.op}'`
    const operator = findOperator(parts.op)
    const known = operator !== undefined && (operator.domain ?? '') === parts.domain
    if (!known && (parts.op !== 'Constant' || parts.domain !== '')) {
      const got = `${parts.domain === '' ? '' : `${parts.domain}.`}${parts.op}`
      throw fault(where, 'an operator that detrs knows', got)
    }
    const attributes = new Map(attributeFields.map((field) => decodeAttribute(field, this.#where)))
    const raw = fitting(where, () => upgradeNode(graph, { ...parts, attributes, upgradedTo: 0 }, this.#opset))
    if (operator === undefined) {
      const value = raw.attributes.get('value')
      if (value === undefined || typeof value !== 'object' || !('dtype' in value)) {
        throw fault(where, "a Constant with a tensor 'value'", 'another kind')
      }
      this.#define(raw.outputs[0] ?? '', graph.constant(value))
      return
    }
    if (operator.domain === undefined && raw.upgradedTo < operator.since) {
      const next = `Export the model with opset ${OPSET}.`
      throw fault(where, `${raw.op} of opset ${operator.since} or later`, `opset ${this.#opset}`, next)
    }
    const inputs = raw.inputs.map((name) =>
      typeof name !== 'string' ? name : name === '' ? undefined : this.#lookUp(name, where),
    )
    const outputs = raw.outputs.findLastIndex((name) => name !== '') + 1
    const added = fitting(where, () =>
      addToGraph(graph, raw.op, operator, inputs, Object.fromEntries(raw.attributes), outputs, raw.name || undefined),
    )
    raw.outputs.slice(0, outputs).forEach((name, i) => {
      const tensor = added.outputs[i]
      if (tensor === undefined) throw fault(where, `${added.outputs.length} outputs`, `${outputs}`)
      if (name !== '') this.#define(name, tensor)
    })
  }

  #lookUp(name: string, where: string): Tensor {
    const tensor = this.#values.get(name)
    if (tensor !== undefined) return tensor
    throw fault(where, `a value '${name}' computed before it is used`, 'none', 'The graph is cyclic or incomplete.')
  }

  #define(name: string, tensor: Tensor): void {
    if (name === '') throw fault(this.#where, 'values with names', 'one without')
    if (this.#values.has(name)) throw fault(this.#where, 'one definition of each value', `'${name}' twice`)
    this.#values.set(name, tensor)
  }
}

/** Runs `build`; what does not fit there is the file's fault. */
function fitting<T>(where: string, build: () => T): T {
  try {
    return build()
  } catch (error) {
    if (!(error instanceof DetrsError) || error instanceof OnnxFormatError) throw error
    const got = error.message.replace(/\.$/, '')
    throw new OnnxFormatError({ where, expected: 'values that fit', got, cause: error })
  }
}

/**
 * Free dimensions as detrs can write them: a file may use any text, or none. Texts that are expressions stay so; of the
 * others each gets a name of its own.
 */
class DimNames {
  readonly #names: Map<string, Dim> = new Map()
  readonly #taken: Set<Dim> = new Set()

  constructor(dims: readonly Dim[]) {
    for (const text of new Set(dims)) {
      const dim = typeof text === 'string' && text.length <= LONGEST_DIM ? parseDim(text) : undefined
      if (typeof text === 'number' || typeof dim !== 'string') continue
      this.#names.set(text, dim)
      this.#taken.add(dim)
    }
  }

  /** @param fallback what an axis without a text is called. */
  canonical(text: Dim, fallback: string): Dim {
    if (typeof text === 'number') return text
    const known = this.#names.get(text)
    if (known !== undefined) return known
    const name = this.#newName(text === '' ? fallback : text)
    if (text !== '') this.#names.set(text, name)
    return name
  }

  #newName(text: string): string {
    const legal = text.slice(0, LONGEST_DIM).replace(/[^\p{L}\p{N}_.:]/gu, '_')
    let name = /^[\p{L}_]/u.test(legal) ? legal : `_${legal}`
    for (let i = 2; this.#taken.has(name); i++) name = `${name}_${i}`
    this.#taken.add(name)
    return name
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
    if (field.number === OperatorSet.version) version = Number(asInt(field, where))
  }
  return [domain, version]
}

function decodeNodeParts(
  bytes: Uint8Array,
  where: string,
): Omit<RawNode, 'attributes' | 'upgradedTo'> & { attributes: readonly Uint8Array[] } {
  const node = { op: '', name: '', domain: '' }
  const [inputs, outputs, attributes]: [string[], string[], Uint8Array[]] = [[], [], []]
  for (const field of fieldsOf(bytes, where)) {
    if (field.number === NodeField.input) inputs.push(asText(field, where))
    else if (field.number === NodeField.output) outputs.push(asText(field, where))
    else if (field.number === NodeField.name) node.name = asText(field, where)
    else if (field.number === NodeField.opType) node.op = asText(field, where)
    else if (field.number === NodeField.domain) node.domain = asText(field, where)
    else if (field.number === NodeField.attribute) attributes.push(asBytes(field, where))
  }
  return { ...node, domain: node.domain === 'ai.onnx' ? '' : node.domain, inputs, outputs, attributes }
}

function decodeAttribute(bytes: Uint8Array, where: string): [name: string, value: Attribute] {
  let name = ''
  let value: Attribute | undefined
  let kind = 0
  const [floats, ints, strings]: [number[], number[], string[]] = [[], [], []]
  for (const field of fieldsOf(bytes, where)) {
    if (field.number === AttributeField.name) name = asText(field, where)
    else if (field.number === AttributeField.type) kind = Number(asInt(field, where))
    else if (field.number === AttributeField.float) value = asFloat(field, where)
    else if (field.number === AttributeField.int) value = exactInt(asInt(field, where))
    else if (field.number === AttributeField.string) value = asText(field, where)
    else if (field.number === AttributeField.tensor) value = decodeTensor(asBytes(field, where), where).data
    else if (field.number === AttributeField.floats) for (const each of asFloats(field, 4, where)) floats.push(each)
    else if (field.number === AttributeField.ints) for (const each of asInts(field, where)) ints.push(Number(each))
    else if (field.number === AttributeField.strings) strings.push(asText(field, where))
  }
  const lists: Readonly<Record<number, Attribute>> = { 6: floats, 7: ints, 8: strings }
  const scalars: Readonly<Record<number, Attribute>> = { 1: 0, 2: 0, 3: '' }
  const untyped = kind === 0 ? [floats, ints, strings].find((list) => list.length > 0) : undefined
  const result = lists[kind] ?? value ?? scalars[kind] ?? untyped
  if (result === undefined) {
    throw fault(`${where}: attribute '${name}'`, 'a number, text, list or tensor', `an attribute of type ${kind}`)
  }
  return [name, result]
}

/** A number where it is exact; exporters write the end of an axis as the largest 64-bit integer. */
function exactInt(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

function decodeValueInfo(bytes: Uint8Array, where: string): { name: string; type: Uint8Array } {
  let name = ''
  let type: Uint8Array = new Uint8Array(0)
  for (const field of fieldsOf(bytes, where)) {
    if (field.number === ValueInfoField.name) name = asText(field, where)
    if (field.number === ValueInfoField.type) type = asBytes(field, where)
  }
  return { name, type }
}

function decodeTensorType(bytes: Uint8Array, where: string): { dtype: TensorData['dtype']; shape: readonly Dim[] } {
  const tensor = fieldsOf(bytes, where).find((field) => field.number === TypeField.tensor)
  if (tensor === undefined) throw fault(where, 'a tensor', 'another type')
  let code = 0
  let shape: Dim[] | undefined
  for (const field of fieldsOf(asBytes(tensor, where), where)) {
    if (field.number === TensorTypeField.elementType) code = Number(asInt(field, where))
    if (field.number === TensorTypeField.shape) {
      const dims = fieldsOf(asBytes(field, where), where).filter((dim) => dim.number === ShapeField.dim)
      shape = dims.map((dim) => decodeDim(asBytes(dim, where), where))
    }
  }
  const dtype = dtypeOfCode(code)
  if (dtype === undefined) throw fault(where, 'a numeric element type', `type code ${code}`)
  if (shape === undefined || shape.length > MOST_AXES) {
    throw fault(where, `a shape of known rank, at most ${MOST_AXES}`, shape === undefined ? 'none' : `${shape.length}`)
  }
  return { dtype, shape }
}

function decodeDim(bytes: Uint8Array, where: string): Dim {
  for (const field of fieldsOf(bytes, where)) {
    if (field.number === DimField.value) {
      const size = Number(asInt(field, where))
      if (size < 0 || !Number.isSafeInteger(size)) throw fault(where, 'a size from 0 up', String(size))
      return size
    }
    if (field.number === DimField.name) return asText(field, where)
  }
  return ''
}

function fault(where: string, expected: string, got: string, next?: string): OnnxFormatError {
  return new OnnxFormatError({ where, expected, got, ...(next === undefined ? {} : { next }) })
}
