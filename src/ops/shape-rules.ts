/** @file Output shapes of the operators that take sizes, positions or pieces as inputs. */
import {
  addDims,
  type Dim,
  divideDims,
  formatShape,
  multiplyDims,
  subtractDims,
  type Tensor,
  type TensorType,
} from '../graph/index.js'
import { toNumbers } from '../tensor/index.js'
import type { Call } from './operator.js'

/** Most axes that a computed shape may ask for. */
const MOST_AXES = 64

/** How many axes input `index` lists, whether or not they are computed at run time. */
export function axisCount(call: Call, index: number): number {
  const { shape } = call.input(index)
  const count = shape.length === 0 ? 1 : shape[0]!
  if (typeof count !== 'number' || count > MOST_AXES) {
    throw call.shapeError(`a list of axes of known length, at most ${MOST_AXES}`, formatShape(shape))
  }
  return count
}

/** The shape that an int64 input asks for; unknown entries become dimensions of their own. */
export function requestedShape(call: Call, index: number): readonly Dim[] {
  const { content } = call.input(index)
  if (content !== undefined) return content
  return Array.from({ length: axisCount(call, index) }, (_, axis) => call.unknownDim(axis))
}

/** The shape of Reshape's output: 0 copies the input's size at that axis, -1 stands for what is left over. */
export function reshaped(call: Call): readonly Dim[] {
  const { shape } = call.input(0)
  const copies = call.int('allowzero') === 0
  const target = requestedShape(call, 1).map((dim, axis) => {
    if (dim !== 0 || !copies) return dim
    const copied = shape[axis]
    if (copied === undefined) throw call.shapeError(`no 0 at axis ${axis}`, formatShape(requestedShape(call, 1)))
    return copied
  })
  const total = multiplyDims(...shape)
  const free = target.indexOf(-1)
  if (target.filter((dim) => typeof dim === 'number' && dim < 0).length > (free < 0 ? 0 : 1)) {
    throw call.shapeError('sizes from 0 up and at most one -1', formatShape(target))
  }
  const named = multiplyDims(...target.filter((dim) => dim !== -1))
  if (free >= 0)
    return target.map((dim, axis) =>
      axis === free ? (divideDims(total, named) ?? unknownRest(call, axis, total, named)) : dim,
    )
  if (typeof total === 'number' && typeof named === 'number' && total !== named) {
    throw call.shapeError(`a shape of ${total} elements like ${formatShape(shape)}`, formatShape(target))
  }
  return target
}

function unknownRest(call: Call, axis: number, total: Dim, named: Dim): Dim {
  if (typeof total === 'number' && typeof named === 'number') {
    throw call.shapeError(`a shape whose sizes divide ${total}`, `${named} elements beside -1`)
  }
  return call.unknownDim(axis)
}

/** The length of Range's output. */
export function rangeLength(call: Call): Dim {
  const [start, limit, delta] = [0, 1, 2].map((index) => scalarValue(call.input(index)))
  if (start === 0 && delta === 1 && typeof limit === 'string') return limit
  if (delta === 0) throw call.shapeError('a step other than 0', '0')
  if (typeof start !== 'number' || typeof limit !== 'number' || typeof delta !== 'number') return call.unknownDim(0)
  return Math.max(0, Math.ceil((limit - start) / delta))
}

function scalarValue(tensor: Tensor): Dim | undefined {
  return tensor.source.kind === 'constant' ? toNumbers(tensor.source.data)[0] : tensor.content?.[0]
}

/** Slice's output: each position is brought into the axis, as numpy does. */
export function sliced(call: Call): readonly TensorType[] {
  const { dtype, shape, content } = call.input(0)
  const starts = call.knownInts(1)
  const ends = call.knownInts(2)
  const axes = call.inputs[3] === undefined ? starts?.map((_, i) => i) : call.knownInts(3)
  const steps = call.inputs[4] === undefined ? starts?.map(() => 1) : call.knownInts(4)
  if (starts === undefined || ends === undefined || axes === undefined || steps === undefined) {
    return [{ dtype, shape: shape.map((_, axis) => call.unknownDim(axis)) }]
  }
  if (shape.length === 0) throw call.shapeError('a tensor with an axis', 'a scalar')
  const lengths = [starts, ends, axes, steps].map(({ length }) => length)
  if (new Set(lengths).size > 1) {
    throw call.shapeError('starts, ends, axes and steps of one length', lengths.join(', '))
  }
  if (new Set(axes.map((axis) => call.axis(axis, shape.length))).size !== axes.length) {
    throw call.shapeError('axes that differ', formatShape(axes))
  }
  const result: Dim[] = [...shape]
  let entries = content
  axes.forEach((given, i) => {
    const axis = call.axis(given, shape.length)
    const size = shape[axis]!
    const [start, end, step] = [starts[i]!, ends[i]!, steps[i]!]
    if (step === 0) throw call.shapeError('a step other than 0', '0')
    if (typeof size === 'string') {
      result[axis] = openSlice(size, start, end, step) ?? call.unknownDim(axis)
      return
    }
    const bound = (value: number, low: number, high: number): number =>
      Math.min(Math.max(value < 0 ? value + size : value, low), high)
    const from = step > 0 ? bound(start, 0, size) : bound(start, 0, size - 1)
    const to = step > 0 ? bound(end, 0, size) : bound(end, -1, size - 1)
    const length = Math.max(0, Math.ceil((to - from) / step))
    result[axis] = length
    entries = entries === undefined ? undefined : Array.from({ length }, (_, k) => entries![from + k * step]!)
  })
  return [{ dtype, shape: result, ...(entries === undefined || shape.length !== 1 ? {} : { content: entries }) }]
}

/** Exporters write the end of an axis as a number that is larger than any size. */
const BEYOND = 2 ** 31 - 1

/** Length of a slice of a symbolic axis where it can be told; positions other than the ends must lie inside the axis. */
function openSlice(size: Dim, start: number, end: number, step: number): Dim | undefined {
  if (step === -1) return (start === -1 || start >= BEYOND) && end <= -BEYOND ? size : undefined
  if (step !== 1) return undefined
  const from = start >= 0 ? start : addDims(size, start)
  if (end >= BEYOND) return subtractDims(size, from)
  if (end < 0) return nonNegative(subtractDims(addDims(size, end), from))
  return undefined
}

function nonNegative(dim: Dim): Dim {
  return typeof dim === 'number' ? Math.max(0, dim) : dim
}

/** The sizes of Split's pieces: as given, or equal but for a smaller last one. */
export function splitSizes(call: Call, size: Dim, count: number): readonly Dim[] {
  if (call.inputs[1] !== undefined) {
    const sizes = call.entries(1, count)
    if (sizes === undefined) return Array.from({ length: count }, (_, i) => call.unknownDim(i))
    const sum = sizes.reduce((a, b) => addDims(a, b), 0)
    if (typeof sum === 'number' && typeof size === 'number' && sum !== size) {
      throw call.shapeError(`split sizes that add up to ${size}`, sizes.join(' + '))
    }
    return sizes
  }
  if (typeof size === 'string') {
    const piece = divideDims(size, count)
    return Array.from({ length: count }, (_, i) => piece ?? call.unknownDim(i))
  }
  const chunk = Math.ceil(size / count)
  if (chunk * (count - 1) >= size && count > 1) throw call.shapeError(`an axis of ${count} pieces`, String(size))
  return Array.from({ length: count }, (_, i) => Math.min(chunk, size - i * chunk))
}
