/**
 * @file What makes plain classes a model: a walk over their fields gives every parameter its state-dict key and makes
 * every layer name its nodes by its path, so that the key, the node in Netron and the path in an error agree.
 */
import { type Graph, Parameter, type Tensor } from '../graph/index.js'
import { GraphError } from '../tensor/index.js'

interface Layer {
  forward: (...inputs: unknown[]) => unknown
}

/**
 * Walks the fields of `model`: a parameter's key is its field path in snake_case (`selfAttn.inProjWeight` becomes
 * `self_attn.in_proj_weight`, arrays contribute their index), and each layer's `forward` runs in the scope of its path.
 * Call it once, on the outermost object. A layer that stands in two places keeps the first path.
 */
export function defineModule<M extends object>(model: M, path = ''): M {
  walk(model, path, new Set())
  return model
}

/** All parameters of a defined model in field order, each once. */
export function parametersOf(model: object): readonly Parameter[] {
  const found = new Set<Parameter>()
  const collect = (value: unknown): void => {
    if (value instanceof Parameter) found.add(value)
    else if (isContainer(value)) for (const field of Object.values(value)) collect(field)
  }
  collect(model)
  return [...found]
}

/** Number of weights; buffers are not counted, as in published counts. */
export function countParameters(model: object): number {
  return parametersOf(model)
    .filter((parameter) => parameter.role !== 'buffer')
    .reduce((sum, parameter) => sum + parameter.shape.reduce((a, b) => a * b, 1), 0)
}

function walk(value: unknown, path: string, seen: Set<object>): void {
  if (value instanceof Parameter) {
    if (value.key === '') value.key = path
    return
  }
  if (!isContainer(value) || seen.has(value)) return
  seen.add(value)
  if (isLayer(value)) nameNodes(value, path)
  for (const [field, inner] of Object.entries(value)) {
    const name = field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    walk(inner, path === '' ? name : `${path}.${name}`, seen)
  }
}

/** Arrays and instances of classes hold layers; plain objects are configuration. */
function isContainer(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  return Array.isArray(value) || Object.getPrototypeOf(value) !== Object.prototype
}

function isLayer(value: object): value is Layer {
  return typeof (value as Partial<Layer>).forward === 'function'
}

function nameNodes(layer: Layer, path: string): void {
  const forward = layer.forward
  Object.defineProperty(layer, 'forward', {
    configurable: true,
    value: (...inputs: unknown[]) => graphOf(inputs, path).scoped(path, () => forward.apply(layer, inputs)),
  })
}

function graphOf(inputs: readonly unknown[], path: string): Graph {
  for (const input of inputs.flat(1)) {
    if (typeof input === 'object' && input !== null && 'graph' in input) return (input as Tensor).graph
  }
  throw new GraphError({ where: path, expected: 'a tensor, or a list of them, as an argument of forward', got: 'none' })
}
