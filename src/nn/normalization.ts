/** @file Norm layers. */
import { Parameter, type Tensor } from '../graph/index.js'
import { add, batchNormalization, batchNormalizationInTraining, layerNormalization, mul } from '../ops/index.js'
import { onesInitial, zerosInitial } from './initialization.js'

/** Layer norm over the last axis. Keys: weight [channels], bias [channels]. */
export class LayerNorm {
  readonly weight: Parameter
  readonly bias: Parameter
  readonly epsilon: number

  constructor(channels: number, epsilon = 1e-5) {
    this.weight = new Parameter([channels], onesInitial)
    this.bias = new Parameter([channels], zerosInitial)
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
    this.weight = new Parameter([channels], onesInitial, 'buffer')
    this.bias = new Parameter([channels], zerosInitial, 'buffer')
    this.runningMean = new Parameter([channels], zerosInitial, 'buffer')
    this.runningVar = new Parameter([channels], onesInitial, 'buffer')
    this.epsilon = epsilon
  }

  /** x: float32 [batch, channels, height, width], same shape out. */
  forward(x: Tensor): Tensor {
    return batchNormalization(x, this.weight, this.bias, this.runningMean, this.runningVar, this.epsilon)
  }
}

/** Share of a batch's statistics in the running ones, PyTorch's `momentum`. */
const STATISTICS_MOMENTUM = 0.1

/**
 * Batch norm that is learned. In training it uses the statistics of the batch, and gives out new running ones as outputs
 * of the graph named `update/{key}`; otherwise it uses the running ones. Keys as in `FrozenBatchNorm2d`.
 */
export class BatchNorm2d {
  readonly weight: Parameter
  readonly bias: Parameter
  readonly runningMean: Parameter
  readonly runningVar: Parameter
  readonly epsilon: number

  constructor(channels: number, epsilon = 1e-5) {
    this.weight = new Parameter([channels], onesInitial)
    this.bias = new Parameter([channels], zerosInitial)
    this.runningMean = new Parameter([channels], zerosInitial, 'buffer')
    this.runningVar = new Parameter([channels], onesInitial, 'buffer')
    this.epsilon = epsilon
  }

  /** x: float32 [batch, channels, height, width], same shape out. */
  forward(x: Tensor): Tensor {
    const { weight, bias, runningMean, runningVar, epsilon } = this
    // A norm that is frozen keeps its statistics too.
    if (!x.graph.learns(weight)) return batchNormalization(x, weight, bias, runningMean, runningVar, epsilon)
    const { y, mean, variance } = batchNormalizationInTraining(x, weight, bias, epsilon)
    const count = x.shape.reduce<number>((product, dim, axis) => (axis === 1 ? product : product * Number(dim)), 1)
    this.#keep(runningMean, mean, x)
    // The running variance is that of a sample, unlike the one that normalises.
    this.#keep(runningVar, mul(variance, count / Math.max(1, count - 1)), x)
    return y
  }

  #keep(running: Parameter, batch: Tensor, { graph }: Tensor): void {
    const kept = mul(graph.parameter(running), 1 - STATISTICS_MOMENTUM)
    graph.output(`update/${running.key}`, add(kept, mul(batch, STATISTICS_MOMENTUM)))
  }
}
