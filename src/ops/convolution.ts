/** @file Convolution and pooling: operators that slide a window. */
import { addDims, type Dim, multiplyDims, type Tensor, windowDim } from '../graph/index.js'
import { apply, applyMany, type Call, int, ints, type Operand, type Operator, required, text } from './operator.js'

const windowAttributes = {
  auto_pad: text('NOTSET'),
  dilations: ints(),
  pads: ints(),
  strides: ints(),
}

/** Names of this family's operators. */
export type ConvolutionOp = 'Conv' | 'ConvTranspose' | 'MaxPool' | 'AveragePool' | 'GlobalAveragePool'

export const convolution: Readonly<Record<ConvolutionOp, Operator>> = {
  Conv: {
    since: 1,
    inputs: ['x', 'weight', 'bias?'],
    attributes: { ...windowAttributes, group: int(1), kernel_shape: ints() },
    infer: (call) => {
      const [x, weight] = [call.input(0).shape, call.input(1).shape]
      const channels = weight[1]
      const group = call.int('group')
      if (x.length !== weight.length || x.length < 3) {
        throw call.shapeError('input and weight of equal rank, 3 or more', `ranks ${x.length} and ${weight.length}`)
      }
      if (typeof channels === 'number' && typeof x[1] === 'number' && x[1] !== channels * group) {
        throw call.shapeError(`input with ${channels * group} channels`, `[${x.join(', ')}]`)
      }
      const spatial = windows(call, x.slice(2), weight.slice(2))
      return [{ dtype: call.sameType(), shape: [x[0]!, weight[0]!, ...spatial] }]
    },
  },
  ConvTranspose: {
    since: 1,
    inputs: ['x', 'weight', 'bias?'],
    attributes: {
      ...windowAttributes,
      group: int(1),
      kernel_shape: ints(),
      output_padding: ints(),
      output_shape: ints(),
    },
    infer: (call) => {
      const [x, weight] = [call.input(0).shape, call.input(1).shape]
      const channels = multiplyDims(weight[1]!, call.int('group'))
      return [{ dtype: call.sameType(), shape: [x[0]!, channels, ...transposedWindows(call, x, weight)] }]
    },
  },
  MaxPool: {
    since: 8,
    inputs: ['x'],
    attributes: { ...windowAttributes, ceil_mode: int(0), kernel_shape: required('ints'), storage_order: int(0) },
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
      return [{ dtype, shape: shape.map((dim, axis) => (axis < 2 ? dim : 1)) }]
    },
  },
}

function pooledShape(call: Call, shape: readonly Dim[]): readonly Dim[] {
  const kernel = call.optionalInts('kernel_shape')!
  if (kernel.length !== shape.length - 2) {
    throw call.shapeError(`a kernel of ${shape.length - 2} axes`, `[${kernel.join(', ')}]`)
  }
  return [shape[0]!, shape[1]!, ...windows(call, shape.slice(2), kernel, call.int('ceil_mode') === 1)]
}

function windows(call: Call, sizes: readonly Dim[], kernel: readonly Dim[], ceil = false): readonly Dim[] {
  const strides = call.optionalInts('strides')
  const dilations = call.optionalInts('dilations')
  const pads = call.optionalInts('pads')
  const autoPad = call.text('auto_pad')
  return sizes.map((size, i) => {
    const stride = strides?.[i] ?? 1
    if (autoPad.startsWith('SAME')) return windowDim(size, 1, stride, stride - 1)
    const extent = kernel[i]
    if (typeof extent !== 'number') throw call.shapeError('a kernel of known size', `${extent}`)
    const padding = autoPad === 'VALID' ? 0 : (pads?.[i] ?? 0) + (pads?.[i + sizes.length] ?? 0)
    const reach = (dilations?.[i] ?? 1) * (extent - 1) + 1
    const windowed = windowDim(size, reach, stride, padding, ceil)
    // The last window of ceil mode must start inside the image or its leading padding.
    const begins = (pads?.[i] ?? 0) + (typeof size === 'number' ? size : Number.POSITIVE_INFINITY)
    if (ceil && typeof windowed === 'number' && (windowed - 1) * stride >= begins) return windowed - 1
    if (typeof windowed === 'number' && windowed < 1) {
      throw call.shapeError(`at least ${reach - padding} rows or columns`, String(size))
    }
    return windowed
  })
}

function transposedWindows(call: Call, x: readonly Dim[], weight: readonly Dim[]): readonly Dim[] {
  const outputShape = call.optionalInts('output_shape')
  if (outputShape !== undefined) return outputShape.slice(-(x.length - 2))
  const rank = x.length - 2
  const pads = call.optionalInts('pads')
  return x.slice(2).map((size, i) => {
    const stride = call.optionalInts('strides')?.[i] ?? 1
    if (call.text('auto_pad').startsWith('SAME')) return multiplyDims(size, stride)
    const reach = (call.optionalInts('dilations')?.[i] ?? 1) * (Number(weight[i + 2]) - 1) + 1
    const padding = (pads?.[i] ?? 0) + (pads?.[i + rank] ?? 0)
    const extra = call.optionalInts('output_padding')?.[i] ?? 0
    return addDims(multiplyDims(stride, addDims(size, -1)), reach + extra - padding)
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
