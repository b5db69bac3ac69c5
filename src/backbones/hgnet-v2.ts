/**
 * @file HGNetv2 (PaddleClas; lyuwenyu/RT-DETR 068dfde, rtdetrv2_pytorch): blocks that concatenate what all their layers say. Keys
 * are RT-DETRv2's.
 */
import type { Tensor } from '../graph/index.js'
import { batchNorm, Conv2d, type NormKind } from '../nn/index.js'
import { add, concat, maxPool2d, pad, relu } from '../ops/index.js'

/** Sizes of one stage. */
export interface HgStageConfig {
  readonly inputs: number
  /** Channels of a block's layers. */
  readonly middle: number
  readonly outputs: number
  readonly blocks: number
  /** Layers are a 1×1 and a depthwise convolution instead of a full one. */
  readonly light: boolean
  readonly kernel: number
}

/** Which HGNetv2. */
export interface HgNetV2Config {
  readonly kind: 'hgnet-v2'
  readonly norms: NormKind
  /** Channels inside the stem and after it. */
  readonly stem: readonly [middle: number, outputs: number]
  readonly stages: readonly HgStageConfig[]
}

/** Layers of every block of the published networks. */
const LAYERS = 6

const stage = (inputs: number, middle: number, outputs: number, blocks: number, light: boolean): HgStageConfig => ({
  inputs,
  middle,
  outputs,
  blocks,
  light,
  kernel: light ? 5 : 3,
})

/** HGNetv2-L. */
export const hgNetV2L: HgNetV2Config = {
  kind: 'hgnet-v2',
  norms: 'frozen',
  stem: [32, 48],
  stages: [
    stage(48, 48, 128, 1, false),
    stage(128, 96, 512, 1, false),
    stage(512, 192, 1024, 3, true),
    stage(1024, 384, 2048, 1, true),
  ],
}

/** HGNetv2-X. */
export const hgNetV2X: HgNetV2Config = {
  ...hgNetV2L,
  stem: [32, 64],
  stages: [
    stage(64, 64, 128, 1, false),
    stage(128, 128, 512, 2, false),
    stage(512, 256, 1024, 5, true),
    stage(1024, 512, 2048, 2, true),
  ],
}

/** HGNetv2-H. */
export const hgNetV2H: HgNetV2Config = {
  ...hgNetV2L,
  stem: [48, 96],
  stages: [
    stage(96, 96, 192, 2, false),
    stage(192, 192, 512, 3, false),
    stage(512, 384, 1024, 6, true),
    stage(1024, 768, 2048, 3, true),
  ],
}

interface BrickOptions {
  readonly stride?: number
  readonly groups?: number
  readonly activation?: boolean
}

/** Convolution, norm `bn`, ReLU. */
class Brick {
  readonly conv: Conv2d
  readonly bn: ReturnType<typeof batchNorm>
  readonly isActive: boolean

  constructor(
    inputs: number,
    outputs: number,
    kernel: number,
    norms: NormKind,
    { activation = true, ...options }: BrickOptions = {},
  ) {
    this.conv = new Conv2d(inputs, outputs, kernel, { ...options, padding: (kernel - 1) >> 1, bias: false })
    this.bn = batchNorm(norms, outputs)
    this.isActive = activation
  }

  forward(x: Tensor): Tensor {
    const normed = this.bn.forward(this.conv.forward(x))
    return this.isActive ? relu(normed) : normed
  }
}

/** A zero column at the right and a zero row at the bottom. */
const padEnd = (x: Tensor): Tensor => pad(x, [0, 0, 0, 0], [0, 0, 1, 1])

/** Stride 4; half of what enters its third convolution are the largest of 2×2 pixels. */
export class Stem {
  readonly stem1: Brick
  readonly stem2a: Brick
  readonly stem2b: Brick
  readonly stem3: Brick
  readonly stem4: Brick

  constructor([middle, outputs]: HgNetV2Config['stem'], norms: NormKind) {
    this.stem1 = new Brick(3, middle, 3, norms, { stride: 2 })
    this.stem2a = new Brick(middle, middle / 2, 2, norms)
    this.stem2b = new Brick(middle / 2, middle, 2, norms)
    this.stem3 = new Brick(2 * middle, middle, 3, norms, { stride: 2 })
    this.stem4 = new Brick(middle, outputs, 1, norms)
  }

  /** pixels: float32 [batch, 3, height, width] to [batch, outputs, ⌈height / 4⌉, ⌈width / 4⌉]. */
  forward(pixels: Tensor): Tensor {
    const first = padEnd(this.stem1.forward(pixels))
    const convolved = this.stem2b.forward(padEnd(this.stem2a.forward(first)))
    return this.stem4.forward(this.stem3.forward(concat([maxPool2d(first, 2), convolved], 1)))
  }
}

/** 1×1 without activation, then a depthwise convolution. */
class LightLayer {
  readonly conv1: Brick
  readonly conv2: Brick

  constructor(inputs: number, outputs: number, kernel: number, norms: NormKind) {
    this.conv1 = new Brick(inputs, outputs, 1, norms, { activation: false })
    this.conv2 = new Brick(outputs, outputs, kernel, norms, { groups: outputs })
  }

  forward(x: Tensor): Tensor {
    return this.conv2.forward(this.conv1.forward(x))
  }
}

/** Layers one after the other; the input and all they say, concatenated and squeezed. */
export class Block {
  readonly layers: readonly (Brick | LightLayer)[]
  readonly aggregationSqueezeConv: Brick
  readonly aggregationExcitationConv: Brick
  readonly isResidual: boolean

  /** @param inputs channels that enter: those of the stage, or of the block before */
  constructor(
    { middle, outputs, light, kernel }: Omit<HgStageConfig, 'inputs' | 'blocks'>,
    inputs: number,
    isResidual: boolean,
    norms: NormKind,
    layers: number = LAYERS,
  ) {
    const layer = light ? LightLayer : Brick
    this.layers = Array.from({ length: layers }, (_, i) => new layer(i === 0 ? inputs : middle, middle, kernel, norms))
    this.aggregationSqueezeConv = new Brick(inputs + layers * middle, outputs / 2, 1, norms)
    this.aggregationExcitationConv = new Brick(outputs / 2, outputs, 1, norms)
    this.isResidual = isResidual
  }

  /** x: float32 [batch, inputs, height, width] to [batch, outputs, height, width]. */
  forward(x: Tensor): Tensor {
    const said = [x]
    for (const layer of this.layers) said.push(layer.forward(said.at(-1)!))
    const aggregated = this.aggregationExcitationConv.forward(this.aggregationSqueezeConv.forward(concat(said, 1)))
    return this.isResidual ? add(aggregated, x) : aggregated
  }
}

/** Blocks of one size, after a depthwise convolution of stride 2 in all stages but the first. */
class Stage {
  readonly downsample?: Brick
  readonly blocks: readonly Block[]

  constructor(config: HgStageConfig, isFirst: boolean, norms: NormKind) {
    const { inputs, outputs, blocks } = config
    if (!isFirst)
      this.downsample = new Brick(inputs, inputs, 3, norms, { stride: 2, groups: inputs, activation: false })
    this.blocks = Array.from({ length: blocks }, (_, i) => new Block(config, i === 0 ? inputs : outputs, i > 0, norms))
  }

  forward(x: Tensor): Tensor {
    const entering = this.downsample === undefined ? x : this.downsample.forward(x)
    return this.blocks.reduce((hidden, block) => block.forward(hidden), entering)
  }
}

/** Image to features at strides 8, 16 and 32. */
export class HgNetV2 {
  readonly stem: Stem
  readonly stages: readonly Stage[]
  /** Channels of each returned feature. */
  readonly channels: readonly number[]

  constructor({ stem, stages, norms }: HgNetV2Config) {
    this.stem = new Stem(stem, norms)
    this.stages = stages.map((config, i) => new Stage(config, i === 0, norms))
    this.channels = stages.slice(1).map(({ outputs }) => outputs)
  }

  /** x: float32 [batch, 3, height, width]. @returns features at strides 8, 16, 32 */
  forward(x: Tensor): readonly Tensor[] {
    let features = this.stem.forward(x)
    const outputs = this.stages.map((stage) => {
      features = stage.forward(features)
      return features
    })
    return outputs.slice(1)
  }
}
