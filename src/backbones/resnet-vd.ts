/**
 * @file ResNet-vd (Bag of Tricks, arXiv:1812.01187, §4: ResNet-D) as RT-DETR has it (lyuwenyu/RT-DETR 068dfde): a stem of three
 * 3×3 convolutions, and shortcuts that average before they project, so that no pixel is thrown away. Keys are RT-DETR's.
 */
import type { Tensor } from '../graph/index.js'
import { ConvNorm, type NormKind } from '../nn/index.js'
import { add, averagePool2d, maxPool2d, relu } from '../ops/index.js'
import { BLOCKS_OF_STAGES, type ResNetDepth } from './resnet-depths.js'

/** Which ResNet-vd. */
export interface ResNetVdConfig {
  readonly kind: 'resnet-vd'
  readonly depth: ResNetDepth
  /** `frozen` keeps the norms of pretrained weights as they are; `trained` learns them. */
  readonly norms: NormKind
  /** Channels of the first stage; 64 in the paper. The others double it, and bottlenecks have four times as many. */
  readonly width?: number
}

/** Three 3×3 convolutions, the first with stride 2. Keys: conv1_1, conv1_2, conv1_3. */
export class Stem {
  readonly conv1_1: ConvNorm
  readonly conv1_2: ConvNorm
  readonly conv1_3: ConvNorm

  constructor(width: number, norms: NormKind) {
    const options = { activation: relu, norms }
    this.conv1_1 = new ConvNorm(3, width / 2, 3, { ...options, stride: 2 })
    this.conv1_2 = new ConvNorm(width / 2, width / 2, 3, options)
    this.conv1_3 = new ConvNorm(width / 2, width, 3, options)
  }

  /** pixels: float32 [batch, 3, height, width] to [batch, width, ⌈height / 2⌉, ⌈width / 2⌉]. */
  forward(pixels: Tensor): Tensor {
    return this.conv1_3.forward(this.conv1_2.forward(this.conv1_1.forward(pixels)))
  }
}

/** Means of 2×2 pixels, projected. Its convolution stands one deeper in the keys than that of a plain shortcut. */
class PooledShortcut {
  readonly conv: ConvNorm

  constructor(inputs: number, outputs: number, norms: NormKind) {
    this.conv = new ConvNorm(inputs, outputs, 1, { norms })
  }

  forward(x: Tensor): Tensor {
    return this.conv.forward(averagePool2d(x, 2))
  }
}

/** Two 3×3 convolutions, or 1×1, 3×3, 1×1 where there is a third, and a shortcut, which the first block of a stage projects. */
export class Block {
  readonly branch2a: ConvNorm
  readonly branch2b: ConvNorm
  readonly branch2c?: ConvNorm
  readonly short?: ConvNorm | PooledShortcut

  constructor(inputs: number, width: number, stride: number, isFirst: boolean, isBottleneck: boolean, norms: NormKind) {
    const outputs = isBottleneck ? 4 * width : width
    const active = { activation: relu, norms }
    if (isBottleneck) {
      this.branch2a = new ConvNorm(inputs, width, 1, active)
      this.branch2b = new ConvNorm(width, width, 3, { ...active, stride })
      this.branch2c = new ConvNorm(width, outputs, 1, { norms })
    } else {
      this.branch2a = new ConvNorm(inputs, width, 3, { ...active, stride })
      this.branch2b = new ConvNorm(width, outputs, 3, { norms })
    }
    if (isFirst) {
      this.short =
        stride === 1 ? new ConvNorm(inputs, outputs, 1, { norms }) : new PooledShortcut(inputs, outputs, norms)
    }
  }

  /** x: float32 [batch, inputs, height, width] to [batch, outputs, ⌈height / stride⌉, ⌈width / stride⌉]. */
  forward(x: Tensor): Tensor {
    const hidden = this.branch2b.forward(this.branch2a.forward(x))
    const residual = this.branch2c === undefined ? hidden : this.branch2c.forward(hidden)
    return relu(add(residual, this.short === undefined ? x : this.short.forward(x)))
  }
}

/** The blocks of one size. */
class Stage {
  readonly blocks: readonly Block[]

  constructor(blocks: readonly Block[]) {
    this.blocks = blocks
  }

  forward(x: Tensor): Tensor {
    return this.blocks.reduce((hidden, block) => block.forward(hidden), x)
  }
}

/** Image to features at strides 8, 16 and 32. */
export class ResNetVd {
  readonly conv1: Stem
  readonly resLayers: readonly Stage[]
  /** Channels of each returned feature. */
  readonly channels: readonly number[]

  constructor({ depth, norms, width = 64 }: ResNetVdConfig) {
    const isBottleneck = depth >= 50
    const expansion = isBottleneck ? 4 : 1
    this.conv1 = new Stem(width, norms)
    this.resLayers = BLOCKS_OF_STAGES[depth].map((count, stage) => {
      const own = width * 2 ** stage
      const before = stage === 0 ? width : (own / 2) * expansion
      const blocks = Array.from({ length: count }, (_, i) => {
        const stride = i === 0 && stage > 0 ? 2 : 1
        return new Block(i === 0 ? before : own * expansion, own, stride, i === 0, isBottleneck, norms)
      })
      return new Stage(blocks)
    })
    this.channels = [2, 4, 8].map((factor) => factor * width * expansion)
  }

  /** x: float32 [batch, 3, height, width]. @returns features at strides 8, 16, 32 */
  forward(x: Tensor): readonly Tensor[] {
    let features = maxPool2d(this.conv1.forward(x), 3, { stride: 2, padding: 1 })
    const stages = this.resLayers.map((stage) => {
      features = stage.forward(features)
      return features
    })
    return stages.slice(1)
  }
}
