/** @file Operators that read images between pixels. */
import { type Dim, floorDivideDim, formatShape, multiplyDims, type Tensor } from '../graph/index.js'
import { toNumbers } from '../tensor/index.js'
import { apply, type Call, float, int, ints, type Operator, text } from './operator.js'
import { dimensionsTensor } from './sizes.js'

/** Names of this family's operators. */
export type ResamplingOp = 'GridSample' | 'Resize'

export const resampling: Readonly<Record<ResamplingOp, Operator>> = {
  GridSample: {
    since: 16,
    inputs: ['x', 'grid'],
    attributes: { align_corners: int(0), mode: text('bilinear'), padding_mode: text('zeros') },
    infer: (call) => {
      const { dtype, shape } = call.input(0)
      const grid = call.input(1).shape
      if (shape.length !== 4 || grid.length !== 4 || (grid[3] !== 2 && typeof grid[3] === 'number')) {
        const got = `${formatShape(shape)} and ${formatShape(grid)}`
        throw call.shapeError('an image [batch, channels, height, width] and a grid [batch, rows, columns, 2]', got)
      }
      return [{ dtype, shape: [shape[0]!, shape[1]!, ...grid.slice(1, -1)] }]
    },
  },
  Resize: {
    since: 11,
    inputs: ['x', 'roi?', 'scales?', 'sizes?'],
    attributes: {
      antialias: int(0),
      axes: ints(),
      coordinate_transformation_mode: text('half_pixel'),
      cubic_coeff_a: float(-0.75),
      exclude_outside: int(0),
      extrapolation_value: float(0),
      keep_aspect_ratio_policy: text('stretch'),
      mode: text('nearest'),
      nearest_mode: text('round_prefer_floor'),
    },
    infer: (call) => [{ dtype: call.input(0).dtype, shape: resizedShape(call) }],
  },
}

function resizedShape(call: Call): readonly Dim[] {
  const { shape } = call.input(0)
  const axes = (call.optionalInts('axes') ?? [...shape.keys()]).map((axis) => call.axis(axis, shape.length))
  if (axes.length === 0) throw call.shapeError('at least one axis', 'none')
  const resized = [...shape]
  if (call.inputs[3] !== undefined) {
    // Opset 11 left scales out by giving none of them.
    if ((call.inputs[2]?.shape[0] ?? 0) !== 0) throw call.shapeError('scales or sizes', 'both')
    const sizes = keptAspect(call, axes, call.entries(3, axes.length))
    axes.forEach((axis, i) => {
      resized[axis] = sizes?.[i] ?? call.unknownDim(axis)
    })
    return resized
  }
  if (call.text('keep_aspect_ratio_policy') !== 'stretch') {
    throw call.shapeError('sizes beside keep_aspect_ratio_policy', 'scales')
  }
  const source = call.input(2).source
  // A region of interest crops before it scales.
  const known = source.kind === 'constant' && call.text('coordinate_transformation_mode') !== 'tf_crop_and_resize'
  const scales = known ? toNumbers(source.data) : undefined
  if (scales !== undefined && scales.length !== axes.length) {
    throw call.shapeError(`${axes.length} scales`, String(scales.length))
  }
  axes.forEach((axis, i) => {
    resized[axis] = scales === undefined ? call.unknownDim(axis) : scaledDim(call, shape[axis]!, scales[i]!, axis)
  })
  return resized
}

/** The sizes that are made of the requested ones when one scale serves all axes. */
function keptAspect(
  call: Call,
  axes: readonly number[],
  sizes: readonly Dim[] | undefined,
): readonly Dim[] | undefined {
  const policy = call.text('keep_aspect_ratio_policy')
  if (policy === 'stretch' || sizes === undefined) return sizes
  const { shape } = call.input(0)
  const from = axes.map((axis) => shape[axis])
  const known = (dims: readonly (Dim | undefined)[]): dims is number[] => dims.every((dim) => typeof dim === 'number')
  if (!known(from) || !known(sizes)) return undefined
  const scales = from.map((size, i) => Math.fround((sizes[i] as number) / size))
  const scale = policy === 'not_larger' ? Math.min(...scales) : Math.max(...scales)
  return from.map((size) => Math.round(Math.fround(scale * size)))
}

function scaledDim(call: Call, dim: Dim, scale: number, axis: number): Dim {
  if (typeof dim === 'number') {
    // ONNX says floor(size · scale), ONNX Runtime rounds the product to float32 first.
    const [exact, rounded] = [Math.floor(dim * scale), Math.floor(Math.fround(dim * scale))]
    return exact === rounded ? exact : call.unknownDim(axis)
  }
  if (Number.isInteger(scale)) return multiplyDims(dim, scale)
  return Number.isInteger(1 / scale) ? floorDivideDim(dim, 1 / scale) : call.unknownDim(axis)
}

/**
 * Bilinear samples of an image; zero beyond its border.
 * @param x float32 [batch, channels, height, width]
 * @param grid float32 [batch, rows, columns, 2]: (x, y) from −1, the left or upper edge of the first pixel, to 1, the other
 *   edge of the last one
 * @returns float32 [batch, channels, rows, columns]
 */
export const gridSample = (x: Tensor, grid: Tensor): Tensor =>
  apply('GridSample', resampling.GridSample, [x, grid], { align_corners: 0, mode: 'bilinear', padding_mode: 'zeros' })

/**
 * Nearest-neighbour resize of the last two axes to `height × width`, reading source row `floor(row · in / out)`:
 * PyTorch's `interpolate(mode='nearest')`.
 */
export function resizeNearest(x: Tensor, height: Dim, width: Dim): Tensor {
  const sizes = dimensionsTensor(x, [...x.shape.slice(0, -2), height, width])
  return apply('Resize', resampling.Resize, [x, undefined, undefined, sizes], {
    coordinate_transformation_mode: 'asymmetric',
    mode: 'nearest',
    nearest_mode: 'floor',
  })
}

/**
 * Antialiased bilinear resize of the last two axes, as close to Pillow's as a graph operator comes: within two of 256
 * levels on 8-bit images.
 */
export function resizeAntialiased(x: Tensor, sizes: Tensor): Tensor {
  return apply('Resize', resampling.Resize, [x, undefined, undefined, sizes], {
    antialias: 1,
    coordinate_transformation_mode: 'half_pixel',
    exclude_outside: 1,
    mode: 'linear',
  })
}
