/**
 * @file DETR: End-to-End Object Detection with Transformers (arXiv:2005.12872; checked against facebookresearch/detr
 * 29901c5). One image's features become tokens, learned object queries read them, every query predicts one object or
 * none. The criterion is a separate export, so that inference carries no losses.
 */
import { ResNet, type ResNetConfig } from '../../backbones/index.js'
import { type Dim, multiplyDims, type Tensor } from '../../graph/index.js'
import {
  Conv2d,
  defineModule,
  Embedding,
  Linear,
  Mlp,
  paddingBias,
  SinePositionEncoding,
  shrinkMask,
  tokensOfMap,
} from '../../nn/index.js'
import { add, expand, fill, reshape, sigmoid, unsqueeze } from '../../ops/index.js'
import type { SetPrediction } from '../model.js'
import { Transformer } from './transformer.js'

/** The sizes that make a DETR. */
export interface DetrConfig {
  readonly backbone: ResNetConfig
  readonly hiddenDim: number
  readonly heads: number
  readonly feedforwardDim: number
  readonly encoderLayers: number
  readonly decoderLayers: number
  /** Rate of every dropout in training; inference has none. */
  readonly dropout: number
  /** Object queries: the largest number of objects that one image can have. */
  readonly queries: number
  /** Classes that an object can have; the class head has one output more, the last one, for "no object". */
  readonly classes: number
  /**
   * Where positions and object queries go: into queries and keys of every `attention`, as published and unless said, or at the
   * `input` as well, where they become part of the tokens (Table 3 tells of both places). Values then know where they are.
   * Blood cells from nothing, 900 steps: AP50 0.08, and 0.03 without.
   */
  readonly positions?: 'attention' | 'input'
}

/** §4: the base configuration, with COCO's sparse category ids 0..90 as classes. */
export const detrR50: DetrConfig = {
  backbone: { depth: 50 },
  hiddenDim: 256,
  heads: 8,
  feedforwardDim: 2048,
  encoderLayers: 6,
  decoderLayers: 6,
  dropout: 0.1,
  queries: 100,
  classes: 91,
}

/** The network. Keys are the official checkpoint's, but for `backbone.`, which is `backbone.0.body.` there. */
export class Detr {
  readonly backbone: ResNet
  readonly inputProj: Conv2d
  readonly transformer: Transformer
  readonly queryEmbed: Embedding
  readonly classEmbed: Linear
  readonly bboxEmbed: Mlp
  /** Has no parameters, hence no keys. */
  readonly positionEncoding: SinePositionEncoding
  readonly positions: 'attention' | 'input'

  constructor(config: DetrConfig) {
    const { hiddenDim } = config
    this.backbone = new ResNet(config.backbone)
    this.inputProj = new Conv2d(this.backbone.channels.at(-1)!, hiddenDim, 1)
    this.transformer = new Transformer(config.encoderLayers, config.decoderLayers, config)
    this.queryEmbed = new Embedding(config.queries, hiddenDim)
    this.classEmbed = new Linear(hiddenDim, config.classes + 1)
    this.bboxEmbed = new Mlp([hiddenDim, hiddenDim, hiddenDim, 4])
    this.positionEncoding = new SinePositionEncoding({ featuresPerAxis: hiddenDim / 2, temperature: 10000 })
    this.positions = config.positions ?? 'attention'
    defineModule(this)
  }

  /**
   * @param pixelValues float32 [batch, 3, height, width]: normalised, zero where padded
   * @param paddingMask bool [batch, height, width], true = padding
   * @returns one prediction per decoder layer, first to last: logits float32 [batch, queries, classes + 1] and boxes
   *   float32 [batch, queries, 4], cxcywh as fractions of the image without its padding
   */
  forward(pixelValues: Tensor, paddingMask: Tensor): SetPrediction[] {
    const features = this.inputProj.forward(this.backbone.forward(pixelValues).at(-1)!)
    const [batch, hiddenDim, height, width] = features.shape as [Dim, number, Dim, Dim]
    const tokenCount = multiplyDims(height, width)
    const tokens = tokensOfMap(features)

    const featureMask = shrinkMask(paddingMask, height, width)
    const positions = this.positionEncoding.forward(featureMask)
    const keyBias = paddingBias(reshape(featureMask, [batch, tokenCount]))

    const atInput = this.positions === 'input'

    const memory = this.transformer.encoder.forward(atInput ? add(tokens, positions) : tokens, positions, keyBias)
    const objectQueries = this.queryEmbed.forward(pixelValues)
    const [queries] = objectQueries.shape
    const queryPositions = expand(unsqueeze(objectQueries, [0]), [batch, queries!, hiddenDim])
    const found = atInput ? queryPositions : fill(pixelValues, [batch, queries!, hiddenDim], 0)
    return this.transformer.decoder.forward(found, queryPositions, memory, positions, keyBias).map((hidden) => ({
      logits: this.classEmbed.forward(hidden),
      boxes: sigmoid(this.bboxEmbed.forward(hidden)),
    }))
  }
}
