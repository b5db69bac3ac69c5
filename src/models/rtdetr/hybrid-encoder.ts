/**
 * @file RT-DETR's efficient hybrid encoder (arXiv:2304.08069, §4.2, Figures 4 and 5; checked against lyuwenyu/RT-DETR 068dfde):
 * attention within the coarsest level alone (AIFI), then convolutions that fuse the levels, down and up again (CCFF).
 */
import type { Dim, Tensor } from '../../graph/index.js'
import { BatchNorm2d, Conv2d, ConvNorm, gelu, mapOfTokens, silu, tokensOfMap } from '../../nn/index.js'
import { add, concat, resizeNearest } from '../../ops/index.js'
import { ConfigError, type TensorData } from '../../tensor/index.js'
import { TransformerEncoder } from '../detr/index.js'

/** Sizes of the encoder. */
export interface HybridEncoderConfig {
  readonly kind: 'hybrid'
  /** Channels of every level: 256, or 384 and 512 in the larger models. */
  readonly hiddenDim: number
  readonly heads: number
  /** Of AIFI's feed-forward network. */
  readonly feedforwardDim: number
  /** Layers of AIFI. */
  readonly layers: number
  /** Width of the fusion blocks' insides as a share of `hiddenDim`. */
  readonly expansion: number
  /** RepVGG blocks in a fusion block. */
  readonly blocks: number
}

/** RepVGG (arXiv:2101.03697) without its identity: a 3×3 and a 1×1 convolution side by side, one convolution once folded. */
export class RepVggBlock {
  readonly conv1: ConvNorm
  readonly conv2: ConvNorm

  constructor(channels: number) {
    this.conv1 = new ConvNorm(channels, channels, 3)
    this.conv2 = new ConvNorm(channels, channels, 1)
  }

  /** x: float32 [batch, channels, height, width], same shape out. */
  forward(x: Tensor): Tensor {
    return silu(add(this.conv1.forward(x), this.conv2.forward(x)))
  }
}

/** The fusion block: two 1×1 convolutions, one followed by RepVGG blocks, added up. */
export class CspRepLayer {
  readonly conv1: ConvNorm
  readonly conv2: ConvNorm
  readonly bottlenecks: readonly RepVggBlock[]
  readonly conv3?: ConvNorm

  constructor(inputs: number, outputs: number, blocks: number, expansion: number) {
    const hidden = Math.floor(outputs * expansion)
    this.conv1 = new ConvNorm(inputs, hidden, 1, { activation: silu })
    this.conv2 = new ConvNorm(inputs, hidden, 1, { activation: silu })
    this.bottlenecks = Array.from({ length: blocks }, () => new RepVggBlock(hidden))
    if (hidden !== outputs) this.conv3 = new ConvNorm(hidden, outputs, 1, { activation: silu })
  }

  /** x: float32 [batch, inputs, height, width] to [batch, outputs, height, width]. */
  forward(x: Tensor): Tensor {
    const deep = this.bottlenecks.reduce((hidden, block) => block.forward(hidden), this.conv1.forward(x))
    const sum = add(deep, this.conv2.forward(x))
    return this.conv3 === undefined ? sum : this.conv3.forward(sum)
  }
}

/** Three levels in, three levels of equal channels out. */
export class HybridEncoder {
  readonly inputProj: readonly (readonly [Conv2d, BatchNorm2d])[]
  /** AIFI; official checkpoints list one encoder per level that has one. */
  readonly encoder: readonly TransformerEncoder[]
  readonly lateralConvs: readonly ConvNorm[]
  readonly fpnBlocks: readonly CspRepLayer[]
  readonly downsampleConvs: readonly ConvNorm[]
  readonly panBlocks: readonly CspRepLayer[]
  readonly hiddenDim: number

  constructor(channels: readonly number[], config: HybridEncoderConfig) {
    const { hiddenDim, layers, expansion, blocks } = config
    this.hiddenDim = hiddenDim
    this.inputProj = channels.map((inputs) => [
      new Conv2d(inputs, hiddenDim, 1, { bias: false }),
      new BatchNorm2d(hiddenDim),
    ])
    this.encoder = [new TransformerEncoder(layers, { ...config, dropout: 0, activation: gelu })]
    const steps = channels.slice(1)
    const fusion = (): CspRepLayer => new CspRepLayer(2 * hiddenDim, hiddenDim, blocks, expansion)
    this.lateralConvs = steps.map(() => new ConvNorm(hiddenDim, hiddenDim, 1, { activation: silu }))
    this.fpnBlocks = steps.map(fusion)
    this.downsampleConvs = steps.map(() => new ConvNorm(hiddenDim, hiddenDim, 3, { stride: 2, activation: silu }))
    this.panBlocks = steps.map(fusion)
  }

  /**
   * @param features float32 [batch, channels, height, width] per level, finest first, each twice as fine as the next
   * @returns float32 [batch, hiddenDim, height, width] per level
   * @throws ConfigError when a level is not twice as fine as the next.
   */
  forward(features: readonly Tensor[]): readonly Tensor[] {
    const projected = features.map((feature, level) => {
      const [conv, norm] = this.inputProj[level]!
      return norm.forward(conv.forward(feature))
    })
    const coarsest = projected.pop()!
    const attended = this.encoder.reduce((map, encoder) => attendWithinLevel(encoder, map), coarsest)
    const down = this.#topDown(attended, projected)
    const outputs = [down[0]!]
    for (const [step, high] of down.slice(1).entries()) {
      const reduced = this.downsampleConvs[step]!.forward(outputs.at(-1)!)
      outputs.push(this.panBlocks[step]!.forward(concat([reduced, high], 1)))
    }
    return outputs
  }

  /** From coarse to fine. @returns finest first; the coarser ones are what the lateral convolutions made of them */
  #topDown(coarsest: Tensor, finer: readonly Tensor[]): readonly Tensor[] {
    let high = coarsest
    const laterals: Tensor[] = []
    for (const [step, low] of [...finer].reverse().entries()) {
      const lateral = this.lateralConvs[step]!.forward(high)
      laterals.unshift(lateral)
      const [, , height, width] = low.shape as readonly number[]
      requireHalf(lateral.shape as readonly number[], low.shape as readonly number[])
      high = this.fpnBlocks[step]!.forward(concat([resizeNearest(lateral, height!, width!), low], 1))
    }
    return [high, ...laterals]
  }
}

/** AIFI: attention among the tokens of one level. feature: float32 [batch, channels, height, width], same shape out. */
export function attendWithinLevel(encoder: TransformerEncoder, feature: Tensor): Tensor {
  const [, channels, height, width] = feature.shape as [Dim, number, number, number]
  const positions = feature.graph.constant(axisPositions(height, width, channels))
  return mapOfTokens(encoder.forward(tokensOfMap(feature), positions), [height, width])
}

function requireHalf(coarse: readonly number[], fine: readonly number[]): void {
  if (2 * coarse[2]! === fine[2] && 2 * coarse[3]! === fine[3]) return
  throw new ConfigError({
    where: 'HybridEncoder',
    expected: 'an input whose height and width are multiples of 32',
    got: `levels of ${fine.slice(2).join('×')} and ${coarse.slice(2).join('×')}`,
  })
}

/**
 * Positions of a feature map, [1, height·width, channels]: sines and cosines of the row, then those of the column, at wavelengths
 * up to 10,000. Rows and columns are counted from 0.
 */
export function axisPositions(height: number, width: number, channels: number): TensorData<'float32'> {
  const quarter = channels / 4
  const data = new Float32Array(height * width * channels)
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const start = (row * width + column) * channels
      for (let i = 0; i < quarter; i++) {
        const frequency = 10000 ** (-i / quarter)
        data[start + i] = Math.sin(row * frequency)
        data[start + quarter + i] = Math.cos(row * frequency)
        data[start + 2 * quarter + i] = Math.sin(column * frequency)
        data[start + 3 * quarter + i] = Math.cos(column * frequency)
      }
    }
  }
  return { dtype: 'float32', shape: [1, height * width, channels], data }
}
