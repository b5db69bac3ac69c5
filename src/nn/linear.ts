/** @file Fully connected layers. */
import { Parameter, type Tensor } from '../graph/index.js'
import { conv2d, gemmTransposed, type Operand, relu, reshape, unsqueeze } from '../ops/index.js'
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
    return linear(x, this.weight, this.bias)
  }

  /** The same over the channels of a map: float32 [batch, in, height, width] to [batch, out, height, width]. */
  overMap(x: Tensor): Tensor {
    return conv2d(x, unsqueeze(x.graph.parameter(this.weight), [2, 3]), this.bias)
  }
}

/** y = x·Wᵀ + b over the last axis, as one product of matrices whose rows are all the leading axes together. */
export function linear(x: Tensor, weight: Operand, bias: Operand): Tensor {
  const inputs = x.shape.at(-1)!
  const rows = x.shape.length === 2 ? x : reshape(x, [-1, inputs])
  const product = gemmTransposed(rows, weight, bias)
  return x.shape.length === 2 ? product : reshape(product, [...x.shape.slice(0, -1), product.shape[1]!])
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
