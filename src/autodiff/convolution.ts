/** @file Gradients of convolution and pooling. Which formulation is fastest depends on the shape; each was measured. */
import type { Node, Tensor } from '../graph/index.js'
import {
  type ConvolutionOp,
  concat,
  conv2d,
  convTranspose2d,
  fill,
  fusedMatmul,
  maxPoolIndices,
  mul,
  pad,
  reduceSum,
  reshape,
  scatterElements,
  slice,
  transpose,
} from '../ops/index.js'
import { noGradient, type Rule, type Rules, sizesOf } from './rule.js'

/** A two-dimensional convolution in numbers. */
interface Window {
  readonly kernel: readonly [height: number, width: number]
  readonly stride: number
  readonly padding: number
  readonly dilation: number
}

function windowOf(node: Node, weight: Tensor): Window {
  const [, , height, width, more] = sizesOf(weight)
  const first = (name: string, fallback: number): number => {
    const values = (node.attributes[name] as readonly number[] | undefined) ?? [fallback]
    if (values.some((value) => value !== values[0])) throw noGradient(node, `${name} that differ between axes`)
    return values[0]!
  }
  if (width === undefined || more !== undefined) throw noGradient(node, 'a convolution of other than two dimensions')
  if (Number(node.attributes['group'] ?? 1) !== 1) throw noGradient(node, 'a convolution in groups')
  if ((node.attributes['auto_pad'] ?? 'NOTSET') !== 'NOTSET') throw noGradient(node, 'padding by auto_pad')
  return {
    kernel: [height!, width],
    stride: first('strides', 1),
    padding: first('pads', 0),
    dilation: first('dilations', 1),
  }
}

const convRule: Rule = ({ inputs: [x, weight, bias], gradients: [dy], node }) => {
  const window = windowOf(node, weight!)
  const pointwise = window.kernel[0] === 1 && window.kernel[1] === 1 && window.padding === 0
  const [dx, dw] = pointwise
    ? pointwiseGradients(x!, weight!, dy!, window.stride)
    : [inputGradient(x!, weight!, dy!, window), weightGradient(x!, weight!, dy!, window)]
  return [dx, dw, bias === undefined ? undefined : reduceSum(dy!, [0, 2, 3])]
}

/** A 1×1 convolution is a matrix product per image: dX = Wᵀ·dY, dW = Σ dY·Xᵀ. A stride skips pixels, whose dx is 0. */
function pointwiseGradients(x: Tensor, weight: Tensor, dy: Tensor, stride: number): readonly [Tensor, Tensor] {
  const [batch, inputs, height, width] = sizesOf(x) as [number, number, number, number]
  const [, outputs, dyHeight, dyWidth] = sizesOf(dy) as [number, number, number, number]
  const pixels = dyHeight * dyWidth
  const seen = stride === 1 ? x : slice(slice(x, 2, 0, undefined, stride), 3, 0, undefined, stride)
  const [xRows, dyRows] = [reshape(seen, [batch, inputs, pixels]), reshape(dy, [batch, outputs, pixels])]
  const matrix = reshape(weight, [outputs, inputs])
  const perImage = fusedMatmul(dyRows, xRows, { transB: true }) // [batch, outputs, inputs]
  const dw = reshape(batch === 1 ? perImage : reduceSum(perImage, [0]), weight.shape)
  const dSeen = reshape(fusedMatmul(matrix, dyRows, { transA: true }), [batch, inputs, dyHeight, dyWidth])
  return [stride === 1 ? dSeen : spread(dSeen, stride, height, width), dw]
}

/** Puts zeros between pixels: element (i, j) moves to (i·stride, j·stride) of a height × width map. */
function spread(x: Tensor, stride: number, height: number, width: number): Tensor {
  const [batch, channels, rows, columns] = sizesOf(x) as [number, number, number, number]
  const apart = reshape(x, [batch, channels, rows, 1, columns, 1])
  const spaced = pad(apart, [0, 0, 0, 0, 0, 0], [0, 0, 0, stride - 1, 0, stride - 1])
  const full = reshape(spaced, [batch, channels, rows * stride, columns * stride])
  return slice(slice(full, 2, 0, height), 3, 0, width)
}

/** dX: stride 1, a convolution of dY with the filters turned round and transposed; otherwise a transposed convolution. */
function inputGradient(x: Tensor, weight: Tensor, dy: Tensor, window: Window): Tensor {
  const { kernel, stride, padding, dilation } = window
  const [down, across] = kernel.map((size) => dilation * (size - 1)) as [number, number]
  if (stride === 1 && down === across && padding <= down) {
    const turned = transpose(reverseKernel(weight), [1, 0, 2, 3])
    return conv2d(dy, turned, undefined, { padding: down - padding, dilation })
  }
  const [, , height, width] = sizesOf(x)
  const [, , dyHeight, dyWidth] = sizesOf(dy)
  const missing = (size: number, out: number, reach: number): number =>
    size - ((out - 1) * stride + reach + 1 - 2 * padding)
  return convTranspose2d(dy, weight, {
    stride,
    padding,
    dilation,
    outputPadding: [missing(height!, dyHeight!, down), missing(width!, dyWidth!, across)],
  })
}

/** Filters rotated by half a turn: their taps in reverse order, by a slice with a negative step. */
function reverseKernel(weight: Tensor): Tensor {
  const [outputs, inputs, height, width] = sizesOf(weight) as [number, number, number, number]
  const taps = reshape(weight, [outputs, inputs, height * width])
  return reshape(slice(taps, 2, -1, Number.MIN_SAFE_INTEGER, -1), weight.shape)
}

/** Up to so many filters the products of single taps are faster than one of all taps, which must be put together first. */
const FEW_FILTERS = 64

/**
 * dW[o, c, tap] = Σ dy[o, n]·x[c, n + tap] over all pixels n of all images. With channels first and images behind, one matrix
 * product sums over images as well.
 */
function weightGradient(x: Tensor, weight: Tensor, dy: Tensor, window: Window): Tensor {
  const [outputs, inputs, rows, columns] = sizesOf(weight) as [number, number, number, number]
  const [xChannels, dyChannels] = [transpose(x, [1, 0, 2, 3]), transpose(dy, [1, 0, 2, 3])]
  const sameSize = sizesOf(x)
    .slice(2)
    .every((size, i) => size === sizesOf(dy)[i + 2])
  if (window.stride === 1 && sameSize && outputs <= FEW_FILTERS) {
    const perTap = tapProducts(xChannels, dyChannels, window)
    return reshape(
      concat(
        perTap.map((product) => reshape(product, [outputs, inputs, 1])),
        2,
      ),
      weight.shape,
    )
  }
  const pixels = dyChannels.shape.slice(1).reduce<number>((product, size) => product * (size as number), 1)
  const taps = shiftedPixels(xChannels, sizesOf(dy).slice(2) as [number, number], window)
  const unfolded = concat(
    taps.map((tap) => reshape(tap, [inputs, pixels])),
    0,
  )
  const product = fusedMatmul(reshape(dyChannels, [outputs, pixels]), unfolded, { transB: true }) // [outputs, taps · inputs]
  return reshape(transpose(reshape(product, [outputs, rows * columns, inputs]), [0, 2, 1]), weight.shape)
}

/** What each tap of the kernel sees of x [channels, batch, height, width], for every output pixel. */
function shiftedPixels(x: Tensor, [height, width]: readonly [number, number], window: Window): Tensor[] {
  const { kernel, stride, padding, dilation } = window
  const padded = padding === 0 ? x : pad(x, [0, 0, padding, padding], [0, 0, padding, padding])
  // Columns of one phase stand side by side after the first slice, so that the others copy whole rows.
  const phases = Array.from({ length: stride }, (_, phase) =>
    stride === 1 ? padded : slice(padded, 3, phase, undefined, stride),
  )
  return Array.from({ length: kernel[0] * kernel[1] }, (_, tap) => {
    const [top, left] = [Math.floor(tap / kernel[1]) * dilation, (tap % kernel[1]) * dilation]
    const band = slice(phases[left % stride]!, 2, top, top + (height - 1) * stride + 1, stride)
    const first = Math.floor(left / stride)
    return slice(band, 3, first, first + width)
  })
}

/**
 * The product of dy with each shift of x, [outputs, inputs] per tap. All images lie behind each other on one line with zeros
 * between rows and images, so that a shift is a step along the line; dy is 0 where a shifted pixel is none.
 */
function tapProducts(x: Tensor, dy: Tensor, { kernel, padding, dilation }: Window): Tensor[] {
  const [inputs, batch, height, width] = sizesOf(x) as [number, number, number, number]
  const lineLength = width + padding
  const pixels = batch * (height + padding) * lineLength
  const line = (tensor: Tensor, channels: number): Tensor =>
    reshape(pad(tensor, [0, 0, 0, 0], [0, 0, padding, padding]), [channels, pixels])
  const margin = padding * lineLength + padding
  const xLine = pad(line(x, inputs), [0, margin], [0, margin])
  const dyLine = line(dy, sizesOf(dy)[0]!)
  return Array.from({ length: kernel[0] * kernel[1] }, (_, tap) => {
    const shift = Math.floor(tap / kernel[1]) * dilation * lineLength + (tap % kernel[1]) * dilation
    return fusedMatmul(dyLine, slice(xLine, 1, shift, shift + pixels), { transB: true })
  })
}

/** The largest element of each window, the first in row-major order where several are equal, gets the gradient. */
const maxPoolRule: Rule = ({ inputs: [x], gradients: [dy], node }) => {
  const indices = maxPoolIndices(x!, node.attributes) // flat positions in x
  const flat = fill(x!, [sizesOf(x!).reduce((a, b) => a * b, 1)], 0)
  return [reshape(scatterElements(flat, reshape(indices, [-1]), reshape(dy!, [-1]), 0, 'add'), x!.shape)]
}

/** Windows that tile the image: each pixel gets dy over the number of pixels in its window, fewer at the end in ceil mode. */
const averagePoolRule: Rule = ({ inputs: [x], gradients: [dy], node }) => {
  const [kernel = 1, ...others] = node.attributes['kernel_shape'] as readonly number[]
  const strides = (node.attributes['strides'] as readonly number[] | undefined) ?? [1]
  const padded = ((node.attributes['pads'] as readonly number[] | undefined) ?? []).some((size) => size !== 0)
  if ([...others, ...strides].some((size) => size !== kernel) || others.length !== 1 || padded) {
    throw noGradient(node, 'pooling whose windows do not tile the image')
  }
  const [batch, channels, height, width] = sizesOf(x!) as [number, number, number, number]
  const [, , rows, columns] = sizesOf(dy!) as [number, number, number, number]
  const inside = (index: number, size: number): number => Math.min(kernel, size - index * kernel)
  const shares = Float32Array.from({ length: rows * columns }, (_, i) => {
    return 1 / (inside(Math.floor(i / columns), height) * inside(i % columns, width))
  })
  const share = dy!.graph.constant({ dtype: 'float32', shape: [rows, columns], data: shares })
  const spreadOut = mul(
    reshape(mul(dy!, share), [batch, channels, rows, 1, columns, 1]),
    fill(dy!, [1, kernel, 1, kernel], 1),
  )
  const full = reshape(spreadOut, [batch, channels, rows * kernel, columns * kernel])
  return [slice(slice(full, 2, 0, height), 3, 0, width)]
}

/** Rules of src/ops/convolution.ts. */
export const convolutionRules: Rules<ConvolutionOp> = {
  Conv: convRule,
  ConvTranspose: { none: 'it appears in gradients only' },
  MaxPool: maxPoolRule,
  AveragePool: averagePoolRule,
  GlobalAveragePool: ({ inputs: [x], gradients: [dy] }) => {
    const pixels = sizesOf(x!).slice(2)
    const share = 1 / pixels.reduce((a, b) => a * b, 1)
    return [mul(dy!, fill(x!, [1, 1, ...pixels], share))] // each pixel counts 1 / (height · width)
  },
}
