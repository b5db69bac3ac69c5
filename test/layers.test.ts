/** @file Every layer alone against PyTorch in float64 (reference/layers.py): this is where a wrong formula shows. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { BasicBlock, Bottleneck } from '../src/backbones/index.js'
import { Graph, type Tensor } from '../src/graph/index.js'
import { TransformerDecoderLayer, TransformerEncoderLayer } from '../src/models/index.js'
import {
  Conv2d,
  defineModule,
  FrozenBatchNorm2d,
  LayerNorm,
  Linear,
  Mlp,
  MultiheadAttention,
  paddingBias,
  SinePositionEncoding,
  shrinkMask,
} from '../src/nn/index.js'
import { encodeModel } from '../src/onnx/index.js'
import { add, maxPool2d, not, reshape, transpose } from '../src/ops/index.js'
import { createFfiRuntime } from '../src/runtime/index.node.js'
import { toNumbers } from '../src/tensor/index.js'
import { type BuildLayer, compareLayer, type LayerInputs, layerGolden } from './support/layer-parity.js'

const { cases, tensors } = layerGolden('layers')
const runtime = await createFfiRuntime()

const attend = (inputs: LayerInputs, heads: number): Tensor => {
  const layer = defineModule(new MultiheadAttention(24, heads))
  const query = inputs['query']!
  const memory = inputs['memory'] ?? query
  const keyPositions = inputs['memory_pos'] ?? inputs['query_pos']!
  const bias = inputs['padding'] === undefined ? undefined : paddingBias(inputs['padding'])
  return layer.forward(add(query, inputs['query_pos']!), add(memory, keyPositions), memory, bias)
}

/** How each kind of case is built; the part of its name before the slash. */
const BUILDERS: Readonly<Record<string, BuildLayer>> = {
  conv2d: ({ input }, { kernel, stride, padding, dilation }, shape) => {
    const [outputs, inputs] = shape('weight')
    const window = { stride: stride!, padding: padding!, dilation: dilation!, bias: shape('bias').length > 0 }
    return defineModule(new Conv2d(inputs!, outputs!, kernel!, window)).forward(input!)
  },
  'max-pool': ({ input }, { kernel, stride, padding }) =>
    maxPool2d(input!, kernel!, { stride: stride!, padding: padding! }),
  linear: ({ input }, _, shape) => defineModule(new Linear(shape('weight')[1]!, shape('weight')[0]!)).forward(input!),
  mlp: ({ input }, { layers }, shape) => {
    const widths = Array.from({ length: layers! }, (_, i) => shape(`layers.${i}.weight`)[0]!)
    return defineModule(new Mlp([shape('layers.0.weight')[1]!, ...widths])).forward(input!)
  },
  'layer-norm': ({ input }, { eps }, shape) => defineModule(new LayerNorm(shape('weight')[0]!, eps)).forward(input!),
  'frozen-batch-norm': ({ input }, { eps }, shape) =>
    defineModule(new FrozenBatchNorm2d(shape('weight')[0]!, eps)).forward(input!),
  attention: (inputs, { heads }) => attend(inputs, heads!),
  'position-sine': ({ valid }, { features, temperature, eps }) => {
    const encoding = new SinePositionEncoding({ featuresPerAxis: features!, temperature: temperature!, epsilon: eps! })
    const [batch, height, width] = valid!.shape
    const tokens = encoding.forward(not(valid!))
    return reshape(transpose(tokens, [0, 2, 1]), [batch!, 2 * features!, height!, width!])
  },
  'encoder-layer': ({ input, pos, padding }, { heads, hidden }) =>
    defineModule(
      new TransformerEncoderLayer({ hiddenDim: 24, heads: heads!, feedforwardDim: hidden!, dropout: 0 }),
    ).forward(input!, pos!, paddingBias(padding!)),
  'decoder-layer': (inputs, { heads, hidden }) => {
    const { input, query_pos: queryPositions, memory, memory_pos: positions, padding } = inputs
    const layer = new TransformerDecoderLayer({ hiddenDim: 24, heads: heads!, feedforwardDim: hidden!, dropout: 0 })
    const keys = add(memory!, positions!)
    return defineModule(layer).forward(input!, queryPositions!, memory!, keys, paddingBias(padding!))
  },
  bottleneck: ({ input }, { stride, dilation, planes }) =>
    defineModule(new Bottleneck(Number(input!.shape[1]), planes!, stride!, dilation!)).forward(input!),
  'basic-block': ({ input }, { stride, dilation, planes }) =>
    defineModule(new BasicBlock(Number(input!.shape[1]), planes!, stride!, dilation!)).forward(input!),
}

describe('layers equal PyTorch', () => {
  for (const layer of cases.filter(({ name }) => name !== 'nearest')) {
    test(layer.name, () => compareLayer(runtime, layer, tensors, BUILDERS))
  }
})

test('masks shrink by the indices that PyTorch takes, also where float32 rounds', async () => {
  const pairs = toNumbers(tensors.get('nearest/pairs')!)
  const expected = toNumbers(tensors.get('nearest/output')!)
  for (let p = 0; p < pairs.length; p += 2) {
    const [size, out] = [pairs[p]!, pairs[p + 1]!]
    // Image b of the batch holds bit b of each column's number, so that the result spells out which column was taken.
    const bits = 11
    const data = Uint8Array.from({ length: bits * size }, (_, i) => ((i % size) >> Math.floor(i / size)) & 1)
    const graph = new Graph('shrink')
    graph.output('small', shrinkMask(graph.input('mask', 'bool', [bits, 1, 'width']), 1, out))
    const session = await runtime.createSession(encodeModel(graph).bytes)
    const { small } = await session.run({ mask: { dtype: 'bool', shape: [bits, 1, size], data } })
    const taken = Array.from({ length: out }, (_, column) =>
      Array.from({ length: bits }, (_, b) => Number(small!.data[b * out + column]) << b).reduce((a, b) => a | b),
    )
    assert.deepEqual(taken, expected.splice(0, out), `${size} to ${out}`)
    await session.dispose()
  }
})
