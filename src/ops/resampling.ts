/** @file Operators that read images between pixels. */
import { type Dim, floorDivideDim, multiplyDims, type Tensor } from '../graph/index.js'
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
  const scales = call.inputs[2]
  const resized = [...shape]
  if (call.inputs[3] !== undefined) {
    const sizes = call.input(3).content
    axes.forEach((axis, i) => {
      resized[axis] = sizes?.[i] ?? call.unknownDim(axis)
    })
  } else if (scales?.source.kind === 'constant') {
    toNumbers(scales.source.data).forEach((scale, i) => {
      const axis = axes[i]!
      resized[axis] = scaledDim(call, shape[axis]!, scale, axis)
    })
  } else {
    for (const axis of axes) resized[axis] = call.unknownDim(axis)
  }
  return resized
}

function scaledDim(call: Call, dim: Dim, scale: number, axis: number): Dim {
  if (typeof dim === 'number') return Math.floor(dim * scale)
  if (Number.isInteger(scale)) return multiplyDims(dim, scale)
  return Number.isInteger(1 / scale) ? floorDivideDim(dim, 1 / scale) : call.unknownDim(axis)
}

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
