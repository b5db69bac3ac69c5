/** @file Sine position encoding of image features (DETR, arXiv:2005.12872, supplement A.4). */
import type { Dim, Tensor } from '../graph/index.js'
import { add, cast, concat, cos, cumSum, div, mul, not, reshape, sin, slice, unsqueeze } from '../ops/index.js'

/** How positions become features. */
export interface SinePositionOptions {
  /** Features per axis; the encoding has twice as many. */
  readonly featuresPerAxis: number
  /** Ratio of the longest to the shortest wavelength: 10000 in DETR, 20 in DAB-DETR. */
  readonly temperature: number
  /** Kept from the reference, which adds it to the divisor. */
  readonly epsilon?: number
}

/**
 * Positions counted over valid pixels (the first one is 1), scaled to (0, 2π] over each image's valid size, as sines and
 * cosines that alternate. No parameters.
 */
export class SinePositionEncoding {
  readonly options: Required<SinePositionOptions>

  constructor(options: SinePositionOptions) {
    this.options = { epsilon: 1e-6, ...options }
  }

  /**
   * @param paddingMask bool [batch, height, width], true = padding
   * @returns float32 [batch, height·width, 2·featuresPerAxis]: the features of y, then those of x
   */
  forward(paddingMask: Tensor): Tensor {
    const [batch, height, width] = paddingMask.shape as [Dim, Dim, Dim]
    const valid = cast(not(paddingMask), 'float32')
    const features = concat([this.#axisFeatures(valid, 1), this.#axisFeatures(valid, 2)], 3)
    const tokens = typeof height === 'number' && typeof width === 'number' ? height * width : -1
    return reshape(features, [batch, tokens, 2 * this.options.featuresPerAxis])
  }

  #axisFeatures(valid: Tensor, axis: number): Tensor {
    const { featuresPerAxis, temperature, epsilon } = this.options
    const count = cumSum(valid, axis)
    const position = mul(div(count, add(slice(count, axis, -1), epsilon)), 2 * Math.PI)
    const pairs = featuresPerAxis / 2
    const wavelengths = Float32Array.from({ length: pairs }, (_, i) => temperature ** ((2 * i) / featuresPerAxis))
    const divisors = valid.graph.constant({ dtype: 'float32', shape: [pairs], data: wavelengths })
    const angles = div(unsqueeze(position, [3]), divisors) // [batch, height, width, pairs]
    const alternating = concat([unsqueeze(sin(angles), [4]), unsqueeze(cos(angles), [4])], 4)
    const [batch, height, width] = valid.shape as [Dim, Dim, Dim]
    return reshape(alternating, [batch, height, width, featuresPerAxis])
  }
}
