/** @file Our training step of RT-DETR, R18 and R50, against the golden files of reference/rtdetr_gradients.py. */
import { readFileSync } from 'node:fs'
import { boxesOf } from '../../src/boxes/index.js'
import type { Graph, Tensor } from '../../src/graph/index.js'
import { contrastiveDenoising, type DenoisingBatch, type ImageTargets } from '../../src/matching/index.js'
import { findModel, type RtDetrConfig } from '../../src/models/index.js'
import { rtdetrCriterion } from '../../src/models/rtdetr/criterion.js'
import { parametersOf } from '../../src/nn/index.js'
import { encodeModel } from '../../src/onnx/index.js'
import { rewrite } from '../../src/passes/index.js'
import type { Runtime } from '../../src/runtime/index.js'
import { fromNumbers, sizeOfShape, type TensorData, toNumbers } from '../../src/tensor/index.js'
import { buildJointGraph, type JointGraph, StepName } from '../../src/train/joint-graph.js'
import { compareGradients, type Difference, type GradientComparison, type ZeroRows } from './gradient-parity.js'
import { goldenTensors, type ImageOfCase } from './parity.js'
import { type GoldenNoise, replayedNoise } from './replayed-noise.js'
import { ruleImageBytes } from './rule.js'
import { ruleWeights } from './rule-weights.js'

interface Case {
  readonly seed: number
  readonly factors: Readonly<Record<string, number>>
  readonly images: readonly ImageOfCase[]
  readonly objects: readonly number[]
  readonly groups: number
  readonly terms: Readonly<Record<string, number>>
}

interface Golden {
  readonly keys: readonly string[]
  readonly cases: Readonly<Record<string, Case>>
}

/** Models that have golden gradients. */
export type GradientModel = 'rtdetr-r18' | 'rtdetr-r50'

function readGolden(model: GradientModel): Golden {
  const file = new URL(`../../../test/golden/rtdetr/${model}-gradients.json`, import.meta.url)
  return JSON.parse(readFileSync(file, 'utf8'))
}

/** The cases' names. */
export function rtdetrGradientCases(model: GradientModel): readonly string[] {
  return Object.keys(readGolden(model).cases)
}

/** Runs one golden case: every loss term and every parameter's gradient, selection and noise being the reference's. */
export async function compareRtDetrGradients(
  runtime: Runtime,
  modelName: GradientModel,
  name: string,
): Promise<GradientComparison> {
  const golden = readGolden(modelName)
  const one = golden.cases[name]!
  const tensors = goldenTensors(`rtdetr/${modelName}-gradients.safetensors`)
  const model = findModel(modelName)
  const network = model.create()
  const layers = (model.config as unknown as RtDetrConfig).decoder.layers
  // The stem of a pretrained backbone and its norms are not learned.
  const parameters = parametersOf(network).filter(({ key }) => golden.keys.includes(key))
  const { height, width } = one.images[0]!
  const noisy = denoisingOf(name, one, tensors)
  const denoising = noisy?.labels.shape[1] ?? 0
  const shape = { batch: one.images.length, height, width, denoising }
  const joint = buildJointGraph(model, network, rtdetrCriterion, parameters, shape)
  const session = await runtime.createSession(encodeModel(withTokens(joint.graph)).bytes)
  const feeds: Record<string, TensorData> = {
    ...Object.fromEntries(scaled(ruleWeights(model, network, one.seed), one.factors)),
    ...imagesOf(one.images),
    tokens: fromNumbers('int64', [one.images.length, model.queries], toNumbers(tensors.get(`${name}.tokens`)!)),
    ...targetsOf(name, one, joint, tensors, noisy),
  }
  const results = await session.run(Object.fromEntries(session.inputs.map((info) => [info.name, feeds[info.name]!])))
  await session.dispose()
  const gradients = golden.keys.map((key) => results[StepName.gradient(key)]!.data as Float32Array)
  return {
    terms: Object.entries(one.terms).map(([term, exact]): Difference => {
      const ours = Number(results[StepName.term(ourTerm(term, layers))]!.data[0])
      return { what: `${name} ${term}`, difference: Math.abs(ours - exact), allowed: 1e-5 * Math.abs(exact) }
    }),
    ...compareGradients(name, golden.keys, gradients, tensors, zeroRows),
  }
}

/** Official names have the encoder behind the earlier layers. */
function ourTerm(term: string, layers: number): string {
  return term.replace(`_aux_${layers - 1}`, '_enc').replace(/_aux_(\d)$/, '_$1')
}

/** The graph with the choice of tokens as an input: no gradient flows through it. */
function withTokens(graph: Graph): Graph {
  let tokens: Tensor | undefined
  return rewrite(graph, (node, inputs, target) => {
    if (node.op !== 'TopK') return undefined
    tokens ??= target.input('tokens', 'int64', node.outputs[1]!.shape)
    return [inputs[0]!, tokens]
  })
}

function scaled(
  weights: ReadonlyMap<string, TensorData>,
  factors: Readonly<Record<string, number>>,
): Map<string, TensorData> {
  return new Map(
    [...weights].map(([key, data]) => {
      const factor = Object.entries(factors).find(([end]) => key.endsWith(end))?.[1] ?? 1
      const values = factor === 1 ? undefined : toNumbers(data).map((value) => value * factor)
      return [key, values === undefined ? data : fromNumbers('float32', data.shape, values)]
    }),
  )
}

function imagesOf(images: readonly ImageOfCase[]): Record<string, TensorData> {
  const { height, width } = images[0]!
  const data = new Uint8Array(images.length * height * width * 3)
  images.forEach(({ seed }, i) => {
    data.set(ruleImageBytes(seed, height, width), i * height * width * 3)
  })
  return {
    [StepName.images]: { dtype: 'uint8', shape: [images.length, height, width, 3], data },
    [StepName.sizes]: fromNumbers(
      'int32',
      [images.length, 2],
      images.flatMap(() => [height, width]),
    ),
  }
}

/** Our denoising queries from the reference's random numbers; the golden ones must come out. */
function denoisingOf(
  name: string,
  { objects, groups }: Case,
  tensors: ReadonlyMap<string, TensorData>,
): DenoisingBatch | undefined {
  if (groups === 0) return undefined
  const part = (key: string): TensorData => tensors.get(`${name}.denoising.${key}`)!
  const size = part('labels').shape[1]!
  const most = Math.max(...objects)
  // The objects are the positive queries of the first group.
  const targets = objects.map((count, image): ImageTargets => {
    const rows = Array.from({ length: count }, (_, i) => image * size + i)
    const boxes = Float32Array.from(rows.flatMap((row) => toNumbers(part('boxes')).slice(4 * row, 4 * row + 4)))
    return { labels: Int32Array.from(rows, (row) => toNumbers(part('labels'))[row]!), boxes: boxesOf('cxcywh', boxes) }
  })
  const noise = Object.fromEntries(['flip', 'new_labels', 'sign', 'magnitude'].map((key) => [key, part(key)]))
  const uniform = replayedNoise(noise as unknown as GoldenNoise, objects, groups, 80)
  const options = { queries: groups * most, labelNoise: 0.5, boxNoise: 1 }
  return contrastiveDenoising(targets, 80, 300, options, uniform)
}

function targetsOf(
  name: string,
  { objects, images }: Case,
  { matched, known }: JointGraph,
  tensors: ReadonlyMap<string, TensorData>,
  noisy: DenoisingBatch | undefined,
): Record<string, TensorData> {
  const count = objects.reduce((a, b) => a + b, 0)
  const feeds: Record<string, TensorData> = {
    [StepName.perObject]: fromNumbers('float32', [], [1 / Math.max(1, count)]),
  }
  // Golden rows: the final layer, the earlier ones, the encoder.
  const rowOf = (set: string): number => matched.indexOf(set)
  for (const set of matched) {
    for (const [part, feed] of [
      ['labels', StepName.labels(set)],
      ['boxes', StepName.boxes(set)],
      ['matched', StepName.matched(set)],
    ] as const) {
      const whole = tensors.get(`${name}.${part}`)!
      const shape = whole.shape.slice(1)
      const size = sizeOfShape(shape)
      const values = toNumbers(whole).slice(rowOf(set) * size, (rowOf(set) + 1) * size)
      feeds[feed] = fromNumbers(part === 'labels' ? 'int32' : 'float32', shape, values)
    }
  }
  if (noisy === undefined || images.length === 0) return feeds
  feeds[StepName.denoisingLabels] = noisy.labels
  feeds[StepName.denoisingBoxes] = noisy.boxLogits
  feeds[StepName.denoisingBias] = noisy.bias
  feeds[StepName.perDenoised] = fromNumbers(
    'float32',
    [],
    [noisy.groups === 0 ? 0 : 1 / (Math.max(1, count) * noisy.groups)],
  )
  for (const set of known) {
    feeds[StepName.labels(set)] = noisy.target.label
    feeds[StepName.boxes(set)] = noisy.target.box
    feeds[StepName.matched(set)] = noisy.target.matched
  }
  return feeds
}

const REMOVED = 'a constant per channel, which the next batch norm removes'
const WHOLE: Readonly<Record<string, string>> = {
  'encoder.input_proj.0.1.bias': REMOVED,
  'encoder.input_proj.1.1.bias': REMOVED,
  'encoder.encoder.0.layers.0.norm2.bias': REMOVED,
}

function zeroRows(key: string): readonly ZeroRows[] {
  if (WHOLE[key] !== undefined) return [{ why: WHOLE[key], from: 0, to: 256, of: 256 }]
  if (key === 'decoder.denoising_class_embed.weight') {
    return [{ why: 'the row for "no object" is not learned', from: 80, to: 81, of: 81 }]
  }
  if (!key.endsWith('in_proj_bias')) return []
  return [{ why: 'softmax does not see what all keys have in common', from: 256, to: 512, of: 768 }]
}
