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

/** Filters rotated by half a turn, by a slice with negative steps. */
function reverseKernel(weight: Tensor): Tensor {
  return slice(slice(weight, 2, -1, Number.MIN_SAFE_INTEGER, -1), 3, -1, Number.MIN_SAFE_INTEGER, -1)
}

/** dW: dY times the transposed unfolded input, the unfolding written as shifted slices. */
function weightGradient(x: Tensor, weight: Tensor, dy: Tensor, window: Window): Tensor {
  const { kernel, stride, padding, dilation } = window
  const [batch, outputs, dyHeight, dyWidth] = sizesOf(dy) as [number, number, number, number]
  const inputs = sizesOf(x)[1]!
  const pixels = dyHeight * dyWidth
  const padded = padding === 0 ? x : pad(x, [0, 0, padding, padding], [0, 0, padding, padding])
  const shifted: Tensor[] = []
  for (let row = 0; row < kernel[0]; row++) {
    for (let column = 0; column < kernel[1]; column++) {
      const [top, left] = [row * dilation, column * dilation]
      const band = slice(padded, 2, top, top + (dyHeight - 1) * stride + 1, stride)
      const patch = slice(band, 3, left, left + (dyWidth - 1) * stride + 1, stride)
      shifted.push(reshape(patch, [batch, inputs, pixels]))
    }
  }
  const dyRows = reshape(dy, [batch, outputs, pixels])
  const perImage = fusedMatmul(dyRows, concat(shifted, 1), { transB: true }) // [batch, outputs, taps · inputs]
  const summed = batch === 1 ? perImage : reduceSum(perImage, [0])
  return reshape(transpose(reshape(summed, [outputs, shifted.length, inputs]), [0, 2, 1]), weight.shape)
}

/** The largest element of each window, the first in row-major order where several are equal, gets the gradient. */
const maxPoolRule: Rule = ({ inputs: [x], gradients: [dy], node }) => {
  const indices = maxPoolIndices(x!, node.attributes) // flat positions in x
  const flat = fill(x!, [sizesOf(x!).reduce((a, b) => a * b, 1)], 0)
  return [reshape(scatterElements(flat, reshape(indices, [-1]), reshape(dy!, [-1]), 0, 'add'), x!.shape)]
}

/** Rules of src/ops/convolution.ts. */
export const convolutionRules: Rules<ConvolutionOp> = {
  Conv: convRule,
  ConvTranspose: { none: 'it appears in gradients only' },
  MaxPool: maxPoolRule,
  AveragePool: { none: 'the backbone that needs it is not built yet' },
  GlobalAveragePool: ({ inputs: [x], gradients: [dy] }) => {
    const pixels = sizesOf(x!).slice(2)
    const share = 1 / pixels.reduce((a, b) => a * b, 1)
    return [mul(dy!, fill(x!, [1, 1, ...pixels], share))] // each pixel counts 1 / (height · width)
  },
}
