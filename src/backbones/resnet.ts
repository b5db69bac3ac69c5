/**
 * @file ResNet (arXiv:1512.03385) as torchvision builds it: "v1.5" bottlenecks with the stride on the 3×3 convolution,
 * frozen batch norms, and the last stage dilated instead of strided on request (DC5). Keys are torchvision's.
 */
import type { Tensor } from '../graph/index.js'
import { BatchNorm2d, Conv2d, FrozenBatchNorm2d, kaimingNormal, parametersOf } from '../nn/index.js'
import { add, maxPool2d, relu } from '../ops/index.js'
import { ConfigError } from '../tensor/index.js'
import { BLOCKS_OF_STAGES, type ResNetDepth } from './resnet-depths.js'

/** Two 3×3 convolutions and a shortcut (§4.1, left of Figure 5). */
export class BasicBlock {
  static readonly expansion = 1
  readonly conv1: Conv2d
  readonly bn1: BatchNorm
  readonly conv2: Conv2d
  readonly bn2: BatchNorm
  readonly downsample?: readonly [Conv2d, BatchNorm]

  constructor(inputs: number, width: number, stride: number, dilation: number, norm: NormKind = FrozenBatchNorm2d) {
    this.conv1 = new Conv2d(inputs, width, 3, { stride, padding: dilation, dilation, bias: false })
    this.bn1 = new norm(width)
    this.conv2 = new Conv2d(width, width, 3, { padding: 1, bias: false })
    this.bn2 = new norm(width)
    const shortcut = projection(inputs, width, stride, norm)
    if (shortcut !== undefined) this.downsample = shortcut
  }

  /** x: float32 [batch, inputs, height, width] to [batch, width, height / stride, width / stride]. */
  forward(x: Tensor): Tensor {
    const hidden = relu(this.bn1.forward(this.conv1.forward(x)))
    const residual = this.bn2.forward(this.conv2.forward(hidden))
    return relu(add(residual, project(this.downsample, x)))
  }
}

/** 1×1 down, 3×3, 1×1 up by four, and a shortcut (§4.1, right of Figure 5). */
export class Bottleneck {
  static readonly expansion = 4
  readonly conv1: Conv2d
  readonly bn1: BatchNorm
  readonly conv2: Conv2d
  readonly bn2: BatchNorm
  readonly conv3: Conv2d
  readonly bn3: BatchNorm
  readonly downsample?: readonly [Conv2d, BatchNorm]

  constructor(inputs: number, width: number, stride: number, dilation: number, norm: NormKind = FrozenBatchNorm2d) {
    const outputs = width * Bottleneck.expansion
    this.conv1 = new Conv2d(inputs, width, 1, { bias: false })
    this.bn1 = new norm(width)
    this.conv2 = new Conv2d(width, width, 3, { stride, padding: dilation, dilation, bias: false })
    this.bn2 = new norm(width)
    this.conv3 = new Conv2d(width, outputs, 1, { bias: false })
    this.bn3 = new norm(outputs)
    const shortcut = projection(inputs, outputs, stride, norm)
    if (shortcut !== undefined) this.downsample = shortcut
  }

  /** x: float32 [batch, inputs, height, width] to [batch, 4·width, height / stride, width / stride]. */
  forward(x: Tensor): Tensor {
    const reduced = relu(this.bn1.forward(this.conv1.forward(x)))
    const hidden = relu(this.bn2.forward(this.conv2.forward(reduced)))
    const residual = this.bn3.forward(this.conv3.forward(hidden))
    return relu(add(residual, project(this.downsample, x)))
  }
}

type Block = BasicBlock | Bottleneck
type BatchNorm = FrozenBatchNorm2d | BatchNorm2d
type NormKind = typeof FrozenBatchNorm2d | typeof BatchNorm2d
type Projection = [Conv2d, BatchNorm]

function projection(inputs: number, outputs: number, stride: number, norm: NormKind): Projection | undefined {
  if (stride === 1 && inputs === outputs) return undefined
  return [new Conv2d(inputs, outputs, 1, { stride, bias: false }), new norm(outputs)]
}

function project(downsample: readonly [Conv2d, BatchNorm] | undefined, x: Tensor): Tensor {
  return downsample === undefined ? x : downsample[1].forward(downsample[0].forward(x))
}

/** Which ResNet. */
export interface ResNetConfig {
  readonly depth: ResNetDepth
  /** Keep the last stage at stride 16 by dilation ("DC5"); only for the bottleneck depths. */
  readonly dilatedC5?: boolean
  /** `frozen` keeps the norms of pretrained weights as they are; `trained` learns them, as training from scratch needs. */
  readonly norms?: 'frozen' | 'trained'
  /** Channels of the stem; 64 in the paper. The stages grow from it. */
  readonly width?: number
  /** Number of stages; with three, the last feature has stride 16. */
  readonly stages?: 3 | 4
}

/** Image to features at strides 4, 8, 16 and 32 (16 twice when dilated; without 32 when there are three stages). */
export class ResNet {
  readonly conv1: Conv2d
  readonly bn1: BatchNorm
  readonly layer1: readonly Block[]
  readonly layer2: readonly Block[]
  readonly layer3: readonly Block[]
  readonly layer4?: readonly Block[]
  /** Channels of each returned feature. */
  readonly channels: readonly number[]

  /** @throws ConfigError when a depth without bottlenecks is to be dilated. */
  constructor({ depth, dilatedC5 = false, norms = 'frozen', width = 64, stages = 4 }: ResNetConfig) {
    if (dilatedC5 && depth < 50) {
      throw new ConfigError({ where: 'ResNet', expected: 'depth 50 or 101 for a dilated last stage', got: `${depth}` })
    }
    const block = depth < 50 ? BasicBlock : Bottleneck
    const norm = norms === 'frozen' ? FrozenBatchNorm2d : BatchNorm2d
    const { expansion } = block
    this.conv1 = new Conv2d(3, width, 7, { stride: 2, padding: 3, bias: false })
    this.bn1 = new norm(width)
    const stage = (index: number, stride: number, dilated = false): Block[] =>
      Array.from({ length: BLOCKS_OF_STAGES[depth][index]! }, (_, i) => {
        const own = width * 2 ** index
        const before = index === 0 ? width : (own / 2) * expansion
        // The first block keeps the dilation of the stage before it, as torchvision does.
        const inputs = i === 0 ? before : own * expansion
        return new block(inputs, own, i === 0 && !dilated ? stride : 1, dilated && i > 0 ? 2 : 1, norm)
      })
    this.layer1 = stage(0, 1)
    this.layer2 = stage(1, 2)
    this.layer3 = stage(2, 2)
    if (stages === 4) this.layer4 = stage(3, 2, dilatedC5)
    this.channels = [1, 2, 4, 8].slice(0, stages).map((factor) => factor * width * expansion)
    for (const parameter of parametersOf(this)) {
      if (parameter.shape.length === 4) parameter.initialization = kaimingNormal(parameter.shape)
    }
  }

  /** x: float32 [batch, 3, height, width], normalised. @returns the output of every stage, finest first */
  forward(x: Tensor): readonly Tensor[] {
    let features = maxPool2d(relu(this.bn1.forward(this.conv1.forward(x))), 3, { stride: 2, padding: 1 })
    return [this.layer1, this.layer2, this.layer3, this.layer4 ?? []].slice(0, this.channels.length).map((stage) => {
      features = stage.reduce((hidden, block) => block.forward(hidden), features)
      return features
    })
  }
}
