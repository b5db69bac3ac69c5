/** @file Two-dimensional convolution. */
import { Parameter, type Tensor } from '../graph/index.js'
import { conv2d, type WindowOptions } from '../ops/index.js'
import { defaultInitial } from './initialization.js'

/** Options of a convolution. */
export interface Conv2dOptions extends WindowOptions {
  /** Whether a bias is added; true unless a norm follows. */
  readonly bias?: boolean
}

/** Convolution with a square kernel. Keys: weight [out, in, kernel, kernel], bias [out]. */
export class Conv2d {
  readonly weight: Parameter
  readonly bias?: Parameter
  readonly window: WindowOptions

  constructor(inputs: number, outputs: number, kernel: number, { bias = true, ...window }: Conv2dOptions = {}) {
    const initial = defaultInitial(inputs * kernel * kernel)
    this.weight = new Parameter([outputs, inputs, kernel, kernel], initial)
    if (bias) this.bias = new Parameter([outputs], initial)
    this.window = window
  }

  /** x: float32 [batch, in, height, width] to [batch, out, …]. */
  forward(x: Tensor): Tensor {
    return conv2d(x, this.weight, this.bias, this.window)
  }
}
