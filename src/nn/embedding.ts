/** @file Learned tables. */
import { Parameter, type Tensor } from '../graph/index.js'

/** A table of learned rows. Key: weight [rows, channels]. */
export class Embedding {
  readonly weight: Parameter

  constructor(rows: number, channels: number) {
    this.weight = new Parameter([rows, channels], { kind: 'normal', deviation: 1 })
  }

  /** The whole table, float32 [rows, channels], in the graph of `like`. */
  forward(like: Tensor): Tensor {
    return like.graph.parameter(this.weight)
  }
}
