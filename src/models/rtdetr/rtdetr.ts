/**
 * @file RT-DETR: DETRs Beat YOLOs on Real-time Object Detection (arXiv:2304.08069; checked against lyuwenyu/RT-DETR 068dfde).
 * A backbone's three levels are fused by a hybrid encoder, whose best tokens become the decoder's queries. Its criterion is a
 * separate export, so that inference carries no losses.
 */
import { HgNetV2, type HgNetV2Config, ResNetVd, type ResNetVdConfig } from '../../backbones/index.js'
import type { Tensor } from '../../graph/index.js'
import { defineModule } from '../../nn/index.js'
import {
  cast,
  concat,
  equal,
  greaterOrEqual,
  matmul,
  rangeOf,
  sigmoid,
  slice,
  stopGradient,
  unsqueeze,
  where,
} from '../../ops/index.js'
import type { DenoisingInputs, SetPrediction, SupervisedPrediction } from '../model.js'
import { RtDetrDecoder, type RtDetrDecoderConfig } from './decoder.js'
import { type EncoderVariantConfig, VariantEncoder } from './encoder-variants.js'
import { HybridEncoder, type HybridEncoderConfig } from './hybrid-encoder.js'
import type { SelectedQueries } from './query-selection.js'

/** The sizes that make an RT-DETR. */
export interface RtDetrConfig {
  readonly backbone: ResNetVdConfig | HgNetV2Config
  readonly encoder: HybridEncoderConfig | EncoderVariantConfig
  readonly decoder: RtDetrDecoderConfig
}

/** With the paper's own encoder. */
export interface HybridRtDetrConfig extends RtDetrConfig {
  readonly encoder: HybridEncoderConfig
}

/** §5.1: ResNet-50, with COCO's 80 classes. */
export const rtdetrR50: HybridRtDetrConfig = {
  backbone: { kind: 'resnet-vd', depth: 50, norms: 'frozen' },
  encoder: { kind: 'hybrid', hiddenDim: 256, heads: 8, feedforwardDim: 1024, layers: 1, expansion: 1, blocks: 3 },
  decoder: {
    hiddenDim: 256,
    heads: 8,
    feedforwardDim: 1024,
    layers: 6,
    points: [4, 4, 4],
    queries: 300,
    classes: 80,
  },
}

/** A logit whose focal or varifocal loss, and its gradient, vanish. */
const SURELY_NOTHING = -50

/** The network. Keys are those of official PyTorch checkpoints (v1). */
export class RtDetr {
  readonly backbone: ResNetVd | HgNetV2
  readonly encoder: HybridEncoder | VariantEncoder
  readonly decoder: RtDetrDecoder

  constructor({ backbone, encoder, decoder }: RtDetrConfig) {
    this.backbone = backbone.kind === 'resnet-vd' ? new ResNetVd(backbone) : new HgNetV2(backbone)
    const { channels } = this.backbone
    this.encoder =
      encoder.kind === 'hybrid' ? new HybridEncoder(channels, encoder) : new VariantEncoder(channels, encoder)
    this.decoder = new RtDetrDecoder(
      this.backbone.channels.map(() => encoder.hiddenDim),
      decoder,
    )
    defineModule(this)
  }

  /**
   * @param pixelValues float32 [batch, 3, height, width]: 0..1; height and width are multiples of 32
   * @returns one prediction per decoder layer that detection uses: logits float32 [batch, queries, classes] and boxes float32
   *   [batch, queries, 4], cxcywh as fractions of the image
   */
  forward(pixelValues: Tensor): SetPrediction[] {
    return this.describe(pixelValues).layers
  }

  /** The predictions with the queries that they belong to. */
  describe(pixelValues: Tensor): { selected: SelectedQueries; layers: SetPrediction[] } {
    const memory = this.decoder.remember(this.encoder.forward(this.backbone.forward(pixelValues)))
    const selected = this.decoder.select(memory)
    const { layers, layersUsed = layers } = this.decoder.config
    return { selected, layers: this.decoder.refine(selected, memory, layersUsed) }
  }

  /** What training supervises: every layer (`''` the last), the encoder (`_enc`), and every layer's denoised queries (`_dn_0`, …). */
  supervised(pixelValues: Tensor, _paddingMask: Tensor, denoising?: DenoisingInputs): SupervisedPrediction[] {
    const memory = this.decoder.remember(this.encoder.forward(this.backbone.forward(pixelValues)))
    const selected = this.decoder.select(memory)
    const extra = denoising === undefined ? undefined : { ...denoising, content: this.#embedded(denoising.labels) }
    const predictions = this.decoder.refine(selected, memory, this.decoder.config.layers, extra)
    const known = denoising === undefined ? 0 : Number(denoising.labels.shape[1])
    const own = predictions.map(({ logits, boxes }, i): SupervisedPrediction => {
      const suffix = i === predictions.length - 1 ? '' : `_${i}`
      return { suffix, targets: 'matched', logits: slice(logits, 1, known), boxes: slice(boxes, 1, known) }
    })
    const encoder: SupervisedPrediction = {
      suffix: '_enc',
      targets: 'matched',
      logits: selected.logits,
      boxes: sigmoid(selected.boxLogits),
    }
    if (denoising === undefined) return [...own, encoder]
    const counts = unsqueeze(greaterOrEqual(denoising.labels, int32(denoising.labels, 0)), [2])
    const denoised = predictions.map(
      ({ logits, boxes }, i): SupervisedPrediction => ({
        suffix: `_dn_${i}`,
        targets: 'known',
        logits: where(counts, slice(logits, 1, 0, known), SURELY_NOTHING),
        boxes: slice(boxes, 1, 0, known),
      }),
    )
    return [...own, encoder, ...denoised]
  }

  /** Rows of the class table by label; the one for "no object" is looked up but not learned (padding_idx of the reference). */
  #embedded(labels: Tensor): Tensor {
    const { classes } = this.decoder.config
    const table = this.decoder.denoisingClassEmbed.forward(labels)
    const learned = concat([slice(table, 0, 0, classes), stopGradient(slice(table, 0, classes))], 0)
    const rows = cast(rangeOf(labels, classes + 1), 'int32')
    return matmul(cast(equal(unsqueeze(labels, [2]), rows), 'float32'), learned)
  }
}

function int32({ graph }: Tensor, value: number): Tensor {
  return graph.constant({ dtype: 'int32', shape: [], data: Int32Array.of(value) })
}
