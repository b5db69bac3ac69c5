/** @file Convolution and pooling: operators that slide a window. */
import {
  type Attributes,
  addDims,
  type Dim,
  formatShape,
  multiplyDims,
  type Tensor,
  windowDim,
} from '../graph/index.js'
import { apply, applyMany, type Call, int, ints, type Operand, type Operator, required, text } from './operator.js'

const windowAttributes = { auto_pad: text('NOTSET'), pads: ints(), strides: ints() }

/** Names of this family's operators. */
export type ConvolutionOp = 'Conv' | 'ConvTranspose' | 'MaxPool' | 'AveragePool' | 'GlobalAveragePool'

export const convolution: Readonly<Record<ConvolutionOp, Operator>> = {
  Conv: {
    since: 1,
    inputs: ['x', 'weight', 'bias?'],
    attributes: { ...windowAttributes, dilations: ints(), group: int(1), kernel_shape: ints() },
    infer: (call) => {
      const { x, weight, kernel } = convolved(call)
      const inputs = multiplyDims(weight[1]!, call.int('group'))
      if (typeof inputs === 'number' && typeof x[1] === 'number' && x[1] !== inputs) {
        throw call.shapeError(`input with ${inputs} channels`, formatShape(x))
      }
      const windows = windowsOf(call, kernel)
      const spatial = x.slice(2).map((size, i) => windowed(call, size, windows[i]!))
      return [{ dtype: call.sameType(), shape: [x[0]!, weight[0]!, ...spatial] }]
    },
  },
  ConvTranspose: {
    since: 1,
    inputs: ['x', 'weight', 'bias?'],
    attributes: {
      ...windowAttributes,
      dilations: ints(),
      group: int(1),
      kernel_shape: ints(),
      output_padding: ints(),
      output_shape: ints(),
    },
    infer: (call) => {
      const { x, weight, kernel } = convolved(call)
      if (typeof weight[0] === 'number' && typeof x[1] === 'number' && x[1] !== weight[0]) {
        throw call.shapeError(`input with ${weight[0]} channels`, formatShape(x))
      }
      const channels = multiplyDims(weight[1]!, call.int('group'))
      return [{ dtype: call.sameType(), shape: [x[0]!, channels, ...transposed(call, x.slice(2), kernel)] }]
    },
  },
  MaxPool: {
    since: 8,
    inputs: ['x'],
    attributes: {
      ...windowAttributes,
      ceil_mode: int(0),
      dilations: ints(),
      kernel_shape: required('ints'),
      storage_order: int(0),
    },
    infer: (call) => {
      const { dtype, shape } = call.input(0)
      const pooled = pooledShape(call, shape)
      const values = { dtype, shape: pooled }
      return call.outputCount === 1 ? [values] : [values, { dtype: 'int64', shape: pooled }]
    },
  },
  AveragePool: {
    since: 7,
    inputs: ['x'],
    attributes: { ...windowAttributes, ceil_mode: int(0), count_include_pad: int(0), kernel_shape: required('ints') },
    infer: (call) => [{ dtype: call.input(0).dtype, shape: pooledShape(call, call.input(0).shape) }],
  },
  GlobalAveragePool: {
    since: 1,
    inputs: ['x'],
    attributes: {},
    infer: (call) => {
      const { dtype, shape } = call.input(0)
      if (shape.length < 3) throw call.shapeError('an input of rank 3 or more', formatShape(shape))
      return [{ dtype, shape: shape.map((dim, axis) => (axis < 2 ? dim : 1)) }]
    },
  },
}

/** Shapes of a convolution's input and weight, and the size of its kernel, from the attribute where the weight's is open. */
function convolved(call: Call): { x: readonly Dim[]; weight: readonly Dim[]; kernel: readonly number[] } {
  const [x, weight] = [call.input(0).shape, call.input(1).shape]
  if (x.length !== weight.length || x.length < 3) {
    throw call.shapeError('input and weight of equal rank, 3 or more', `ranks ${x.length} and ${weight.length}`)
  }
  const group = call.int('group')
  if (group < 1 || (typeof weight[0] === 'number' && weight[0] % group !== 0)) {
    throw call.shapeError(`groups that divide the ${weight[0]} filters`, String(group))
  }
  const given = call.optionalInts('kernel_shape')
  const kernel = weight.slice(2).map((size, i) => (typeof size === 'number' ? size : (given?.[i] ?? size)))
  if (!kernel.every((size) => typeof size === 'number')) {
    throw call.shapeError('a kernel of known size', formatShape(weight))
  }
  if (given !== undefined && given.join() !== kernel.join()) {
    throw call.shapeError(`kernel_shape ${formatShape(kernel)} like the weight`, formatShape(given))
  }
  return { x, weight, kernel }
}

function pooledShape(call: Call, shape: readonly Dim[]): readonly Dim[] {
  const kernel = call.optionalInts('kernel_shape')!
  if (shape.length < 3 || kernel.length !== shape.length - 2) {
    throw call.shapeError(`a kernel for the axes of ${formatShape(shape)} after the second`, formatShape(kernel))
  }
  const windows = windowsOf(call, kernel)
  for (const [i, { before, after, reach, same }] of windows.entries()) {
    if (Math.max(before, after) >= kernel[i]!) {
      throw call.shapeError('padding smaller than the kernel', `${Math.max(before, after)}`)
    }
    // ONNX Runtime pads for the kernel without its gaps.
    if (same && reach > kernel[i]!) throw call.shapeError('no dilation beside auto_pad SAME', `${reach}`)
  }
  const ceil = call.int('ceil_mode') === 1
  return [shape[0]!, shape[1]!, ...shape.slice(2).map((size, i) => windowed(call, size, windows[i]!, ceil, i + 2))]
}

/** A window along one axis. */
interface Window {
  /** From its first to its last element, both included. */
  readonly reach: number
  readonly stride: number
  readonly before: number
  readonly after: number
  /** True when the padding makes the output `ceil(size / stride)` long, whatever the window. */
  readonly same: boolean
}

function windowsOf(call: Call, kernel: readonly number[]): readonly Window[] {
  const axes = kernel.length
  const strides = listOf(call, 'strides', axes, 1)
  const dilations = listOf(call, 'dilations', axes, 1)
  const pads = listOf(call, 'pads', 2 * axes, 0)
  const autoPad = call.text('auto_pad')
  if (!AUTO_PADS.includes(autoPad)) throw call.shapeError(`auto_pad among ${AUTO_PADS.join(', ')}`, autoPad)
  const explicit = autoPad === 'NOTSET'
  if (!explicit && call.optionalInts('pads') !== undefined) throw call.shapeError('pads or auto_pad', 'both')
  return kernel.map((extent, i) => {
    if (extent < 1) throw call.shapeError('a kernel of sizes from 1 up', formatShape(kernel))
    return {
      reach: dilations[i]! * (extent - 1) + 1,
      stride: strides[i]!,
      before: explicit ? pads[i]! : 0,
      after: explicit ? pads[i + axes]! : 0,
      same: autoPad.startsWith('SAME'),
    }
  })
}

const AUTO_PADS = ['NOTSET', 'SAME_UPPER', 'SAME_LOWER', 'VALID']

/** A list attribute of known length; `least` is its smallest value and stands for an absent one. */
function listOf(call: Call, name: string, length: number, least: number): readonly number[] {
  const given = Object.hasOwn(call.operator.attributes, name) ? call.optionalInts(name) : undefined
  if (given === undefined) return new Array<number>(length).fill(least)
  if (given.length !== length || given.some((value) => value < least)) {
    throw call.shapeError(`${length} ${name} from ${least} up`, formatShape(given))
  }
  return given
}

function windowed(call: Call, size: Dim, window: Window, ceil = false, axis = 0): Dim {
  const { reach, stride, before, after, same } = window
  if (same) return windowDim(size, 1, stride, 0)
  const count = windowDim(size, reach, stride, before + after, ceil)
  if (typeof size === 'number' && typeof count === 'number') {
    if (count < 1) throw call.shapeError(`at least ${reach - before - after} rows or columns`, String(size))
    // The last window of ceil mode must start inside the image or its leading padding.
    return ceil && (count - 1) * stride >= size + before ? count - 1 : count
  }
  return ceil && stride > reach - after ? call.unknownDim(axis) : count
}

function transposed(call: Call, sizes: readonly Dim[], kernel: readonly number[]): readonly Dim[] {
  const extra = listOf(call, 'output_padding', sizes.length, 0)
  const outputShape = call.optionalInts('output_shape')
  if (outputShape !== undefined && outputShape.length < sizes.length) {
    throw call.shapeError(`output_shape of ${sizes.length} sizes`, formatShape(outputShape))
  }
  return windowsOf(call, kernel).map(({ reach, stride, before, after, same }, i) => {
    const size = sizes[i]!
    const dilation = (reach - 1) / Math.max(1, kernel[i]! - 1)
    if (extra[i]! > 0 && extra[i]! >= Math.max(stride, dilation)) {
      throw call.shapeError('output_padding below the stride or the dilation', formatShape(extra))
    }
    if (outputShape !== undefined) return outputShape[outputShape.length - sizes.length + i]!
    // A shorter kernel would need padding below zero.
    if (same && reach < stride) throw call.shapeError(`a kernel of ${stride} beside auto_pad SAME`, String(reach))
    if (same) return multiplyDims(size, stride)
    const length = addDims(multiplyDims(stride, addDims(size, -1)), reach + extra[i]! - before - after)
    if (typeof length === 'number' && length < 1) throw call.shapeError('padding that leaves something', `${length}`)
    return length
  })
}

/** Strides, zero padding and dilation of a two-dimensional window, equal on both axes and all sides. */
export interface WindowOptions {
  readonly stride?: number
  readonly padding?: number
  readonly dilation?: number
}

function windowAttributesOf({ stride = 1, padding = 0, dilation = 1 }: WindowOptions): Record<string, number[]> {
  return {
    dilations: [dilation, dilation],
    pads: [padding, padding, padding, padding],
    strides: [stride, stride],
  }
}

/** Two-dimensional convolution: x [batch, in, height, width], weight [out, in / groups, kernel, kernel], bias [out]. */
export function conv2d(
  x: Tensor,
  weight: Operand,
  bias: Operand | undefined,
  options: WindowOptions & { readonly groups?: number } = {},
): Tensor {
  const attributes = {
    ...windowAttributesOf(options),
    ...(options.groups === undefined ? {} : { group: options.groups }),
  }
  return apply('Conv', convolution.Conv, [x, weight, bias], attributes)
}

/** Largest value under a square window; padding never wins. */
export function maxPool2d(x: Tensor, kernel: number, options: WindowOptions = {}): Tensor {
  const attributes = { ...windowAttributesOf(options), kernel_shape: [kernel, kernel] }
  return applyMany('MaxPool', convolution.MaxPool, [x], attributes)[0]!
}

/** Mean of the pixels under a square window that moves by its own size; what is left over at the end counts as a window. */
export function averagePool2d(x: Tensor, kernel: number): Tensor {
  const attributes = { kernel_shape: [kernel, kernel], strides: [kernel, kernel], ceil_mode: 1 }
  return apply('AveragePool', convolution.AveragePool, [x], attributes)
}

/** Options of a transposed convolution; `outputPadding` adds rows and columns at the end, [height, width]. */
export interface TransposedWindowOptions extends WindowOptions {
  readonly groups?: number
  readonly outputPadding: readonly [height: number, width: number]
}

/** Transposed convolution: x [batch, in, height, width], weight [in, out, kernel, kernel]. */
export function convTranspose2d(x: Tensor, weight: Operand, options: TransposedWindowOptions): Tensor {
  const attributes = {
    ...windowAttributesOf(options),
    output_padding: [...options.outputPadding],
    ...(options.groups === undefined ? {} : { group: options.groups }),
  }
  return apply('ConvTranspose', convolution.ConvTranspose, [x, weight], attributes)
}

/** Where in the whole of `x`, counted row-major, each maximum of a pooling with these attributes stands: int64. */
export function maxPoolIndices(x: Tensor, attributes: Attributes): Tensor {
  return applyMany('MaxPool', convolution.MaxPool, [x], attributes, 2)[1]!
}
