/** @file What is wrong with tensors that do not fit a graph's inputs or outputs, said before any native code sees them. */
import {
  ConfigError,
  createArray,
  DTYPES,
  DtypeError,
  nearestNames,
  ShapeError,
  sizeOfShape,
  type TensorData,
} from '../tensor/index.js'
import type { NamedTensors, RunOptions, ValueInfo } from './session.js'

const ARRAY_TAGS = new Map<string, string>(DTYPES.map((dtype) => [dtype, createArray(dtype, 0)[Symbol.toStringTag]]))

/**
 * Checks that `feeds` has exactly the tensors of `inputs`.
 * @throws ShapeError for a missing or unknown input, a wrong rank, a wrong fixed dimension or a wrong element count.
 * @throws DtypeError for another element type or the wrong kind of typed array.
 */
export function checkFeeds(inputs: readonly ValueInfo[], feeds: NamedTensors): void {
  for (const info of inputs) {
    const feed = feeds[info.name]
    if (feed === undefined) {
      throw new ShapeError({
        where: `input ${info.name}`,
        expected: `a ${info.dtype} tensor ${describeShape(info.shape)}`,
        got: 'none',
        next: `The graph's inputs are ${listNames(inputs)}.`,
      })
    }
    checkTensor(`input ${info.name}`, info, feed)
  }
  const names = Object.keys(feeds)
  if (names.length > inputs.length) throw unknownInput(strangerAmong(names, inputs), inputs)
}

/**
 * The outputs that a run computes, in the order of the graph.
 * @throws ConfigError when `options.outputs` names an output that the graph lacks, or `into` one that is not computed.
 * @throws ShapeError, DtypeError when a tensor of `into` does not fit its output.
 */
export function chooseOutputs(outputs: readonly ValueInfo[], options: RunOptions): readonly ValueInfo[] {
  const wanted = options.outputs
  for (const name of wanted ?? []) {
    if (!outputs.some((info) => info.name === name)) throw unknownOutput(name, outputs)
  }
  const chosen = wanted === undefined ? outputs : outputs.filter((info) => wanted.includes(info.name))
  if (options.into === undefined) return chosen
  let found = 0
  for (const info of chosen) {
    const tensor = options.into[info.name]
    if (tensor === undefined) continue
    checkTensor(`output ${info.name}`, info, tensor)
    found++
  }
  const names = Object.keys(options.into)
  if (names.length > found) throw unknownOutput(strangerAmong(names, chosen), chosen)
  return chosen
}

/** Whether every dimension is a number. */
export function isStatic(shape: readonly (number | string)[]): shape is readonly number[] {
  return shape.every((dim) => typeof dim === 'number')
}

/** The same values with dimensions fixed by name. */
export function fixDimensions(info: ValueInfo, sizes: Readonly<Record<string, number>> | undefined): ValueInfo {
  if (sizes === undefined) return info
  return { ...info, shape: info.shape.map((dim) => (typeof dim === 'string' ? (sizes[dim] ?? dim) : dim)) }
}

function checkTensor(where: string, info: ValueInfo, tensor: TensorData): void {
  if (tensor.dtype !== info.dtype) throw new DtypeError({ where, expected: info.dtype, got: String(tensor.dtype) })
  const data: unknown = tensor.data
  if (!ArrayBuffer.isView(data) || Object.prototype.toString.call(data) !== `[object ${ARRAY_TAGS.get(info.dtype)}]`) {
    throw new DtypeError({
      where,
      expected: `a ${ARRAY_TAGS.get(info.dtype)} for ${info.dtype}`,
      got: Object.prototype.toString.call(data).slice(8, -1),
    })
  }
  const { shape } = tensor
  const fits =
    shape.length === info.shape.length &&
    info.shape.every((dim, axis) => (typeof dim === 'number' ? shape[axis] === dim : isSize(shape[axis])))
  if (!fits) {
    throw new ShapeError({ where, expected: `shape ${describeShape(info.shape)}`, got: describeShape(shape) })
  }
  if (sizeOfShape(shape) !== tensor.data.length) {
    throw new ShapeError({
      where,
      expected: `${sizeOfShape(shape)} elements for shape ${describeShape(shape)}`,
      got: `${tensor.data.length}`,
      next: 'A buffer that was transferred to another thread has none left.',
    })
  }
  // A buffer that can shrink could give its pages back while native code writes to them.
  const buffer = tensor.data.buffer as ArrayBuffer & { readonly resizable?: boolean }
  if (buffer.resizable === true) {
    throw new ShapeError({ where, expected: 'a buffer of fixed length', got: 'a resizable ArrayBuffer' })
  }
}

function isSize(dim: number | undefined): boolean {
  return Number.isSafeInteger(dim) && dim! >= 0
}

function strangerAmong(names: readonly string[], infos: readonly ValueInfo[]): string {
  const known = new Set(infos.map((info) => info.name))
  return names.find((name) => !known.has(name)) ?? ''
}

function unknownInput(name: string, infos: readonly ValueInfo[]): ShapeError {
  return new ShapeError({
    where: `input ${name}`,
    expected: `one of ${listNames(infos)}`,
    got: suggestion(name, infos),
  })
}

function unknownOutput(name: string, infos: readonly ValueInfo[]): ConfigError {
  return new ConfigError({
    where: `output ${name}`,
    expected: `one of ${listNames(infos)}`,
    got: suggestion(name, infos),
  })
}

function suggestion(name: string, infos: readonly ValueInfo[]): string {
  const [nearest] = nearestNames(
    name,
    infos.map((info) => info.name),
  )
  return nearest === undefined ? `'${name}'` : `'${name}' (did you mean '${nearest}'?)`
}

function listNames(infos: readonly ValueInfo[]): string {
  const names = infos.slice(0, 20).map((info) => info.name)
  return infos.length > names.length ? `${names.join(', ')}, … (${infos.length})` : names.join(', ')
}

function describeShape(shape: readonly (number | string)[]): string {
  return `[${shape.join(', ')}]`
}
