/** @file Fully connected layers. */
import { Parameter, type Tensor } from '../graph/index.js'
import { add, matmul, relu, transpose } from '../ops/index.js'
import { defaultInitial } from './initialization.js'

/** y = x·Wᵀ + b over the last axis. Keys: weight [out, in], bias [out]. */
export class Linear {
  readonly weight: Parameter
  readonly bias: Parameter

  constructor(inputs: number, outputs: number) {
    this.weight = new Parameter([outputs, inputs], defaultInitial(inputs))
    this.bias = new Parameter([outputs], defaultInitial(inputs))
  }

  /** x: float32 [..., in] to [..., out]. */
  forward(x: Tensor): Tensor {
    const weight = x.graph.parameter(this.weight)
    return add(matmul(x, transpose(weight, [1, 0])), this.bias)
  }
}

/** Linear layers with ReLU between them and none after the last. Keys: layers.{i}.weight, layers.{i}.bias. */
export class Mlp {
  readonly layers: readonly Linear[]

  /** @param widths sizes from input to output: [256, 256, 256, 4] makes three layers. */
  constructor(widths: readonly number[]) {
    this.layers = widths.slice(1).map((width, i) => new Linear(widths[i]!, width))
  }

  /** x: float32 [..., widths[0]] to [..., last width]. */
  forward(x: Tensor): Tensor {
    return this.layers.reduce((hidden, layer, i) => layer.forward(i === 0 ? hidden : relu(hidden)), x)
  }
}
