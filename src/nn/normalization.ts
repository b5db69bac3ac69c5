/** @file Norm layers. */
import { Parameter, type Tensor } from '../graph/index.js'
import { batchNormalization, layerNormalization } from '../ops/index.js'

/** Layer norm over the last axis. Keys: weight [channels], bias [channels]. */
export class LayerNorm {
  readonly weight: Parameter
  readonly bias: Parameter
  readonly epsilon: number

  constructor(channels: number, epsilon = 1e-5) {
    this.weight = new Parameter([channels])
    this.bias = new Parameter([channels])
    this.epsilon = epsilon
  }

  /** x: float32 [..., channels], same shape out. */
  forward(x: Tensor): Tensor {
    return layerNormalization(x, this.weight, this.bias, this.epsilon)
  }
}

/**
 * Batch norm whose statistics and weights stay as they were loaded: x·s + (b − mean·s), s = w / √(variance + ε).
 * Keys: weight, bias, running_mean, running_var, each [channels].
 */
export class FrozenBatchNorm2d {
  readonly weight: Parameter
  readonly bias: Parameter
  readonly runningMean: Parameter
  readonly runningVar: Parameter
  readonly epsilon: number

  constructor(channels: number, epsilon = 1e-5) {
    this.weight = new Parameter([channels], 'buffer')
    this.bias = new Parameter([channels], 'buffer')
    this.runningMean = new Parameter([channels], 'buffer')
    this.runningVar = new Parameter([channels], 'buffer')
    this.epsilon = epsilon
  }

  /** x: float32 [batch, channels, height, width], same shape out. */
  forward(x: Tensor): Tensor {
    return batchNormalization(x, this.weight, this.bias, this.runningMean, this.runningVar, this.epsilon)
  }
}
