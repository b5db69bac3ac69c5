/** @file A convolution, its norm and what follows: the brick of convolutional networks. */
import type { Tensor } from '../graph/index.js'
import { Conv2d, type Conv2dOptions } from './convolution.js'
import { BatchNorm2d, FrozenBatchNorm2d } from './normalization.js'

/** Whether norms keep the statistics and weights that were loaded, or are learned. */
export type NormKind = 'frozen' | 'trained'

/** A norm of the given kind. */
export function batchNorm(kind: NormKind, channels: number): FrozenBatchNorm2d | BatchNorm2d {
  return kind === 'frozen' ? new FrozenBatchNorm2d(channels) : new BatchNorm2d(channels)
}

/** How a brick differs from a plain one. */
export interface ConvNormOptions extends Omit<Conv2dOptions, 'bias'> {
  /** Applied after the norm; nothing unless said. */
  readonly activation?: (x: Tensor) => Tensor
  /** `trained` unless said. */
  readonly norms?: NormKind
}

/** Convolution without bias, batch norm, activation. Keys: conv.weight, norm.{weight,bias,running_mean,running_var}. */
export class ConvNorm {
  readonly conv: Conv2d
  readonly norm: FrozenBatchNorm2d | BatchNorm2d
  readonly activation: ((x: Tensor) => Tensor) | undefined

  /** Pads so that a stride of 1 keeps the size, unless `padding` is given. */
  constructor(
    inputs: number,
    outputs: number,
    kernel: number,
    { activation, norms = 'trained', ...options }: ConvNormOptions = {},
  ) {
    this.conv = new Conv2d(inputs, outputs, kernel, { padding: (kernel - 1) >> 1, ...options, bias: false })
    this.norm = batchNorm(norms, outputs)
    this.activation = activation
  }

  /** x: float32 [batch, inputs, height, width] to [batch, outputs, …]. */
  forward(x: Tensor): Tensor {
    const normed = this.norm.forward(this.conv.forward(x))
    return this.activation === undefined ? normed : this.activation(normed)
  }
}
