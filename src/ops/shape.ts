/** @file Operators that move elements without changing them, and those that make tensors from sizes. */
import {
  addDims,
  type Dim,
  divideDims,
  formatShape,
  multiplyDims,
  type Tensor,
  type TensorType,
} from '../graph/index.js'
import { type DType, fromNumbers, toNumbers } from '../tensor/index.js'
import {
  apply,
  applyMany,
  broadcastShapes,
  type Call,
  int,
  ints,
  type Operator,
  required,
  sameAsInput,
  text,
} from './operator.js'
import { dtypeOfCode, onnxTypeCode } from './type-codes.js'

/** Names of this family's operators. */
export type ShapeOp =
  | 'Cast'
  | 'Concat'
  | 'ConstantOfShape'
  | 'DepthToSpace'
  | 'Expand'
  | 'Flatten'
  | 'Pad'
  | 'Range'
  | 'Reshape'
  | 'Shape'
  | 'Size'
  | 'Slice'
  | 'Split'
  | 'Squeeze'
  | 'Tile'
  | 'Transpose'
  | 'Trilu'
  | 'Unsqueeze'

export const shapeOps: Readonly<Record<ShapeOp, Operator>> = {
  Cast: {
    since: 9,
    inputs: ['x'],
    attributes: { to: required('int'), saturate: int(1) },
    infer: (call) => {
      const { shape, content, dtype } = call.input(0)
      const to = dtypeOfCode(call.int('to'))
      if (to === undefined) throw call.shapeError('a numeric element type', `type code ${call.int('to')}`)
      const keeps = content !== undefined && to.includes('int') && dtype.includes('int')
      return [{ dtype: to, shape, ...(keeps ? { content } : {}) }]
    },
  },
  Concat: {
    since: 4,
    inputs: ['data...'],
    attributes: { axis: required('int') },
    infer: (call) => {
      const first = call.input(0).shape
      const axis = call.axis(call.int('axis'), first.length)
      let length: Dim = 0
      for (const [i] of call.inputs.entries()) {
        const { shape } = call.input(i)
        const fits = shape.length === first.length && shape.every((dim, a) => a === axis || agrees(dim, first[a]!))
        if (!fits)
          throw call.shapeError(`shapes equal to ${formatShape(first)} but for axis ${axis}`, formatShape(shape))
        length = addDims(length, shape[axis]!)
      }
      const contents = call.inputs.map((input) => input?.content)
      const content = contents.every((entries) => entries !== undefined) ? contents.flat() : undefined
      const shape = first.map((dim, a) => (a === axis ? length : firstNumber(call, a, dim)))
      return [{ dtype: call.sameType(), shape, ...(content === undefined ? {} : { content }) }]
    },
  },
  ConstantOfShape: {
    since: 9,
    inputs: ['shape'],
    attributes: { value: { kind: 'tensor' } },
    infer: (call) => {
      const value = call.given['value']
      const dtype = typeof value === 'object' && 'dtype' in value ? value.dtype : 'float32'
      return [{ dtype, shape: requestedShape(call, 0) }]
    },
  },
  DepthToSpace: {
    since: 11,
    inputs: ['x'],
    attributes: { blocksize: required('int'), mode: text('DCR') },
    infer: (call) => {
      const { dtype, shape } = call.input(0)
      const block = call.int('blocksize')
      const channels = divideDims(shape[1]!, block * block) ?? call.unknownDim(1)
      const spatial = shape.slice(2).map((dim) => multiplyDims(dim, block))
      return [{ dtype, shape: [shape[0]!, channels, ...spatial] }]
    },
  },
  Expand: {
    since: 8,
    inputs: ['x', 'shape'],
    attributes: {},
    infer: (call) => {
      const { dtype, shape } = call.input(0)
      return [{ dtype, shape: broadcastShapes(call, [shape, requestedShape(call, 1)]) }]
    },
  },
  Flatten: {
    since: 1,
    inputs: ['x'],
    attributes: { axis: int(1) },
    infer: (call) => {
      const { dtype, shape } = call.input(0)
      const at = call.int('axis')
      const axis = at < 0 ? at + shape.length : at
      return [{ dtype, shape: [multiplyDims(...shape.slice(0, axis)), multiplyDims(...shape.slice(axis))] }]
    },
  },
  Pad: {
    since: 11,
    inputs: ['x', 'pads', 'value?', 'axes?'],
    attributes: { mode: text('constant') },
    infer: (call) => {
      const { dtype, shape } = call.input(0)
      const pads = call.knownInts(1)
      const axes = call.inputs[3] === undefined ? [...shape.keys()] : call.knownInts(3)
      if (pads === undefined || axes === undefined) {
        return [{ dtype, shape: shape.map((_, axis) => call.unknownDim(axis)) }]
      }
      const padded = [...shape]
      axes.forEach((given, i) => {
        const axis = call.axis(given, shape.length)
        padded[axis] = addDims(shape[axis]!, pads[i]! + pads[i + axes.length]!)
      })
      return [{ dtype, shape: padded }]
    },
  },
  Range: {
    since: 11,
    inputs: ['start', 'limit', 'delta'],
    attributes: {},
    infer: (call) => [{ dtype: call.sameType(), shape: [rangeLength(call)] }],
  },
  Reshape: {
    since: 5,
    inputs: ['x', 'shape'],
    attributes: { allowzero: int(0) },
    infer: (call) => {
      const { dtype, content } = call.input(0)
      const shape = reshaped(call)
      return [{ dtype, shape, ...(content !== undefined && shape.length <= 1 ? { content } : {}) }]
    },
  },
  Shape: {
    since: 1,
    inputs: ['x'],
    attributes: { start: int(0), end: int() },
    infer: (call) => {
      const { shape } = call.input(0)
      const content = shape.slice(call.int('start'), call.optionalInt('end') ?? shape.length)
      return [{ dtype: 'int64', shape: [content.length], content }]
    },
  },
  Size: {
    since: 1,
    inputs: ['x'],
    attributes: {},
    infer: (call) => [{ dtype: 'int64', shape: [], content: [multiplyDims(...call.input(0).shape)] }],
  },
  Slice: {
    since: 10,
    inputs: ['x', 'starts', 'ends', 'axes?', 'steps?'],
    attributes: {},
    infer: sliced,
  },
  Split: {
    since: 18,
    inputs: ['x', 'split?'],
    attributes: { axis: int(0), num_outputs: int() },
    infer: (call) => {
      const { dtype, shape } = call.input(0)
      const axis = call.axis(call.int('axis'), shape.length)
      const count = call.optionalInt('num_outputs') ?? call.outputCount
      return splitSizes(call, shape[axis]!, count).map((size) => ({
        dtype,
        shape: shape.map((dim, a) => (a === axis ? size : dim)),
      }))
    },
  },
  Squeeze: {
    since: 13,
    inputs: ['x', 'axes?'],
    attributes: {},
    infer: (call) => {
      const { dtype, shape, content } = call.input(0)
      const given = call.inputs[1] === undefined ? undefined : axesInput(call, 1)
      const axes = given?.map((axis) => call.axis(axis, shape.length))
      const squeezed = shape.filter((dim, axis) => (axes === undefined ? dim !== 1 : !axes.includes(axis)))
      return [{ dtype, shape: squeezed, ...(content === undefined ? {} : { content }) }]
    },
  },
  Tile: {
    since: 6,
    inputs: ['x', 'repeats'],
    attributes: {},
    infer: (call) => {
      const { dtype, shape } = call.input(0)
      const repeats = call.input(1).content
      return [{ dtype, shape: shape.map((dim, i) => (repeats ? multiplyDims(dim, repeats[i]!) : call.unknownDim(i))) }]
    },
  },
  Transpose: {
    since: 1,
    inputs: ['x'],
    attributes: { perm: ints() },
    infer: (call) => {
      const { dtype, shape } = call.input(0)
      const perm = call.optionalInts('perm') ?? [...shape.keys()].reverse()
      if (perm.toSorted((a, b) => a - b).some((axis, i) => axis !== i) || perm.length !== shape.length) {
        throw call.shapeError(`an order of ${shape.length} axes`, `[${perm.join(', ')}]`)
      }
      return [{ dtype, shape: perm.map((axis) => shape[axis]!) }]
    },
  },
  Trilu: { since: 14, inputs: ['x', 'k?'], attributes: { upper: int(1) }, infer: sameAsInput },
  Unsqueeze: {
    since: 13,
    inputs: ['x', 'axes'],
    attributes: {},
    infer: (call) => {
      const { dtype, shape, content } = call.input(0)
      const given = axesInput(call, 1)
      const rank = shape.length + given.length
      const axes = given.map((axis) => call.axis(axis, rank))
      const rest = [...shape]
      const unsqueezed = Array.from({ length: rank }, (_, axis) => (axes.includes(axis) ? 1 : rest.shift()!))
      return [{ dtype, shape: unsqueezed, ...(content !== undefined && rank <= 1 ? { content } : {}) }]
    },
  },
}

function agrees(a: Dim, b: Dim): boolean {
  return a === b || typeof a === 'string' || typeof b === 'string'
}

function firstNumber(call: Call, axis: number, fallback: Dim): Dim {
  const known = call.inputs.map((input) => input?.shape[axis]).find((dim) => typeof dim === 'number')
  return known ?? fallback
}

function axesInput(call: Call, index: number): readonly number[] {
  const axes = call.knownInts(index)
  if (axes === undefined) throw call.shapeError('axes known while building', 'computed axes')
  return axes
}

/** The shape that an int64 input asks for; unknown entries become dimensions of their own. */
function requestedShape(call: Call, index: number): readonly Dim[] {
  const { content, shape } = call.input(index)
  if (content !== undefined) return content
  const rank = shape[0] ?? 1
  if (typeof rank !== 'number') throw call.shapeError('a shape of known rank', formatShape(shape))
  return Array.from({ length: rank }, (_, axis) => call.unknownDim(axis))
}

function reshaped(call: Call): readonly Dim[] {
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

function rangeLength(call: Call): Dim {
  const [start, limit, delta] = [0, 1, 2].map((index) => scalarValue(call.input(index)))
  if (start === 0 && delta === 1 && typeof limit === 'string') return limit
  if (typeof start !== 'number' || typeof limit !== 'number' || typeof delta !== 'number') return call.unknownDim(0)
  return Math.max(0, Math.ceil((limit - start) / delta))
}

function scalarValue(tensor: Tensor): Dim | undefined {
  return tensor.source.kind === 'constant' ? toNumbers(tensor.source.data)[0] : tensor.content?.[0]
}

function sliced(call: Call): readonly TensorType[] {
  const { dtype, shape, content } = call.input(0)
  const starts = call.knownInts(1)
  const ends = call.knownInts(2)
  const axes = call.inputs[3] === undefined ? starts?.map((_, i) => i) : call.knownInts(3)
  const steps = call.inputs[4] === undefined ? starts?.map(() => 1) : call.knownInts(4)
  if (starts === undefined || ends === undefined || axes === undefined || steps === undefined) {
    return [{ dtype, shape: shape.map((_, axis) => call.unknownDim(axis)) }]
  }
  const result: Dim[] = [...shape]
  let entries = content
  axes.forEach((given, i) => {
    const axis = call.axis(given, shape.length)
    const size = shape[axis]!
    const [start, end, step] = [starts[i]!, ends[i]!, steps[i]!]
    if (step === 0) throw call.shapeError('a step other than 0', '0')
    if (typeof size === 'string') {
      result[axis] = step === 1 ? (openSlice(size, start, end) ?? call.unknownDim(axis)) : call.unknownDim(axis)
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

/** Length of a slice of a symbolic axis where it can be told; positions that count from the end must lie inside it. */
function openSlice(size: Dim, start: number, end: number): Dim | undefined {
  const toTheEnd = end >= 2 ** 31 - 1
  if (start < 0 && toTheEnd) return -start
  if (start < 0 && end < 0) return end - start
  if (start === 0 && (toTheEnd || end < 0)) return toTheEnd ? size : addDims(size, end)
  return undefined
}

function splitSizes(call: Call, size: Dim, count: number): readonly Dim[] {
  if (call.inputs[1] !== undefined) {
    const sizes = call.input(1).content
    if (sizes === undefined) throw call.shapeError('split sizes known while building', 'computed ones')
    const sum = sizes.reduce((a, b) => addDims(a, b), 0)
    if (typeof sum === 'number' && typeof size === 'number' && sum !== size) {
      throw call.shapeError(`split sizes that add up to ${size}`, sizes.join(' + '))
    }
    return sizes
  }
  if (typeof size === 'string') return Array.from({ length: count }, (_, i) => call.unknownDim(i))
  const chunk = Math.ceil(size / count)
  return Array.from({ length: count }, (_, i) => Math.min(chunk, size - i * chunk))
}

/** Elements converted to another type; the tensor itself when it has that type. */
export function cast(x: Tensor, dtype: DType): Tensor {
  return x.dtype === dtype ? x : apply('Cast', shapeOps.Cast, [x], { to: onnxTypeCode(dtype) })
}

export const concat = (tensors: readonly Tensor[], axis: number): Tensor =>
  apply('Concat', shapeOps.Concat, tensors, { axis })

export const transpose = (x: Tensor, perm: readonly number[]): Tensor =>
  apply('Transpose', shapeOps.Transpose, [x], { perm: [...perm] })

export const unsqueeze = (x: Tensor, axes: readonly number[]): Tensor =>
  apply('Unsqueeze', shapeOps.Unsqueeze, [x, x.graph.constant(fromNumbers('int64', [axes.length], axes))])

export const squeeze = (x: Tensor, axes: readonly number[]): Tensor =>
  apply('Squeeze', shapeOps.Squeeze, [x, x.graph.constant(fromNumbers('int64', [axes.length], axes))])

/** Elements `start` (inclusive) to `end` (exclusive) along `axis`; negative positions count from the end. */
export function slice(x: Tensor, axis: number, start: number, end: number = Number.MAX_SAFE_INTEGER): Tensor {
  const vector = (value: number): Tensor => x.graph.constant(fromNumbers('int64', [1], [value]))
  return apply('Slice', shapeOps.Slice, [x, vector(start), vector(end), vector(axis)])
}

/** `x` cut along `axis` into pieces of the given sizes. */
export function split(x: Tensor, sizes: readonly number[], axis: number): readonly Tensor[] {
  const sizesTensor = x.graph.constant(fromNumbers('int64', [sizes.length], sizes))
  return applyMany('Split', shapeOps.Split, [x, sizesTensor], { axis }, sizes.length)
}
