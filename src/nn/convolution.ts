/** @file Two-dimensional convolution. */
import { Parameter, type Tensor } from '../graph/index.js'
import { conv2d, type WindowOptions } from '../ops/index.js'
import { defaultInitial } from './initialization.js'

/** Options of a convolution. */
export interface Conv2dOptions extends WindowOptions {
  /** Whether a bias is added; true unless a norm follows. */
  readonly bias?: boolean
  /** Groups of channels that are convolved apart from each other; 1 unless said. */
  readonly groups?: number
}

/** Convolution with a square kernel. Keys: weight [out, in / groups, kernel, kernel], bias [out]. */
export class Conv2d {
  readonly weight: Parameter
  readonly bias?: Parameter
  readonly options: WindowOptions & { readonly groups?: number }

  constructor(inputs: number, outputs: number, kernel: number, { bias = true, ...options }: Conv2dOptions = {}) {
    const own = inputs / (options.groups ?? 1)
    const initial = defaultInitial(own * kernel * kernel)
    this.weight = new Parameter([outputs, own, kernel, kernel], initial)
    if (bias) this.bias = new Parameter([outputs], initial)
    this.options = options
  }

  /** x: float32 [batch, in, height, width] to [batch, out, …]. */
  forward(x: Tensor): Tensor {
    return conv2d(x, this.weight, this.bias, this.options)
  }
}
