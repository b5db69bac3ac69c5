/** @file Operators that move elements without changing them, and those that make tensors from sizes. */
import { addDims, type Dim, divideDims, formatShape, multiplyDims, type Tensor } from '../graph/index.js'
import { type DType, fromNumbers, sizeOfShape } from '../tensor/index.js'
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
import { axisCount, rangeLength, requestedShape, reshaped, sliced, splitSizes } from './shape-rules.js'
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
    attributes: { to: required('int') },
    infer: (call) => {
      const { shape, content, dtype } = call.input(0)
      const to = dtypeOfCode(call.int('to'))
      if (to === undefined) throw call.shapeError('a numeric element type', `type code ${call.int('to')}`)
      // Narrower types may wrap.
      const keeps = content !== undefined && dtype !== 'uint64' && (to === 'int64' || (to === 'int32' && fits(content)))
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
      if (typeof value === 'object' && 'shape' in value && sizeOfShape(value.shape) !== 1) {
        throw call.shapeError("an attribute 'value' of one element", formatShape(value.shape))
      }
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
      if (shape.length !== 4 || block < 1)
        throw call.shapeError('an image batch and blocks from 1 up', formatShape(shape))
      const channels = divideDims(shape[1]!, block * block) ?? call.unknownDim(1)
      if (typeof shape[1] === 'number' && typeof channels !== 'number') {
        throw call.shapeError(`channels in multiples of ${block * block}`, formatShape(shape))
      }
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
      if (call.input(1).content !== undefined) {
        return [{ dtype, shape: broadcastShapes(call, [shape, requestedShape(call, 1)]) }]
      }
      const wanted = requestedShape(call, 1)
      const rank = Math.max(wanted.length, shape.length)
      const own = Array.from({ length: rank }, (_, axis) => shape[axis - rank + shape.length] ?? 1)
      // A size above 1 cannot grow; any other may.
      return [
        { dtype, shape: own.map((dim, axis) => (typeof dim === 'number' && dim !== 1 ? dim : call.unknownDim(axis))) },
      ]
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
      if (axis < 0 || axis > shape.length) throw call.shapeError(`an axis from 0 to ${shape.length}`, String(at))
      return [{ dtype, shape: [multiplyDims(...shape.slice(0, axis)), multiplyDims(...shape.slice(axis))] }]
    },
  },
  Pad: {
    since: 11,
    inputs: ['x', 'pads', 'value?', 'axes?'],
    attributes: { mode: text('constant') },
    infer: (call) => {
      const { dtype, shape } = call.input(0)
      const axes = call.inputs[3] === undefined ? [...shape.keys()] : call.knownInts(3)
      if (new Set(axes?.map((axis) => call.axis(axis, shape.length))).size !== (axes?.length ?? 0)) {
        throw call.shapeError('axes that differ', formatShape(axes!))
      }
      const pads = axes === undefined ? undefined : call.entries(1, 2 * axes.length)
      if (shape.length === 0) throw call.shapeError('a tensor with an axis', 'a scalar')
      const fill = call.inputs[2]?.shape
      if (fill?.some((dim) => dim !== 1)) throw call.shapeError('a value of one element', formatShape(fill))
      if (pads === undefined || axes === undefined) {
        return [{ dtype, shape: shape.map((_, axis) => call.unknownDim(axis)) }]
      }
      const padded = [...shape]
      axes.forEach((given, i) => {
        const axis = call.axis(given, shape.length)
        const [before, after] = [pads[i]!, pads[i + axes.length]!]
        checkPadding(call, shape[axis]!, before, after)
        padded[axis] = addDims(shape[axis]!, addDims(before, after))
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
      const given = call.optionalInt('num_outputs')
      if ((given === undefined) === (call.inputs[1] === undefined)) {
        throw call.shapeError('either sizes or num_outputs', given === undefined ? 'neither' : 'both')
      }
      const count = given ?? call.outputCount
      if (count !== call.outputCount) throw call.shapeError(`${count} outputs`, String(call.outputCount))
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
      const given = call.inputs[1] === undefined ? undefined : call.knownInts(1)
      if (call.inputs[1] !== undefined && given === undefined) {
        return [{ dtype, shape: shape.slice(axisCount(call, 1)).map((_, axis) => call.unknownDim(axis)) }]
      }
      const axes = given?.map((axis) => call.axis(axis, shape.length))
      // ONNX says that no axes are dropped then, ONNX Runtime drops all of size 1.
      if (axes?.length === 0) throw call.shapeError('at least one axis', 'none')
      const isOne = (dim: Dim, axis: number): boolean =>
        axes === undefined ? typeof dim === 'number' : dim === 1 || typeof dim === 'string' || !axes.includes(axis)
      if (!shape.every(isOne)) throw call.shapeError('axes of size 1', formatShape(shape))
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
      const repeats = call.entries(1, shape.length)
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
  Trilu: {
    since: 14,
    inputs: ['x', 'k?'],
    attributes: { upper: int(1) },
    infer: (call) => {
      if (call.input(0).shape.length < 2) throw call.shapeError('matrices', formatShape(call.input(0).shape))
      return sameAsInput(call)
    },
  },
  Unsqueeze: {
    since: 13,
    inputs: ['x', 'axes'],
    attributes: {},
    infer: (call) => {
      const { dtype, shape, content } = call.input(0)
      const given = call.knownInts(1)
      const rank = shape.length + axisCount(call, 1)
      if (given === undefined) {
        return [{ dtype, shape: Array.from({ length: rank }, (_, axis) => call.unknownDim(axis)) }]
      }
      const axes = given.map((axis) => call.axis(axis, rank))
      if (new Set(axes).size !== axes.length) throw call.shapeError('axes that differ', `[${given.join(', ')}]`)
      const rest = [...shape]
      const unsqueezed = Array.from({ length: rank }, (_, axis) => (axes.includes(axis) ? 1 : rest.shift()!))
      return [{ dtype, shape: unsqueezed, ...(content !== undefined && rank <= 1 ? { content } : {}) }]
    },
  },
}

/** Reflection needs an element more than it adds, and repetition of the edge needs an edge. */
function checkPadding(call: Call, size: Dim, before: Dim, after: Dim): void {
  const mode = call.text('mode')
  if (mode === 'constant' || typeof size === 'string' || typeof before === 'string' || typeof after === 'string') return
  const kept = size + Math.min(0, before) + Math.min(0, after)
  const needed = mode === 'reflect' ? Math.max(0, before, after) + 1 : 1
  if (kept < needed) throw call.shapeError(`an axis of at least ${needed} for mode ${mode}`, String(kept))
}

function fits(content: readonly Dim[]): boolean {
  return content.every((dim) => typeof dim === 'string' || Math.abs(dim) < 2 ** 31)
}

function agrees(a: Dim, b: Dim): boolean {
  return a === b || typeof a === 'string' || typeof b === 'string'
}

function firstNumber(call: Call, axis: number, fallback: Dim): Dim {
  const known = call.inputs.map((input) => input?.shape[axis]).find((dim) => typeof dim === 'number')
  return known ?? fallback
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

/**
 * Elements `start` (inclusive) to `end` (exclusive) along `axis`, every `step`-th; negative positions count from the end.
 */
export function slice(x: Tensor, axis: number, start: number, end: number = Number.MAX_SAFE_INTEGER, step = 1): Tensor {
  const vector = (value: number): Tensor => x.graph.constant(fromNumbers('int64', [1], [value]))
  const steps = step === 1 ? undefined : vector(step)
  return apply('Slice', shapeOps.Slice, [x, vector(start), vector(end), vector(axis), steps])
}

/** Zeros put before and after the elements of each axis. */
export function pad(x: Tensor, before: readonly number[], after: readonly number[]): Tensor {
  const pads = x.graph.constant(fromNumbers('int64', [2 * before.length], [...before, ...after]))
  return apply('Pad', shapeOps.Pad, [x, pads])
}

/** The upper (or lower) triangle of the last two axes, from diagonal `k` on; zeros elsewhere. */
export const trilu = (x: Tensor, upper: boolean, k?: Tensor): Tensor =>
  apply('Trilu', shapeOps.Trilu, [x, k], { upper: upper ? 1 : 0 })

/** `x` cut along `axis` into pieces of the given sizes. */
export function split(x: Tensor, sizes: readonly number[], axis: number): readonly Tensor[] {
  const sizesTensor = x.graph.constant(fromNumbers('int64', [sizes.length], sizes))
  return applyMany('Split', shapeOps.Split, [x, sizesTensor], { axis }, sizes.length)
}
