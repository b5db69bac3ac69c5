/** @file Our RT-DETR against the golden files of reference/rtdetr.py, query by query: each is a token that the encoder selected. */
import { readFileSync } from 'node:fs'
import { Graph } from '../../src/graph/index.js'
import { findModel, type RtDetr } from '../../src/models/index.js'
import { encodeModel } from '../../src/onnx/index.js'
import { sigmoid } from '../../src/ops/index.js'
import { eraseStopGradients, optimizeForInference, type WeightedGraph } from '../../src/passes/index.js'
import type { Runtime } from '../../src/runtime/index.js'
import { fromNumbers, type TensorData, toNumbers } from '../../src/tensor/index.js'
import {
  compareLayers,
  FACTOR,
  goldenTensors,
  type ImageOfCase,
  type LayerDifference,
  type Statistics,
} from './parity.js'
import { ruleImage, sampleIndices } from './rule.js'
import { ruleWeights } from './rule-weights.js'

interface RtDetrCase extends Record<'logits' | 'boxes' | 'encoder_logits' | 'encoder_boxes', Statistics> {
  readonly images: readonly ImageOfCase[]
  readonly probes: Readonly<Record<string, { readonly maxError: number }>>
}

interface RtDetrGolden {
  readonly variant: string
  readonly seed: number
  readonly training: boolean
  readonly queryStride: number
  readonly parameters: Readonly<Record<'backbone' | 'encoder' | 'decoder', number>>
  readonly cases: Readonly<Record<string, RtDetrCase>>
}

const INDEX = new URL('../../../test/golden/rtdetr/index.json', import.meta.url)

/** The index of golden files by name. */
export function rtdetrGolden(): Readonly<Record<string, RtDetrGolden>> {
  return JSON.parse(readFileSync(INDEX, 'utf8'))
}

/** What the reference calls otherwise. */
const NAMES: Readonly<Record<string, string>> = { 'rtdetrv2-r18-discrete': 'rtdetrv2-r18-dsp' }

/** A difference, or what makes all others meaningless: another selection of tokens. */
export interface RtDetrDifferences {
  readonly differences: readonly LayerDifference[]
  /** Tokens of all images that only one side selected. */
  readonly otherTokens: number
}

/**
 * Runs the golden cases of one file (all, or those named) and compares the encoder's choice and every decoder layer; in training
 * mode also the running statistics that come out.
 */
export async function compareRtDetr(
  runtime: Runtime,
  name: string,
  cases?: readonly string[],
): Promise<RtDetrDifferences> {
  const golden = rtdetrGolden()[name]!
  const tensors = goldenTensors(`rtdetr/${name}.safetensors`)
  const model = findModel(NAMES[golden.variant] ?? golden.variant)
  const network = model.create() as RtDetr
  const weights = ruleWeights(model, network, golden.seed)
  const differences: LayerDifference[] = []
  let otherTokens = 0
  for (const [caseName, one] of Object.entries(golden.cases)) {
    if (cases !== undefined && !cases.includes(caseName)) continue
    const { graph, weights: own } = compilable(describing(network, one.images, golden.training), weights)
    const { bytes, externalData } = encodeModel(graph, { weights: own, externalFromBytes: 1024 })
    const session = await runtime.createSession(bytes, { externalData })
    const outputs = await session.run({ pixels: batchOf(one.images) })
    await session.dispose()
    const { places, others } = alignment(
      toNumbers(outputs['tokens']!),
      toNumbers(tensors.get(`${caseName}.tokens`)!),
      one,
    )
    otherTokens += others
    for (const kind of ['encoder_logits', 'encoder_boxes', 'logits', 'boxes'] as const) {
      const count = one[kind].shape[0]!
      const layers = Array.from({ length: count }, (_, i) => aligned(outputs[`${kind}.${i}`]!, places))
      differences.push(
        ...compareLayers(`${name} ${caseName} ${kind}`, kind, layers, one[kind], tensors, caseName, golden.queryStride),
      )
    }
    if (golden.training) differences.push(...compareStatistics(`${name} ${caseName}`, outputs, one, tensors, caseName))
  }
  return { differences, otherTokens }
}

/** Batch statistics cannot be folded into filters, and what stops gradients is for a graph that is differentiated. */
function compilable(graph: Graph, weights: Map<string, TensorData>): WeightedGraph {
  return graph.training ? { graph: eraseStopGradients(graph), weights } : optimizeForInference({ graph, weights })
}

function describing(network: RtDetr, images: readonly ImageOfCase[], training: boolean): Graph {
  const graph = new Graph('parity', { training })
  const { height, width } = images[0]!
  const { selected, layers } = network.describe(graph.input('pixels', 'float32', [images.length, 3, height, width]))
  graph.output('tokens', selected.tokens)
  graph.output('encoder_logits.0', selected.logits)
  graph.output('encoder_boxes.0', sigmoid(selected.boxLogits))
  layers.forEach(({ logits, boxes }, i) => {
    graph.output(`logits.${i}`, logits)
    graph.output(`boxes.${i}`, boxes)
  })
  return graph
}

function batchOf(images: readonly ImageOfCase[]): TensorData {
  const { height, width } = images[0]!
  const data = new Float32Array(images.length * 3 * height * width)
  images.forEach(({ seed }, i) => {
    data.set(ruleImage(seed, height, width), i * 3 * height * width)
  })
  return { dtype: 'float32', shape: [images.length, 3, height, width], data }
}

/** Where in ours each golden query stands, image by image. */
function alignment(
  ours: readonly number[],
  golden: readonly number[],
  { images }: RtDetrCase,
): { places: readonly number[]; others: number } {
  const queries = golden.length / images.length
  let others = 0
  const places = golden.map((token, i) => {
    const image = Math.floor(i / queries)
    const place = ours.slice(image * queries, (image + 1) * queries).indexOf(token)
    if (place < 0) others++
    return image * queries + Math.max(0, place)
  })
  return { places, others }
}

function aligned(layer: TensorData, places: readonly number[]): TensorData {
  const channels = layer.shape[2]!
  const values = toNumbers(layer)
  return fromNumbers(
    'float32',
    layer.shape,
    places.flatMap((place) => values.slice(place * channels, (place + 1) * channels)),
  )
}

/** New running means and variances of all norms, in the order of their keys, at the places that the golden file has. */
function compareStatistics(
  where: string,
  outputs: Readonly<Record<string, TensorData>>,
  { probes }: RtDetrCase,
  tensors: ReadonlyMap<string, TensorData>,
  caseName: string,
): LayerDifference[] {
  return ['running_mean', 'running_var'].map((part) => {
    const keys = Object.keys(outputs).filter((key) => key.startsWith('update/') && key.endsWith(`.${part}`))
    const ours = keys.sort().flatMap((key) => toNumbers(outputs[key]!))
    const exact = toNumbers(tensors.get(`${caseName}.probe.${part}`)!)
    const places = sampleIndices(exact.length, ours.length)
    const difference = exact.reduce((a, value, i) => Math.max(a, Math.abs(value - ours[places[i]!]!)), 0)
    return { what: `${where} ${part}`, difference, allowed: FACTOR * probes[part]!.maxError }
  })
}
