/**
 * @file The graph: symbolic tensors and the nodes between them, in the order in which they were built, which is a
 * topological order because a node can only name tensors that exist.
 */
import { type DType, GraphError, isBigInt, type TensorData, toNumbers } from '../tensor/index.js'
import { type Dim, formatShape, parseDim } from './dimension.js'
import { type Attributes, formatTensor, type Node, type Parameter, type Tensor, type TensorType } from './tensor.js'

/** Integer tensors up to this many elements carry their entries as `content`. */
const CONTENT_LIMIT = 64

/** Where the size of a symbolic dimension can be read while the graph runs. */
export interface DimSource {
  readonly tensor: Tensor
  readonly axis: number
}

/** A graph under construction, or finished: nothing distinguishes them but its outputs. */
export class Graph {
  readonly name: string
  /** Whether layers shall behave as in training: norms that learn use the batch's own statistics. */
  readonly training: boolean
  readonly #learned: ReadonlySet<Parameter> | undefined
  readonly inputs: Tensor[] = []
  readonly outputs: Map<string, Tensor> = new Map()
  readonly nodes: Node[] = []
  readonly parameters: Map<string, Tensor> = new Map()
  readonly #scopes: string[] = []
  readonly #names: Map<string, number> = new Map()
  readonly #scalars: Map<string, Tensor> = new Map()
  readonly #dimSources: Map<string, DimSource> = new Map()

  /** @param options.learned parameters that training changes; all unless said */
  constructor(name = 'graph', options: { readonly training?: boolean; readonly learned?: Iterable<Parameter> } = {}) {
    this.name = name
    this.training = options.training ?? false
    this.#learned = options.learned === undefined ? undefined : new Set(options.learned)
  }

  /** Whether training changes a parameter. */
  learns(parameter: Parameter): boolean {
    return this.training && this.#learned?.has(parameter) !== false
  }

  /** The module path under which nodes are being named. */
  get scope(): string {
    return this.#scopes.at(-1) ?? ''
  }

  /** Runs `build` with `path` as the module path of every node that it adds. */
  scoped<T>(path: string, build: () => T): T {
    this.#scopes.push(path)
    try {
      return build()
    } finally {
      this.#scopes.pop()
    }
  }

  /**
   * Declares an input. A dimension is a size, a name or an expression in names, e.g. `floor((height+1)/2)`.
   * @throws GraphError when the name is taken, or a dimension is none of these.
   */
  input(name: string, dtype: DType, shape: readonly Dim[]): Tensor {
    this.#claimExactly(name)
    const dims = shape.map((dim) => {
      const canonical =
        typeof dim === 'string' ? parseDim(dim) : Number.isSafeInteger(dim) && dim >= 0 ? dim : undefined
      if (canonical !== undefined) return canonical
      const expected = 'sizes from 0 up, names or expressions'
      throw new GraphError({ where: `input '${name}'`, expected, got: formatShape(shape) })
    })
    const tensor = this.#register({ graph: this, dtype, shape: dims, source: { kind: 'input', name } })
    this.inputs.push(tensor)
    return tensor
  }

  /** The tensor of a model's parameter: one per key, however often it is used. */
  parameter(parameter: Parameter): Tensor {
    if (parameter.key === '') {
      throw new GraphError({
        where: this.scope || this.name,
        expected: 'a parameter with a key',
        got: `one of shape [${parameter.shape.join(', ')}] without`,
        next: 'Walk the model with defineModule first.',
      })
    }
    return this.parameterTensor(parameter.key, 'float32', parameter.shape)
  }

  /**
   * The tensor of the parameter `key`, made on first use.
   * @throws GraphError when something else has that name, or the parameter another type.
   */
  parameterTensor(key: string, dtype: DType, shape: readonly number[]): Tensor {
    const known = this.parameters.get(key)
    if (known !== undefined) {
      const [expected, got] = [formatTensor(known), formatTensor({ dtype, shape })]
      if (got !== expected) throw new GraphError({ where: key, expected, got })
      return known
    }
    this.#claimExactly(key)
    const tensor: Tensor = { graph: this, dtype, shape, source: { kind: 'parameter', key } }
    this.parameters.set(key, tensor)
    return tensor
  }

  /** A constant tensor. Scalars of equal type and value are shared. */
  constant(data: TensorData, name?: string): Tensor {
    const shareable = data.shape.length === 0 && name === undefined
    const key = shareable ? `${data.dtype}:${Object.is(toNumbers(data)[0], -0) ? '-0' : data.data[0]}` : ''
    const shared = this.#scalars.get(key)
    if (shareable && shared !== undefined) return shared
    const scope = this.scope === '' ? 'constant' : `${this.scope}/constant`
    const tensor: Tensor = {
      graph: this,
      dtype: data.dtype,
      shape: data.shape,
      source: { kind: 'constant', name: this.#claim(name ?? scope), data },
      ...contentOf(data),
    }
    if (shareable) this.#scalars.set(key, tensor)
    return tensor
  }

  /** Adds a node whose output types are already known. Builder functions of src/ops infer them. */
  addNode(
    op: string,
    domain: string,
    inputs: readonly (Tensor | undefined)[],
    attributes: Attributes,
    types: readonly TensorType[],
    name?: string,
  ): Node {
    for (const input of inputs) {
      if (input !== undefined && input.graph !== this) {
        throw this.#foreignTensor(op)
      }
    }
    const outputs: Tensor[] = []
    const node: Node = {
      name: this.#claim(name ?? (this.scope === '' ? op : `${this.scope}/${op}`)),
      op,
      domain,
      inputs,
      attributes,
      outputs,
    }
    types.forEach((type, index) => {
      outputs.push(this.#register({ ...type, graph: this, source: { kind: 'node', node, index } }))
    })
    this.nodes.push(node)
    return node
  }

  /**
   * Names a tensor as an output of the graph.
   * @throws GraphError when the name is taken by another output, or the tensor is another graph's.
   */
  output(name: string, tensor: Tensor): void {
    if (tensor.graph !== this) throw this.#foreignTensor(`output '${name}'`)
    if (this.outputs.has(name)) {
      throw new GraphError({ where: this.name, expected: 'outputs of different names', got: `'${name}' twice` })
    }
    this.outputs.set(name, tensor)
  }

  /** Where the symbolic dimension `dim` can be read at run time; undefined when no tensor has it. */
  dimSource(dim: string): DimSource | undefined {
    return this.#dimSources.get(dim)
  }

  #register(tensor: Tensor): Tensor {
    tensor.shape.forEach((dim, axis) => {
      if (typeof dim === 'string' && !this.#dimSources.has(dim)) this.#dimSources.set(dim, { tensor, axis })
    })
    return tensor
  }

  #foreignTensor(user: string): GraphError {
    const where = this.scope === '' ? user : `${this.scope} (${user})`
    return new GraphError({ where, expected: `tensors of graph '${this.name}'`, got: 'one of another graph' })
  }

  #claimExactly(name: string): void {
    if (this.#names.has(name)) {
      throw new GraphError({ where: this.name, expected: 'names of their own', got: `'${name}' twice` })
    }
    this.#claim(name)
  }

  #claim(name: string): string {
    const count = this.#names.get(name) ?? 0
    this.#names.set(name, count + 1)
    return count === 0 ? name : this.#claim(`${name}_${count + 1}`)
  }
}

function contentOf(data: TensorData): { content?: readonly Dim[] } {
  const integer = isBigInt(data.dtype) || data.dtype === 'int32'
  if (!integer || data.shape.length > 1 || data.data.length > CONTENT_LIMIT) return {}
  return { content: toNumbers(data) }
}
