/**
 * @file RT-DETR's decoder (arXiv:2304.08069, §4.1; checked against lyuwenyu/RT-DETR 068dfde): queries selected from the encoder,
 * each layer refining the boxes of the one before (Deformable DETR), gradients through two layers (DINO's look-forward-twice).
 */
import type { Tensor } from '../../graph/index.js'
import {
  ConvNorm,
  Embedding,
  inverseSigmoid,
  LayerNorm,
  type LevelSize,
  Linear,
  Mlp,
  MultiheadAttention,
  tokensOf,
  xavierUniform,
  zerosInitial,
} from '../../nn/index.js'
import { add, concat, relu, sigmoid, stopGradient, unsqueeze } from '../../ops/index.js'
import { DeformableAttention, type DeformableAttentionOptions, type Memory } from '../deformable-detr/index.js'
import type { SetPrediction } from '../model.js'
import { type ImageMemory, type SelectedQueries, selectQueries } from './query-selection.js'

/** Sizes of the decoder. */
export interface RtDetrDecoderConfig {
  /** Channels of memory and queries: 256 in all published models, whatever the encoder has. */
  readonly hiddenDim: number
  readonly heads: number
  readonly feedforwardDim: number
  /** Layers that are trained. */
  readonly layers: number
  /** Layers that detection runs: any number from 1 on; all unless said. */
  readonly layersUsed?: number
  /** Points that a head reads on each level. */
  readonly points: readonly number[]
  readonly sampling?: DeformableAttentionOptions['sampling']
  readonly queries: number
  readonly classes: number
}

/** Self-attention, deformable attention to the image, feed-forward; a norm after each. Keys: self_attn, cross_attn, linear1, linear2, norm1 … norm3. */
export class RtDetrDecoderLayer {
  readonly selfAttn: MultiheadAttention
  readonly norm1: LayerNorm
  readonly crossAttn: DeformableAttention
  readonly norm2: LayerNorm
  readonly linear1: Linear
  readonly linear2: Linear
  readonly norm3: LayerNorm

  constructor({ hiddenDim, heads, feedforwardDim, points, sampling = 'bilinear' }: RtDetrDecoderConfig) {
    this.selfAttn = new MultiheadAttention(hiddenDim, heads)
    this.norm1 = new LayerNorm(hiddenDim)
    this.crossAttn = new DeformableAttention({ channels: hiddenDim, heads, points, sampling })
    this.norm2 = new LayerNorm(hiddenDim)
    this.linear1 = new Linear(hiddenDim, feedforwardDim)
    this.linear2 = new Linear(feedforwardDim, hiddenDim)
    this.norm3 = new LayerNorm(hiddenDim)
  }

  /**
   * @param content float32 [batch, queries, hiddenDim]
   * @param positions float32 [batch, queries, hiddenDim]
   * @param references float32 [batch, queries, 4]: cxcywh
   * @param queryBias float32, broadcast to [batch, heads, queries, queries]: large and negative where a query must not see another
   */
  forward(content: Tensor, positions: Tensor, references: Tensor, memory: Memory, queryBias?: Tensor): Tensor {
    const placed = add(content, positions)
    const discussed = this.norm1.forward(add(content, this.selfAttn.forward(placed, placed, content, queryBias)))
    const looked = this.crossAttn.forward(add(discussed, positions), unsqueeze(references, [2]), memory)
    const informed = this.norm2.forward(add(discussed, looked))
    return this.norm3.forward(add(informed, this.linear2.forward(relu(this.linear1.forward(informed)))))
  }
}

/** The layers, under the name that official checkpoints give them. */
class DecoderLayers {
  readonly layers: readonly RtDetrDecoderLayer[]

  constructor(config: RtDetrDecoderConfig) {
    this.layers = Array.from({ length: config.layers }, () => new RtDetrDecoderLayer(config))
  }
}

/** Queries that training adds, whose objects are known (see `RtDetr.supervised`). */
export interface ExtraQueries {
  /** float32 [batch, extra, hiddenDim] */
  readonly content: Tensor
  /** float32 [batch, extra, 4]: boxes before the sigmoid */
  readonly boxLogits: Tensor
  /** float32 [1, 1, extra + queries, extra + queries]: who may see whom */
  readonly bias: Tensor
}

/** The encoder's maps in, predictions of every layer out. */
export class RtDetrDecoder {
  readonly inputProj: readonly ConvNorm[]
  readonly decoder: DecoderLayers
  /** One row per class, and one for places of a group that no object fills. */
  readonly denoisingClassEmbed: Embedding
  readonly queryPosHead: Mlp
  readonly encOutput: readonly [Linear, LayerNorm]
  readonly encScoreHead: Linear
  readonly encBboxHead: Mlp
  readonly decScoreHead: readonly Linear[]
  readonly decBboxHead: readonly Mlp[]
  readonly config: RtDetrDecoderConfig

  constructor(inputs: readonly number[], config: RtDetrDecoderConfig) {
    const { hiddenDim, layers, classes } = config
    const scoreHead = (): Linear => priorHead(hiddenDim, classes)
    const boxHead = (): Mlp => refiningHead(hiddenDim)
    this.config = config
    this.inputProj = inputs.map((channels) => new ConvNorm(channels, hiddenDim, 1))
    this.decoder = new DecoderLayers(config)
    this.denoisingClassEmbed = new Embedding(classes + 1, hiddenDim)
    this.denoisingClassEmbed.weight.initialization = { kind: 'normal', deviation: 1, zeroFrom: classes * hiddenDim }
    this.queryPosHead = new Mlp([4, 2 * hiddenDim, hiddenDim])
    this.encOutput = [new Linear(hiddenDim, hiddenDim), new LayerNorm(hiddenDim)]
    this.encScoreHead = scoreHead()
    this.encBboxHead = boxHead()
    this.decScoreHead = Array.from({ length: layers }, scoreHead)
    this.decBboxHead = Array.from({ length: layers }, boxHead)
    for (const { weight } of [this.encOutput[0], ...this.queryPosHead.layers]) {
      weight.initialization = xavierUniform(weight.shape)
    }
  }

  /** The encoder's maps [batch, channels, height, width], finest level first, as what queries read. */
  remember(features: readonly Tensor[]): ImageMemory {
    const sizes = features.map(({ shape }) => shape.slice(2) as unknown as LevelSize)
    const maps = features.map((feature, level) => this.inputProj[level]!.forward(feature))
    return { tokens: tokensOf(maps), maps, sizes }
  }

  /** The queries of an image. */
  select(memory: ImageMemory): SelectedQueries {
    const { encOutput: output, encScoreHead: score, encBboxHead: box } = this
    return selectQueries(memory, this.config.queries, { output, score, box })
  }

  /**
   * Runs the layers on selected queries, behind extra ones where there are any.
   * @returns what every layer says of all queries
   */
  refine(selected: SelectedQueries, memory: Memory, layers: number, extra?: ExtraQueries): SetPrediction[] {
    const behind = (front: Tensor | undefined, own: Tensor): Tensor =>
      front === undefined ? own : concat([front, own], 1)
    let content = behind(extra?.content, stopGradient(selected.content))
    // What a layer starts from is a constant to it; what it is compared with lets the layer before learn, too.
    let references = sigmoid(behind(extra?.boxLogits, stopGradient(selected.boxLogits)))
    let undetached = references
    return this.decoder.layers.slice(0, layers).map((layer, i) => {
      const positions = this.queryPosHead.forward(references)
      content = layer.forward(content, positions, references, memory, extra?.bias)
      const step = this.decBboxHead[i]!.forward(content)
      const refined = sigmoid(add(step, inverseSigmoid(references)))
      const twice = content.graph.training && i > 0
      const boxes = twice ? sigmoid(add(step, inverseSigmoid(undetached))) : refined
      undetached = refined
      references = stopGradient(refined)
      return { logits: this.decScoreHead[i]!.forward(content), boxes }
    })
  }
}

/** A head whose first probabilities are 1 %, so that the many negatives do not drown the rest (RetinaNet, §4.1). */
function priorHead(channels: number, classes: number): Linear {
  const head = new Linear(channels, classes)
  head.bias.initialization = { kind: 'constant', value: -Math.log(99) }
  return head
}

/** A head that starts by changing nothing. */
function refiningHead(channels: number): Mlp {
  const head = new Mlp([channels, channels, channels, 4])
  const last = head.layers.at(-1)!
  last.weight.initialization = zerosInitial
  last.bias.initialization = zerosInitial
  return head
}
