/** @file Gradients of convolution and pooling. Which formulation is fastest depends on the shape; each was measured. */
import type { Node, Tensor } from '../graph/index.js'
import {
  type ConvolutionOp,
  concat,
  conv2d,
  convTranspose2d,
  fill,
  fusedMatmul,
  gather,
  matmul,
  maxPoolIndices,
  mul,
  pad,
  reduceSum,
  reshape,
  resizeNearest,
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
  /** Groups of channels that are convolved apart from each other. */
  readonly groups: number
}

function windowOf(node: Node, weight: Tensor): Window {
  const [, , height, width, more] = sizesOf(weight)
  const first = (name: string, fallback: number): number => {
    const values = (node.attributes[name] as readonly number[] | undefined) ?? [fallback]
    if (values.some((value) => value !== values[0])) throw noGradient(node, `${name} that differ between axes`)
    return values[0]!
  }
  if (width === undefined || more !== undefined) throw noGradient(node, 'a convolution of other than two dimensions')
  if ((node.attributes['auto_pad'] ?? 'NOTSET') !== 'NOTSET') throw noGradient(node, 'padding by auto_pad')
  return {
    kernel: [height!, width],
    stride: first('strides', 1),
    padding: first('pads', 0),
    dilation: first('dilations', 1),
    groups: Number(node.attributes['group'] ?? 1),
  }
}

const convRule: Rule = ({ inputs: [x, weight, bias], gradients: [dy], node }) => {
  const window = windowOf(node, weight!)
  const pointwise = window.kernel[0] === 1 && window.kernel[1] === 1 && window.padding === 0 && window.groups === 1
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

/** Puts zeros between pixels: element (i, j) moves to (i·stride, j·stride) of a height × width map. Padding each pixel is slower. */
function spread(x: Tensor, stride: number, height: number, width: number): Tensor {
  const [, , rows, columns] = sizesOf(x) as [number, number, number, number]
  const [tall, wide] = [rows * stride, columns * stride]
  const own = Float32Array.from({ length: tall * wide }, (_, i) =>
    Number(Math.floor(i / wide) % stride === 0 && (i % wide) % stride === 0),
  )
  const mask = x.graph.constant({ dtype: 'float32', shape: [tall, wide], data: own })
  return slice(slice(mul(resizeNearest(x, tall, wide), mask), 2, 0, height), 3, 0, width)
}

/** dX: stride 1, a convolution of dY with the filters turned round and transposed; otherwise a transposed convolution. */
function inputGradient(x: Tensor, weight: Tensor, dy: Tensor, window: Window): Tensor {
  const { kernel, stride, padding, dilation, groups } = window
  const [down, across] = kernel.map((size) => dilation * (size - 1)) as [number, number]
  if (stride === 1 && down === across && padding <= down) {
    return conv2d(dy, exchanged(reverseKernel(weight), groups), undefined, {
      padding: down - padding,
      dilation,
      groups,
    })
  }
  const [, , height, width] = sizesOf(x)
  const [, , dyHeight, dyWidth] = sizesOf(dy)
  const missing = (size: number, out: number, reach: number): number =>
    size - ((out - 1) * stride + reach + 1 - 2 * padding)
  return convTranspose2d(dy, weight, {
    stride,
    padding,
    dilation,
    groups,
    outputPadding: [missing(height!, dyHeight!, down), missing(width!, dyWidth!, across)],
  })
}

/** Filters [outputs, inputs / groups, …] as those of the way back, [inputs, outputs / groups, …]. */
function exchanged(weight: Tensor, groups: number): Tensor {
  const [outputs, inputs, height, width] = sizesOf(weight) as [number, number, number, number]
  if (groups === 1) return transpose(weight, [1, 0, 2, 3])
  const apart = reshape(weight, [groups, outputs / groups, inputs, height, width])
  return reshape(transpose(apart, [0, 2, 1, 3, 4]), [groups * inputs, outputs / groups, height, width])
}

/** Filters rotated by half a turn: their taps in reverse order, by a product with 0 and 1; a slice backwards takes twice as long. */
function reverseKernel(weight: Tensor): Tensor {
  const [outputs, inputs, height, width] = sizesOf(weight) as [number, number, number, number]
  const count = height * width
  const data = Float32Array.from({ length: count * count }, (_, i) =>
    Number((i % count) + Math.floor(i / count) === count - 1),
  )
  const reversal = weight.graph.constant({ dtype: 'float32', shape: [count, count], data })
  return reshape(matmul(reshape(weight, [outputs * inputs, count]), reversal), weight.shape)
}

/** Up to so many filters the products of single taps are faster than one of all taps, which must be put together first. */
const FEW_FILTERS = 64

/** dW[o, c, tap] = Σ dy[o, n]·x[c, n + tap] over all pixels n of all images: one matrix product, which sums over images as well. */
function weightGradient(x: Tensor, weight: Tensor, dy: Tensor, window: Window): Tensor {
  const [outputs, inputs, rows, columns] = sizesOf(weight) as [number, number, number, number]
  const sameSize = sizesOf(x)
    .slice(2)
    .every((size, i) => size === sizesOf(dy)[i + 2])
  if (window.stride === 1 && sameSize && outputs <= FEW_FILTERS && window.groups === 1) {
    const perTap = tapProducts(x, dy, window)
    return reshape(
      concat(
        perTap.map((product) => reshape(product, [outputs, inputs, 1])),
        2,
      ),
      weight.shape,
    )
  }
  const [batch, , height, width] = sizesOf(dy) as [number, number, number, number]
  const pixels = batch * height * width
  const { groups } = window
  const seen = reshape(seenPixels(x, dy, window), [pixels, rows * columns, groups, inputs])
  const perGroup = groups === 1 ? seen : transpose(seen, [2, 0, 1, 3])
  const rowsOfDy = reshape(transpose(dy, [1, 0, 2, 3]), [groups, outputs / groups, pixels])
  const product = matmul(rowsOfDy, reshape(perGroup, [groups, pixels, rows * columns * inputs]))
  return reshape(transpose(reshape(product, [outputs, rows * columns, inputs]), [0, 2, 1]), weight.shape)
}

/** What each output pixel sees of x [batch, channels, height, width], tap by tap: [pixels · taps, channels], whole pixels in one gather. */
function seenPixels(x: Tensor, dy: Tensor, { kernel, stride, padding, dilation }: Window): Tensor {
  const last = transpose(x, [0, 2, 3, 1])
  const padded = padding === 0 ? last : pad(last, [0, padding, padding, 0], [0, padding, padding, 0])
  const [batch, tall, wide, channels] = sizesOf(padded) as [number, number, number, number]
  const [, , height, width] = sizesOf(dy) as [number, number, number, number]
  const index = new Int32Array(batch * height * width * kernel[0] * kernel[1])
  let at = 0
  for (let image = 0; image < batch; image++) {
    for (let pixel = 0; pixel < height * width; pixel++) {
      const [top, left] = [Math.floor(pixel / width) * stride, (pixel % width) * stride]
      const first = (image * tall + top) * wide + left
      for (let row = 0; row < kernel[0]; row++) {
        for (let column = 0; column < kernel[1]; column++) index[at++] = first + (row * wide + column) * dilation
      }
    }
  }
  const indices = x.graph.constant({ dtype: 'int32', shape: [index.length], data: index })
  return gather(reshape(padded, [batch * tall * wide, channels]), indices, 0)
}

/**
 * The product of dy with each shift of x, [outputs, inputs] per tap. Columns are shifted in x and rows in dy, the other way round:
 * a kernel of three by three then copies four maps and not nine, for the middle one of each is there already.
 */
function tapProducts(x: Tensor, dy: Tensor, { kernel, padding, dilation }: Window): Tensor[] {
  const shifts = (count: number): number[] => Array.from({ length: count }, (_, tap) => tap * dilation - padding)
  const columns = shifts(kernel[1]).map((shift) => pixelsInLine(shifted(x, 0, -shift)))
  const bands = shifts(kernel[0]).map((shift) => pixelsInLine(shifted(dy, shift, 0)))
  return bands.flatMap((band) => columns.map((column) => reduceSum(fusedMatmul(band, column, { transB: true }), [0])))
}

/** Maps moved down and to the right, up and to the left where negative; what comes in is 0. */
function shifted(x: Tensor, down: number, right: number): Tensor {
  return down === 0 && right === 0 ? x : pad(x, [0, 0, down, right], [0, 0, -down, -right])
}

/** [batch, channels, height, width] as [batch, channels, pixels]. */
function pixelsInLine(x: Tensor): Tensor {
  const [batch, channels] = sizesOf(x) as [number, number]
  return reshape(x, [batch, channels, -1])
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
  const [, , height, width] = sizesOf(x!) as [number, number, number, number]
  const [, , rows, columns] = sizesOf(dy!) as [number, number, number, number]
  const inside = (index: number, size: number): number => Math.min(kernel, size - index * kernel)
  const shares = Float32Array.from({ length: rows * columns }, (_, i) => {
    return 1 / (inside(Math.floor(i / columns), height) * inside(i % columns, width))
  })
  const share = dy!.graph.constant({ dtype: 'float32', shape: [rows, columns], data: shares })
  const full = resizeNearest(mul(dy!, share), rows * kernel, columns * kernel)
  // In floor mode the last pixels are in no window, in ceil mode the last windows reach beyond the image.
  const missing = [height - rows * kernel, width - columns * kernel].map((size) => Math.max(0, size))
  const whole = missing.every((size) => size === 0) ? full : pad(full, [0, 0, 0, 0], [0, 0, ...missing])
  return [slice(slice(whole, 2, 0, height), 3, 0, width)]
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
