/**
 * @file Mistakes that a re-implementation of DETR can make without any shape being wrong, planted into our own network
 * one at a time: each must push the outputs out of the bounds of the parity test. Most are made in the weights, which is
 * the same as making them in the code.
 */
import type { Tensor } from '../../src/graph/index.js'
import type { Detr } from '../../src/models/index.js'
import { type FrozenBatchNorm2d, type LayerNorm, SinePositionEncoding } from '../../src/nn/index.js'
import {
  add,
  and,
  cast,
  concat,
  cos,
  cumSum,
  div,
  gather,
  mul,
  not,
  reshape,
  sin,
  slice,
  sub,
  unsqueeze,
} from '../../src/ops/index.js'
import type { TensorData } from '../../src/tensor/index.js'
import type { Mistake } from './parity.js'

/** A mistake, the golden file that must show it, and whether float32 can see it at all. */
export interface PlantedMistake {
  readonly title: string
  readonly name: string
  readonly mistake: Mistake
  readonly visible: boolean
}

type Weights = Map<string, TensorData>

const HIDDEN = 256
const HEADS = 8

const onWeights =
  (change: (weights: Weights) => void): Mistake =>
  (network, weights) => {
    change(weights)
    return network
  }

const onNetwork =
  (change: (network: Detr) => void): Mistake =>
  (network) => {
    change(network as Detr)
    return network
  }

function swap(weights: Weights, a: string, b: string): void {
  for (const part of ['weight', 'bias']) {
    const [x, y] = [weights.get(`${a}.${part}`)!, weights.get(`${b}.${part}`)!]
    weights.set(`${a}.${part}`, y)
    weights.set(`${b}.${part}`, x)
  }
}

/** Rows of a tensor in another order: row i of the result is row order(i). */
function reorderRows(weights: Weights, key: string, order: (row: number) => number): void {
  const tensor = weights.get(key)!
  const rows = tensor.shape[0]!
  const width = tensor.data.length / rows
  const source = tensor.data as Float32Array
  const data = new Float32Array(source.length)
  for (let row = 0; row < rows; row++) {
    data.set(source.subarray(order(row) * width, (order(row) + 1) * width), row * width)
  }
  weights.set(key, { ...tensor, data })
}

function scaleRows(weights: Weights, key: string, from: number, to: number, factor: number): void {
  const tensor = weights.get(key)!
  const width = tensor.data.length / tensor.shape[0]!
  const data = Float32Array.from(tensor.data as Float32Array, (value, i) => {
    const row = Math.floor(i / width)
    return row >= from && row < to ? value * factor : value
  })
  weights.set(key, { ...tensor, data })
}

const forProjection = (weights: Weights, layer: string, change: (key: string) => void): void => {
  for (const part of ['weight', 'bias']) if (weights.has(`${layer}.in_proj_${part}`)) change(`${layer}.in_proj_${part}`)
}

/** Channel that stands at `position` when heads are interleaved (channel c belongs to head c mod 8), not blocked. */
const interleaved = (position: number): number =>
  (position % (HIDDEN / HEADS)) * HEADS + Math.floor(position / (HIDDEN / HEADS))

/** Heads split and merged in the interleaved order. */
const headOrder = (layer: string): Mistake =>
  onWeights((weights) => {
    forProjection(weights, layer, (key) =>
      reorderRows(weights, key, (row) => row - (row % HIDDEN) + interleaved(row % HIDDEN)),
    )
    const key = `${layer}.out_proj.weight`
    const tensor = weights.get(key)!
    const data = Float32Array.from(tensor.data as Float32Array, (_, i) => {
      const column = i % HIDDEN
      return Number(tensor.data[i - column + interleaved(column)])
    })
    weights.set(key, { ...tensor, data })
  })

/** Thirds of a fused projection exchanged: 0 q, 1 k, 2 v. */
const exchangeThirds = (layer: string, a: number, b: number): Mistake =>
  onWeights((weights) =>
    forProjection(weights, layer, (key) =>
      reorderRows(weights, key, (row) => {
        const third = Math.floor(row / HIDDEN)
        const other = third === a ? b : third === b ? a : third
        return other * HIDDEN + (row % HIDDEN)
      }),
    ),
  )

const scaleByWholeWidth = (layer: string): Mistake =>
  onWeights((weights) =>
    forProjection(weights, layer, (key) => scaleRows(weights, key, 0, HIDDEN, Math.sqrt(1 / HEADS))),
  )

const swapNorms = (layer: string): Mistake => onWeights((weights) => swap(weights, `${layer}.norm1`, `${layer}.norm2`))

/** Changes a setting of every layer of a kind; settings are read-only outside of tests. */
function setEverywhere<L extends object>(
  root: object,
  isKind: (layer: object) => layer is L,
  change: (layer: L) => void,
): void {
  const seen = new Set<object>()
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null || seen.has(value)) return
    seen.add(value)
    if (isKind(value)) change(value)
    for (const field of Object.values(value)) visit(field)
  }
  visit(root)
}

const isFrozenNorm = (layer: object): layer is FrozenBatchNorm2d => 'runningVar' in layer && 'epsilon' in layer
const isLayerNorm = (layer: object): layer is LayerNorm =>
  'epsilon' in layer && !('runningVar' in layer) && 'weight' in layer

const batchNormEpsilon = (epsilon: number): Mistake =>
  onNetwork((network) => setEverywhere(network, isFrozenNorm, (layer) => Object.assign(layer, { epsilon })))

const layerNormEpsilon = (epsilon: number): Mistake =>
  onNetwork((network) => setEverywhere(network, isLayerNorm, (layer) => Object.assign(layer, { epsilon })))

/** Replaces what an object's `forward` does, keeping the original within reach. */
function wrapForward(
  layer: object,
  replace: (original: (...inputs: Tensor[]) => unknown, inputs: Tensor[]) => unknown,
): void {
  const target = layer as { forward: (...inputs: Tensor[]) => unknown }
  const original = target.forward
  Object.defineProperty(target, 'forward', { value: (...inputs: Tensor[]) => replace(original, inputs) })
}

const positionsAt = (temperature: number): SinePositionEncoding =>
  new SinePositionEncoding({ featuresPerAxis: HIDDEN / 2, temperature })
const rightPositions = positionsAt(10000)

const onPositions = (forward: (mask: Tensor) => Tensor): Mistake =>
  onNetwork((network) => Object.assign(network, { positionEncoding: { forward } }))

function swapHalves(features: Tensor): Tensor {
  return concat([slice(features, 2, HIDDEN / 2), slice(features, 2, 0, HIDDEN / 2)], 2)
}

/** All sines of an axis before all its cosines. */
function separate(features: Tensor): Tensor {
  const axis = HIDDEN / 2
  const order = Int32Array.from({ length: HIDDEN }, (_, i) => {
    const k = i % axis
    return i - k + (k < axis / 2 ? 2 * k : 2 * (k - axis / 2) + 1)
  })
  return gather(features, features.graph.constant({ dtype: 'int32', shape: [HIDDEN], data: order }), 2)
}

/** No pixel is padding. */
function nowhere(mask: Tensor): Tensor {
  return and(mask, not(mask))
}

/** The right encoding but for `shift`, taken off every pixel's position. */
function shiftedPositions(mask: Tensor, shift: number): Tensor {
  const axisFeatures = (axis: number): Tensor => {
    const count = cumSum(cast(not(mask), 'float32'), axis)
    const position = mul(div(sub(count, shift), add(slice(count, axis, -1), 1e-6)), 2 * Math.PI)
    const wavelengths = Float32Array.from({ length: HIDDEN / 4 }, (_, i) => 10000 ** ((2 * i) / (HIDDEN / 2)))
    const divisors = mask.graph.constant({ dtype: 'float32', shape: [HIDDEN / 4], data: wavelengths })
    const angles = div(unsqueeze(position, [3]), divisors)
    const alternating = concat([unsqueeze(sin(angles), [4]), unsqueeze(cos(angles), [4])], 4)
    return reshape(alternating, [...mask.shape, HIDDEN / 2])
  }
  return reshape(concat([axisFeatures(1), axisFeatures(2)], 3), [mask.shape[0]!, -1, HIDDEN])
}

const E = (i: number): string => `transformer.encoder.layers.${i}`
const D = (i: number): string => `transformer.decoder.layers.${i}`

function setDilation(network: Detr, block: number, dilation: number): void {
  const { conv2 } = network.backbone.layer4![block]!
  Object.assign(conv2, { options: { ...conv2.options, dilation, padding: dilation } })
}

const zeroed = (key: string): Mistake =>
  onWeights((weights) => {
    const tensor = weights.get(key)!
    weights.set(key, { ...tensor, data: new Float32Array(tensor.data.length) })
  })

const seen = (title: string, mistake: Mistake, name = 'detr-r50'): PlantedMistake => ({
  title,
  name,
  mistake,
  visible: true,
})
const invisible = (title: string, mistake: Mistake): PlantedMistake => ({
  title,
  name: 'detr-r50',
  mistake,
  visible: false,
})

/** The table of mistakes. */
export const plantedMistakes: readonly PlantedMistake[] = [
  seen('norm1 and norm2 swapped in encoder layer 0', swapNorms(E(0))),
  seen('norm1 and norm2 swapped in encoder layer 5', swapNorms(E(5))),
  seen('norm1 and norm2 swapped in decoder layer 0', swapNorms(D(0))),
  seen('norm1 and norm2 swapped in decoder layer 5', swapNorms(D(5))),
  seen('heads interleaved in encoder layer 0', headOrder(`${E(0)}.self_attn`)),
  seen('heads interleaved in encoder layer 5', headOrder(`${E(5)}.self_attn`)),
  seen('heads interleaved in cross-attention of decoder layer 5', headOrder(`${D(5)}.multihead_attn`)),
  seen('heads interleaved in self-attention of decoder layer 5', headOrder(`${D(5)}.self_attn`)),
  seen('q and k exchanged in encoder layer 5', exchangeThirds(`${E(5)}.self_attn`, 0, 1)),
  seen('k and v exchanged in decoder layer 5', exchangeThirds(`${D(5)}.multihead_attn`, 1, 2)),
  seen('logits scaled by 1/√256 in encoder layer 5', scaleByWholeWidth(`${E(5)}.self_attn`)),
  seen('logits scaled by 1/√256 in decoder layer 5', scaleByWholeWidth(`${D(5)}.multihead_attn`)),
  seen(
    'first block of DC5 dilated',
    onNetwork((network) => setDilation(network, 0, 2)),
    'detr-r50-dc5',
  ),
  seen(
    'last block of DC5 not dilated',
    onNetwork((network) => setDilation(network, 2, 1)),
    'detr-r50-dc5',
  ),
  seen(
    'stride on the first 1×1 convolution of layer2',
    onNetwork((network) => {
      const block = network.backbone.layer2[0] as { conv1: object; conv2: object }
      Object.assign(block.conv1, { options: { stride: 2 } })
      Object.assign(block.conv2, { options: { stride: 1, padding: 1, dilation: 1 } })
    }),
  ),
  seen('one running mean dropped', zeroed('backbone.layer3.0.bn2.running_mean')),
  seen('one bias dropped', zeroed('input_proj.bias')),
  seen(
    'position features of x before y',
    onPositions((mask) => swapHalves(rightPositions.forward(mask))),
  ),
  seen(
    'sines and cosines not interleaved',
    onPositions((mask) => separate(rightPositions.forward(mask))),
  ),
  seen(
    'position temperature 20',
    onPositions((mask) => positionsAt(20).forward(mask)),
  ),
  seen(
    'positions at pixel centres',
    onPositions((mask) => shiftedPositions(mask, 0.5)),
  ),
  seen(
    'positions counted from 0',
    onPositions((mask) => shiftedPositions(mask, 1)),
  ),
  seen(
    'positions that ignore the padding',
    onPositions((mask) => rightPositions.forward(nowhere(mask))),
  ),
  seen(
    'padding is attended to',
    onNetwork(({ transformer }) => {
      wrapForward(transformer.encoder, (forward, [tokens, positions, bias]) =>
        forward(tokens!, positions!, mul(bias!, 0)),
      )
      wrapForward(transformer.decoder, (forward, [content, queries, memory, positions, bias]) =>
        forward(content!, queries!, memory!, positions!, mul(bias!, 0)),
      )
    }),
  ),
  seen(
    'positions added to values in encoder layer 5',
    onNetwork(({ transformer }) =>
      wrapForward(transformer.encoder.layers[5]!.selfAttn, (forward, [query, key, , bias]) =>
        forward(query!, key!, key!, bias!),
      ),
    ),
  ),
  seen(
    'no positions on the keys of decoder layer 5',
    onNetwork(({ transformer }) =>
      wrapForward(transformer.decoder.layers[5]!.multiheadAttn, (forward, [query, , value, bias]) =>
        forward(query!, value!, value!, bias!),
      ),
    ),
  ),
  seen(
    "the decoder's norm fed to the next layer",
    onNetwork(({ transformer: { decoder } }) => {
      for (const layer of decoder.layers.slice(1)) {
        wrapForward(layer, (forward, [content, ...rest]) => forward(decoder.norm.forward(content!), ...rest))
      }
    }),
  ),
  seen('batch norm ε 1e-3', batchNormEpsilon(1e-3)),
  seen('batch norm ε 1e-6', batchNormEpsilon(1e-6)),
  seen('batch norm ε 0', batchNormEpsilon(0)),
  seen('layer norm ε 1e-6', layerNormEpsilon(1e-6)),
  seen('layer norm ε 1e-12', layerNormEpsilon(1e-12)),
  // Without effect by mathematics: the first self-attention sees equal values everywhere, and a constant on every key
  // shifts all logits of a query alike. These show that the bounds do not fail by themselves.
  invisible('heads interleaved in self-attention of decoder layer 0', headOrder(`${D(0)}.self_attn`)),
  invisible(
    'key bias dropped in encoder layer 3',
    onWeights((weights) => scaleRows(weights, `${E(3)}.self_attn.in_proj_bias`, HIDDEN, 2 * HIDDEN, 0)),
  ),
]
