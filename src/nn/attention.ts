/** @file Multi-head attention (Attention Is All You Need, arXiv:1706.03762, §3.2), in PyTorch's packed form. */
import { type Dim, Parameter, type Tensor } from '../graph/index.js'
import { add, matmul, mul, reshape, softmax, split, transpose } from '../ops/index.js'
import { dropout } from './dropout.js'
import { xavierUniform, zerosInitial } from './initialization.js'
import { Linear, linear } from './linear.js'

/** Keys: in_proj_weight [3·channels, channels] with rows q, k, v; in_proj_bias [3·channels]; out_proj.weight, out_proj.bias. */
export class MultiheadAttention {
  readonly inProjWeight: Parameter
  readonly inProjBias: Parameter
  readonly outProj: Linear
  readonly heads: number
  /** Share of attention weights that training drops. */
  readonly dropout: number

  constructor(channels: number, heads: number, dropout = 0) {
    this.inProjWeight = new Parameter([3 * channels, channels], xavierUniform([3 * channels, channels]))
    this.inProjBias = new Parameter([3 * channels], zerosInitial)
    this.outProj = new Linear(channels, channels)
    this.outProj.bias.initialization = zerosInitial
    this.heads = heads
    this.dropout = dropout
  }

  /**
   * @param query float32 [batch, queries, channels]
   * @param key float32 [batch, tokens, channels]
   * @param value float32 [batch, tokens, channels]
   * @param keyBias float32, broadcast to [batch, heads, queries, tokens], added to the logits: large and negative where
   *   a key must not be seen (see `paddingBias`).
   * @returns float32 [batch, queries, channels]
   */
  forward(query: Tensor, key: Tensor, value: Tensor, keyBias?: Tensor): Tensor {
    const channels = this.inProjWeight.shape[1]!
    const thirds = [channels, channels, channels]
    const weights = split(query.graph.parameter(this.inProjWeight), thirds, 0)
    const biases = split(query.graph.parameter(this.inProjBias), thirds, 0)
    const project = (x: Tensor, i: number): Tensor => linear(x, weights[i]!, biases[i]!)

    const headDim = channels / this.heads
    const q = this.#splitHeads(mul(project(query, 0), headDim ** -0.5)) // [batch, heads, queries, headDim]
    const k = this.#splitHeads(project(key, 1))
    const v = this.#splitHeads(project(value, 2))
    const logits = matmul(q, transpose(k, [0, 1, 3, 2])) // [batch, heads, queries, tokens]
    const probabilities = softmax(keyBias === undefined ? logits : add(logits, keyBias), -1)
    const kept = dropout(probabilities, this.dropout, 'weights')
    const mixed = transpose(matmul(kept, v), [0, 2, 1, 3]) // [batch, queries, heads, headDim]
    return this.outProj.forward(reshape(mixed, query.shape))
  }

  #splitHeads(x: Tensor): Tensor {
    const [batch, tokens, channels] = x.shape as [Dim, Dim, number]
    return transpose(reshape(x, [batch, tokens, this.heads, channels / this.heads]), [0, 2, 1, 3])
  }
}
