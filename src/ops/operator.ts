/**
 * @file What an operator record is, and the one function that applies an operator: it resolves operands, infers the
 * output types and adds the node.
 */
import {
  type Attribute,
  type Attributes,
  type Dim,
  formatShape,
  formatTensor,
  type Graph,
  Parameter,
  type Tensor,
  type TensorType,
} from '../graph/index.js'
import { type DType, DtypeError, fromNumbers, GraphError, ShapeError } from '../tensor/index.js'

/** What builder functions accept: a tensor, a model's parameter, or a number that takes its type from its partners. */
export type Operand = Tensor | Parameter | number

/** Kinds of attribute value that ONNX distinguishes. */
export type AttributeKind = 'int' | 'ints' | 'float' | 'floats' | 'string' | 'strings' | 'tensor'

/** An attribute's kind and its value when absent; `required` when there is none. */
export interface AttributeSpec {
  readonly kind: AttributeKind
  readonly fallback?: Attribute
  readonly required?: boolean
}

/** One ONNX operator. */
export interface Operator {
  /** First opset whose meaning this record describes; it holds up to opset 18. */
  readonly since: number
  /** Operator set, when not ONNX's own. Such operators appear only in graphs for ONNX Runtime. */
  readonly domain?: string
  /** Input names in order; `?` marks an optional one, `...` a last one that repeats. */
  readonly inputs: readonly string[]
  readonly attributes: Readonly<Record<string, AttributeSpec>>
  /** Output types from the call's inputs and attributes. */
  readonly infer: (call: Call) => readonly TensorType[]
}

/** Operators by ONNX name. */
export type OperatorTable = Readonly<Record<string, Operator>>

/** Attribute specifications, short: `int(0)` has a default, `int()` may be absent. */
export const int = (fallback?: number): AttributeSpec => spec('int', fallback)
export const ints = (fallback?: readonly number[]): AttributeSpec => spec('ints', fallback)
export const float = (fallback?: number): AttributeSpec => spec('float', fallback)
export const text = (fallback?: string): AttributeSpec => spec('string', fallback)
export const required = (kind: AttributeKind): AttributeSpec => ({ kind, required: true })

function spec(kind: AttributeKind, fallback: Attribute | undefined): AttributeSpec {
  return fallback === undefined ? { kind } : { kind, fallback }
}

/** One use of an operator while its output types are being inferred. */
export class Call {
  readonly op: string
  readonly graph: Graph
  readonly operator: Operator
  readonly inputs: readonly (Tensor | undefined)[]
  readonly given: Attributes
  /** Outputs that the node has; more than one only where the operator allows it. */
  readonly outputCount: number

  constructor(
    op: string,
    graph: Graph,
    operator: Operator,
    inputs: readonly (Tensor | undefined)[],
    given: Attributes,
    outputCount: number,
  ) {
    this.op = op
    this.graph = graph
    this.operator = operator
    this.inputs = inputs
    this.given = given
    this.outputCount = outputCount
  }

  /** Module path and operator, for errors. */
  get where(): string {
    return this.graph.scope === '' ? this.op : `${this.graph.scope} (${this.op})`
  }

  /** Input `index`, which the record requires. */
  input(index: number): Tensor {
    const tensor = this.inputs[index]
    if (tensor === undefined) throw this.shapeError(`input '${this.#inputName(index)}'`, 'nothing')
    return tensor
  }

  #inputName(index: number): string {
    return (this.operator.inputs[index] ?? this.operator.inputs.at(-1))!.replace(/[?.]/g, '')
  }

  int(name: string): number {
    return Number(this.#attribute(name))
  }

  optionalInt(name: string): number | undefined {
    const value = this.given[name] ?? this.operator.attributes[name]?.fallback
    return value === undefined ? undefined : Number(value)
  }

  text(name: string): string {
    return String(this.#attribute(name))
  }

  optionalInts(name: string): readonly number[] | undefined {
    return (this.given[name] ?? this.operator.attributes[name]?.fallback) as readonly number[] | undefined
  }

  #attribute(name: string): Attribute {
    const value = this.given[name] ?? this.operator.attributes[name]?.fallback
    if (value === undefined) throw this.shapeError(`attribute '${name}'`, 'nothing')
    return value
  }

  /** An axis attribute or value brought into 0..rank-1. */
  axis(value: number, rank: number): number {
    const axis = value < 0 ? value + rank : value
    if (!Number.isInteger(axis) || axis < 0 || axis >= rank) {
      throw this.shapeError(`an axis of a rank-${rank} tensor`, String(value))
    }
    return axis
  }

  /** The known integer entries of input `index`; undefined when they are computed at run time. */
  knownInts(index: number): readonly number[] | undefined {
    const content = this.inputs[index]?.content
    return content?.every((dim) => typeof dim === 'number') ? (content as readonly number[]) : undefined
  }

  /** The entries of input `index` as far as they are known, which must be `count`; undefined when they are computed. */
  entries(index: number, count: number): readonly Dim[] | undefined {
    const { content } = this.input(index)
    if (content !== undefined && content.length !== count) {
      throw this.shapeError(`${count} entries of input '${this.#inputName(index)}'`, String(content.length))
    }
    return content
  }

  /** A dimension that only a run can tell, named after the place where it arises. */
  unknownDim(axis: number, output = 0): Dim {
    let name = `${this.op}${this.graph.nodes.length}_${axis}${output === 0 ? '' : `_${output}`}`
    // A graph that was cut out of another has inputs with dimensions named like this.
    while (this.graph.dimSource(name) !== undefined) name += '_'
    return name
  }

  shapeError(expected: string, got: string, next?: string): ShapeError {
    return new ShapeError({ where: this.where, expected, got, ...(next === undefined ? {} : { next }) })
  }

  /** The common element type of the inputs at `indices` (all present ones unless said). */
  sameType(indices: readonly number[] = [...this.inputs.keys()]): DType {
    const present = indices.map((index) => this.inputs[index]).filter((tensor) => tensor !== undefined)
    const dtype = present[0]?.dtype
    if (dtype === undefined) throw this.shapeError('at least one input', 'none')
    if (!present.every((tensor) => tensor.dtype === dtype)) {
      throw new DtypeError({
        where: this.where,
        expected: 'inputs of one element type',
        got: present.map(formatTensor).join(' and '),
        next: 'Cast one of them.',
      })
    }
    return dtype
  }
}

/** Applies an operator and returns its outputs. */
export function applyMany(
  op: string,
  operator: Operator,
  operands: readonly (Operand | undefined)[],
  attributes: Attributes = {},
  outputCount = 1,
): readonly Tensor[] {
  const graph = operands.find((operand) => typeof operand === 'object' && 'graph' in operand)
  if (graph === undefined) {
    throw new GraphError({ where: op, expected: 'at least one tensor among the operands', got: 'none' })
  }
  return addToGraph((graph as Tensor).graph, op, operator, operands, attributes, outputCount).outputs
}

/** Applies an operator with a single output. */
export function apply(
  op: string,
  operator: Operator,
  operands: readonly (Operand | undefined)[],
  attributes: Attributes = {},
): Tensor {
  return applyMany(op, operator, operands, attributes)[0]!
}

/** Infers and adds a node: the way for code that has the graph but maybe no input (src/onnx, src/passes). */
export function addToGraph(
  graph: Graph,
  op: string,
  operator: Operator,
  operands: readonly (Operand | undefined)[],
  attributes: Attributes,
  outputCount: number,
  name?: string,
): ReturnType<Graph['addNode']> {
  const given = Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined))
  const inputs = resolve(graph, operands)
  while (inputs.length > 0 && inputs.at(-1) === undefined) inputs.pop()
  const call = new Call(op, graph, operator, inputs, given, outputCount)
  checkCall(call)
  const types = operator.infer(call).map((type, output) => checkedType(call, type, output))
  return graph.addNode(op, operator.domain ?? '', inputs, given, types, name)
}

/** Expressions longer than this are given up for a name: repeated doubling would fill the memory. */
const LONGEST_DIM = 1000

/** Tensors with more axes than this are refused. */
const MOST_AXES = 64

/** Contents with more entries than this are not carried on: each concatenation could double them. */
const LONGEST_CONTENT = 64

function checkedType(call: Call, { dtype, shape, content }: TensorType, output: number): TensorType {
  if (shape.length > MOST_AXES) throw call.shapeError(`at most ${MOST_AXES} axes`, String(shape.length))
  if (!shape.every((dim) => typeof dim === 'string' || (Number.isSafeInteger(dim) && dim >= 0))) {
    throw call.shapeError('inputs that give sizes from 0 up', formatShape(shape))
  }
  const isShort = (dim: Dim): boolean => typeof dim === 'number' || dim.length <= LONGEST_DIM
  const readable = content?.every((dim) => (typeof dim === 'number' ? Number.isInteger(dim) : isShort(dim)))
  return {
    dtype,
    shape: shape.map((dim, axis) => (isShort(dim) ? dim : call.unknownDim(axis, output))),
    ...(content !== undefined && readable && content.length <= LONGEST_CONTENT ? { content } : {}),
  }
}

function checkCall(call: Call): void {
  const { operator, inputs, given } = call
  const variadic = operator.inputs.at(-1)?.endsWith('...') ?? false
  const fewest = operator.inputs.filter((input) => !input.endsWith('?')).length
  if (inputs.length < fewest || (!variadic && inputs.length > operator.inputs.length)) {
    throw call.shapeError(`inputs (${operator.inputs.join(', ')})`, `${inputs.length} of them`)
  }
  for (const [name, value] of Object.entries(given)) {
    const known = Object.hasOwn(operator.attributes, name) ? operator.attributes[name] : undefined
    if (known === undefined) {
      const names = Object.keys(operator.attributes).join(', ') || 'none'
      throw call.shapeError(`attributes among (${names})`, `'${name}'`)
    }
    if (!KINDS[known.kind](value)) throw call.shapeError(`attribute '${name}' of kind ${known.kind}`, describe(value))
  }
  for (const [name, attribute] of Object.entries(operator.attributes)) {
    if (attribute.required && given[name] === undefined) throw call.shapeError(`attribute '${name}'`, 'nothing')
  }
}

const isInt = (value: unknown): boolean => typeof value === 'bigint' || Number.isSafeInteger(value)
const listOf =
  (accepts: (value: unknown) => boolean) =>
  (value: Attribute): boolean =>
    Array.isArray(value) && value.every(accepts)

const KINDS: Readonly<Record<AttributeKind, (value: Attribute) => boolean>> = {
  int: isInt,
  ints: listOf(isInt),
  float: (value) => typeof value === 'number',
  floats: listOf((value) => typeof value === 'number'),
  string: (value) => typeof value === 'string',
  strings: listOf((value) => typeof value === 'string'),
  tensor: (value) => typeof value === 'object' && 'dtype' in value,
}

function describe(value: Attribute): string {
  if (typeof value !== 'object') return `${typeof value} ${value}`
  return 'dtype' in value ? formatTensor(value) : `[${value.join(', ')}]`
}

function resolve(graph: Graph, operands: readonly (Operand | undefined)[]): (Tensor | undefined)[] {
  const tensors = operands.map((operand) => (operand instanceof Parameter ? graph.parameter(operand) : operand))
  const dtype = tensors.find((tensor) => typeof tensor === 'object')?.dtype ?? 'float32'
  return tensors.map((tensor) =>
    typeof tensor === 'number' ? graph.constant(fromNumbers(dtype, [], [tensor])) : tensor,
  )
}

/** The shape of two shapes broadcast against each other by ONNX's rule. */
export function broadcastShapes(call: Call, shapes: readonly (readonly Dim[])[]): readonly Dim[] {
  const rank = shapes.reduce((most, shape) => Math.max(most, shape.length), 0)
  return Array.from({ length: rank }, (_, i) => {
    let result: Dim = 1
    for (const shape of shapes) {
      const dim = shape[shape.length - rank + i] ?? 1
      if (dim === 1 || dim === result) continue
      // A symbolic dimension meets a number above 1: only that number can be meant.
      if (result === 1 || (typeof result === 'string' && typeof dim === 'number')) result = dim
      else if (typeof dim === 'number' || typeof result === 'string') {
        throw call.shapeError('shapes that broadcast', shapes.map((s) => `[${s.join(', ')}]`).join(' and '))
      }
    }
    return result
  })
}

/** Output type equal to the first input's. */
export const sameAsInput = (call: Call): readonly TensorType[] => {
  const { dtype, shape } = call.input(0)
  return [{ dtype, shape }]
}
