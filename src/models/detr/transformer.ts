/**
 * @file DETR's transformer (arXiv:2005.12872, §3.2 and supplement A.3; checked against facebookresearch/detr 29901c5):
 * post-norm, positions added to queries and keys of every attention but never to values.
 */
import type { Tensor } from '../../graph/index.js'
import { dropout, LayerNorm, Linear, MultiheadAttention, parametersOf, xavierUniform } from '../../nn/index.js'
import { add, relu } from '../../ops/index.js'

/** Sizes that encoder and decoder share. */
export interface TransformerSizes {
  readonly hiddenDim: number
  readonly heads: number
  readonly feedforwardDim: number
  /** Rate of every dropout in training. */
  readonly dropout: number
  /** Between the two linear layers of the encoder's feed-forward networks; ReLU unless said. */
  readonly activation?: (x: Tensor) => Tensor
}

/** Self-attention and a feed-forward network, a norm after each. */
export class TransformerEncoderLayer {
  readonly selfAttn: MultiheadAttention
  readonly linear1: Linear
  readonly linear2: Linear
  readonly norm1: LayerNorm
  readonly norm2: LayerNorm
  readonly dropout: number
  readonly activation: (x: Tensor) => Tensor

  constructor({ hiddenDim, heads, feedforwardDim, dropout, activation = relu }: TransformerSizes) {
    this.dropout = dropout
    this.activation = activation
    this.selfAttn = new MultiheadAttention(hiddenDim, heads, dropout)
    this.linear1 = new Linear(hiddenDim, feedforwardDim)
    this.linear2 = new Linear(feedforwardDim, hiddenDim)
    this.norm1 = new LayerNorm(hiddenDim)
    this.norm2 = new LayerNorm(hiddenDim)
  }

  /**
   * @param tokens float32 [batch, tokens, hiddenDim]
   * @param positions float32 [batch, tokens, hiddenDim]
   * @param keyBias float32 [batch, 1, 1, tokens], see `paddingBias`
   * @returns float32 [batch, tokens, hiddenDim]
   */
  forward(tokens: Tensor, positions: Tensor, keyBias?: Tensor): Tensor {
    const placed = add(tokens, positions)
    const mixed = this.selfAttn.forward(placed, placed, tokens, keyBias)
    const attended = this.norm1.forward(add(tokens, dropout(mixed, this.dropout, 'dropout1')))
    const hidden = dropout(this.activation(this.linear1.forward(attended)), this.dropout, 'dropout')
    return this.norm2.forward(add(attended, dropout(this.linear2.forward(hidden), this.dropout, 'dropout2')))
  }
}

/** Self-attention of the queries, attention to the image, feed-forward; a norm after each. */
export class TransformerDecoderLayer {
  readonly selfAttn: MultiheadAttention
  readonly multiheadAttn: MultiheadAttention
  readonly linear1: Linear
  readonly linear2: Linear
  readonly norm1: LayerNorm
  readonly norm2: LayerNorm
  readonly norm3: LayerNorm
  readonly dropout: number

  constructor({ hiddenDim, heads, feedforwardDim, dropout }: TransformerSizes) {
    this.dropout = dropout
    this.selfAttn = new MultiheadAttention(hiddenDim, heads, dropout)
    this.multiheadAttn = new MultiheadAttention(hiddenDim, heads, dropout)
    this.linear1 = new Linear(hiddenDim, feedforwardDim)
    this.linear2 = new Linear(feedforwardDim, hiddenDim)
    this.norm1 = new LayerNorm(hiddenDim)
    this.norm2 = new LayerNorm(hiddenDim)
    this.norm3 = new LayerNorm(hiddenDim)
  }

  /**
   * @param content float32 [batch, queries, hiddenDim]: what the queries have found so far
   * @param queryPositions float32 [batch, queries, hiddenDim]: the learned object queries
   * @param memory float32 [batch, tokens, hiddenDim]: the encoder's output
   * @param memoryKeys float32 [batch, tokens, hiddenDim]: memory plus positions
   * @param keyBias float32 [batch, 1, 1, tokens], see `paddingBias`
   * @returns float32 [batch, queries, hiddenDim]
   */
  forward(content: Tensor, queryPositions: Tensor, memory: Tensor, memoryKeys: Tensor, keyBias: Tensor): Tensor {
    const placed = add(content, queryPositions)
    const exchanged = this.selfAttn.forward(placed, placed, content)
    const discussed = this.norm1.forward(add(content, dropout(exchanged, this.dropout, 'dropout1')))
    const looked = this.multiheadAttn.forward(add(discussed, queryPositions), memoryKeys, memory, keyBias)
    const informed = this.norm2.forward(add(discussed, dropout(looked, this.dropout, 'dropout2')))
    const hidden = dropout(relu(this.linear1.forward(informed)), this.dropout, 'dropout')
    return this.norm3.forward(add(informed, dropout(this.linear2.forward(hidden), this.dropout, 'dropout3')))
  }
}

/** Encoder layers; no norm after the last. */
export class TransformerEncoder {
  readonly layers: readonly TransformerEncoderLayer[]

  constructor(layers: number, sizes: TransformerSizes) {
    this.layers = Array.from({ length: layers }, () => new TransformerEncoderLayer(sizes))
  }

  /** Shapes as in `TransformerEncoderLayer`. */
  forward(tokens: Tensor, positions: Tensor, keyBias?: Tensor): Tensor {
    return this.layers.reduce((hidden, layer) => layer.forward(hidden, positions, keyBias), tokens)
  }
}

/** Decoder layers and the one norm that is applied to each layer's output, but not to what the next layer receives. */
export class TransformerDecoder {
  readonly layers: readonly TransformerDecoderLayer[]
  readonly norm: LayerNorm

  constructor(layers: number, sizes: TransformerSizes) {
    this.layers = Array.from({ length: layers }, () => new TransformerDecoderLayer(sizes))
    this.norm = new LayerNorm(sizes.hiddenDim)
  }

  /** Shapes as in `TransformerDecoderLayer`. @returns the normed output of every layer, first to last */
  forward(content: Tensor, queryPositions: Tensor, memory: Tensor, positions: Tensor, keyBias: Tensor): Tensor[] {
    const memoryKeys = add(memory, positions)
    const outputs: Tensor[] = []
    let hidden = content
    for (const layer of this.layers) {
      hidden = layer.forward(hidden, queryPositions, memory, memoryKeys, keyBias)
      outputs.push(this.norm.forward(hidden))
    }
    return outputs
  }
}

/** Encoder and decoder under the names that official checkpoints give them. */
export class Transformer {
  readonly encoder: TransformerEncoder
  readonly decoder: TransformerDecoder

  constructor(encoderLayers: number, decoderLayers: number, sizes: TransformerSizes) {
    this.encoder = new TransformerEncoder(encoderLayers, sizes)
    this.decoder = new TransformerDecoder(decoderLayers, sizes)
    for (const parameter of parametersOf(this)) {
      if (parameter.shape.length > 1) parameter.initialization = xavierUniform(parameter.shape)
    }
  }
}
