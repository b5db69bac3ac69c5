/**
 * @file The encoders that RT-DETR's paper compares with its own (arXiv:2304.08069, §4.2, Figure 3 and Table 3: A to D; E is
 * `HybridEncoder`). The paper gives parameters in millions (A 31, B 32, C 32, D and D_S5 35) and leaves open what is chosen here:
 *
 * - every level is projected by a 1×1 convolution and a batch norm, as in E, also in A, whose encoder is nothing else;
 * - the transformer layer is AIFI's, its positions those of the level; C, one layer on the tokens of all levels together, has no
 *   embedding of the level and, as B has as many parameters, no layer within levels before it;
 * - the PANet of D adds maps up, and has a 3×3 convolution with batch norm and SiLU on each way, up and down.
 */
import type { Tensor } from '../../graph/index.js'
import { BatchNorm2d, Conv2d, ConvNorm, gelu, type LevelSize, mapsOf, silu, tokensOf } from '../../nn/index.js'
import { add, concat, resizeNearest } from '../../ops/index.js'
import { TransformerEncoder } from '../detr/index.js'
import { attendWithinLevel, axisPositions } from './hybrid-encoder.js'

/** Which encoder of Table 3, as what happens within levels and between them. */
export interface EncoderVariantConfig {
  readonly kind: 'variant'
  /** Where a transformer layer, one for all, mixes the tokens of a level. */
  readonly withinLevels: 'none' | 'every' | 'coarsest'
  /** How levels hear of each other: not at all, by a transformer layer on all tokens, by a PANet. */
  readonly betweenLevels: 'none' | 'attention' | 'pan'
  readonly hiddenDim: number
  readonly heads: number
  readonly feedforwardDim: number
}

const shared = { kind: 'variant', hiddenDim: 256, heads: 8, feedforwardDim: 1024 } as const

/** A to D_S5 by their names in the paper. */
export const encoderVariants: Readonly<Record<'A' | 'B' | 'C' | 'D' | 'D_S5', EncoderVariantConfig>> = {
  A: { ...shared, withinLevels: 'none', betweenLevels: 'none' },
  B: { ...shared, withinLevels: 'every', betweenLevels: 'none' },
  C: { ...shared, withinLevels: 'none', betweenLevels: 'attention' },
  D: { ...shared, withinLevels: 'every', betweenLevels: 'pan' },
  D_S5: { ...shared, withinLevels: 'coarsest', betweenLevels: 'pan' },
}

/** Three levels in, three levels of equal channels out. */
export class VariantEncoder {
  readonly inputProj: readonly (readonly [Conv2d, BatchNorm2d])[]
  readonly encoder?: TransformerEncoder
  readonly downward?: readonly ConvNorm[]
  readonly upward?: readonly ConvNorm[]
  readonly config: EncoderVariantConfig

  constructor(channels: readonly number[], config: EncoderVariantConfig) {
    const { hiddenDim, withinLevels, betweenLevels } = config
    this.config = config
    this.inputProj = channels.map((inputs) => [
      new Conv2d(inputs, hiddenDim, 1, { bias: false }),
      new BatchNorm2d(hiddenDim),
    ])
    if (withinLevels !== 'none' || betweenLevels === 'attention') {
      this.encoder = new TransformerEncoder(1, { ...config, dropout: 0, activation: gelu })
    }
    if (betweenLevels !== 'pan') return
    const steps = channels.slice(1)
    this.downward = steps.map(() => new ConvNorm(hiddenDim, hiddenDim, 3, { activation: silu }))
    this.upward = steps.map(() => new ConvNorm(hiddenDim, hiddenDim, 3, { stride: 2, activation: silu }))
  }

  /** Shapes as in `HybridEncoder`. */
  forward(features: readonly Tensor[]): readonly Tensor[] {
    const { withinLevels, betweenLevels } = this.config
    const levels = features.map((feature, level) => {
      const [conv, norm] = this.inputProj[level]!
      const projected = norm.forward(conv.forward(feature))
      const isMixed = withinLevels === 'every' || (withinLevels === 'coarsest' && level === features.length - 1)
      return isMixed ? attendWithinLevel(this.encoder!, projected) : projected
    })
    if (betweenLevels === 'attention') return this.#amongAll(levels)
    return betweenLevels === 'pan' ? this.#pan(levels) : levels
  }

  /** One transformer layer on the tokens of all levels together. */
  #amongAll(levels: readonly Tensor[]): readonly Tensor[] {
    const { hiddenDim } = this.config
    const sizes = levels.map(({ shape }) => shape.slice(2) as unknown as LevelSize)
    const positions = sizes.map(([height, width], i) =>
      levels[i]!.graph.constant(axisPositions(height, width, hiddenDim)),
    )
    return mapsOf(this.encoder!.forward(tokensOf(levels), concat(positions, 1)), sizes)
  }

  #pan(levels: readonly Tensor[]): readonly Tensor[] {
    const down = [levels.at(-1)!]
    for (const [step, level] of levels.slice(0, -1).reverse().entries()) {
      const [, , height, width] = level.shape as readonly number[]
      const sum = add(level, resizeNearest(down[0]!, height!, width!))
      down.unshift(this.downward![step]!.forward(sum))
    }
    const up = [down[0]!]
    for (const [step, level] of down.slice(1).entries()) up.push(add(level, this.upward![step]!.forward(up.at(-1)!)))
    return up
  }
}
