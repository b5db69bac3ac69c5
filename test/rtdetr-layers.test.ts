/** @file Every block of RT-DETR alone, at odd sizes, too, against transformers in float64 (reference/rtdetr_layers.py). */
import { describe, test } from 'node:test'
import { Block as HgBlock, Stem as HgStem } from '../src/backbones/hgnet-v2.js'
import { Block, Stem } from '../src/backbones/resnet-vd.js'
import { TransformerEncoder } from '../src/models/index.js'
import { RtDetrDecoderLayer } from '../src/models/rtdetr/decoder.js'
import { attendWithinLevel, CspRepLayer, RepVggBlock } from '../src/models/rtdetr/hybrid-encoder.js'
import { defineModule, gelu } from '../src/nn/index.js'
import { cast, maxPool2d, mul } from '../src/ops/index.js'
import { createFfiRuntime } from '../src/runtime/index.node.js'
import { type BuildLayer, compareLayer, layerGolden } from './support/layer-parity.js'

const { cases, tensors } = layerGolden('rtdetr-layers')
const runtime = await createFfiRuntime()

const residual =
  (isBottleneck: boolean): BuildLayer =>
  ({ input }, { stride }, shape) => {
    const [width, inputs] = shape('branch2a.conv.weight')
    // The first block of a stage has a shortcut with weights; where it pools, they stand one deeper.
    const isFirst = shape('short.conv.weight').length + shape('short.conv.conv.weight').length > 0
    return defineModule(new Block(inputs!, width!, stride!, isFirst, isBottleneck, 'trained')).forward(input!)
  }

/** How each kind of case is built; the part of its name before the slash. */
const BUILDERS: Readonly<Record<string, BuildLayer>> = {
  basic: residual(false),
  bottleneck: residual(true),
  stem: ({ input }, _, shape) => {
    const [width] = shape('conv1_3.conv.weight')
    const ends = ['stem1', 'stem4'].map((name) => shape(`${name}.conv.weight`)[0]!) as [number, number]
    if (width === undefined) return defineModule(new HgStem(ends, 'trained')).forward(input!)
    return maxPool2d(defineModule(new Stem(width, 'trained')).forward(input!), 3, { stride: 2, padding: 1 })
  },
  hgnet: ({ input }, { middle, layers, kernel, light, identity }, shape) => {
    const [outputs] = shape('aggregation_excitation_conv.conv.weight')
    const config = { middle: middle!, outputs: outputs!, light: Boolean(light), kernel: kernel! }
    const block = new HgBlock(config, Number(input!.shape[1]), Boolean(identity), 'trained', layers)
    return defineModule(block).forward(input!)
  },
  repvgg: ({ input }) => defineModule(new RepVggBlock(Number(input!.shape[1]))).forward(input!),
  csp: ({ input }, { expansion }) => {
    const inputs = Number(input!.shape[1])
    return defineModule(new CspRepLayer(inputs, inputs / 2, 3, expansion!)).forward(input!)
  },
  aifi: ({ input }, { layers }) => {
    const sizes = { hiddenDim: 32, heads: 8, feedforwardDim: 48, dropout: 0, activation: gelu }
    return attendWithinLevel(defineModule(new TransformerEncoder(layers!, sizes)), input!)
  },
  'decoder-layer': ({ query, query_pos: positions, memory, reference, hidden }, attributes) => {
    const { heads, points } = attributes
    const levels = attributes['levels'] as unknown as readonly (readonly [number, number])[]
    const layer = new RtDetrDecoderLayer({
      hiddenDim: 32,
      heads: heads!,
      feedforwardDim: 48,
      layers: 1,
      points: levels.map(() => points!),
      queries: 7,
      classes: 1,
    })
    const bias = mul(cast(hidden!, 'float32'), -1e30)
    return defineModule(layer).forward(query!, positions!, reference!, { tokens: memory!, sizes: levels }, bias)
  },
}

/** In the official HGNetv2 a convolution that pads by itself stands one deeper. */
const ownKey = (key: string): string => key.replace(/^(stem2[ab]\.conv)\.1\./, '$1.')

describe('blocks of RT-DETR equal those of transformers', () => {
  for (const layer of cases) test(layer.name, () => compareLayer(runtime, layer, tensors, BUILDERS, ownKey))
})
