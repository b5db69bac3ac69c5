/** @file Our DETR against the golden files of reference/detr.py: run, compare, and say by how much they differ. */
import { readFileSync } from 'node:fs'
import { parseSafetensors } from '../../src/checkpoint/index.js'
import { buildPredictionGraph, type DetectionModel, findModel, type Network } from '../../src/models/index.js'
import { encodeModel } from '../../src/onnx/index.js'
import { optimizeForInference } from '../../src/passes/index.js'
import type { Runtime } from '../../src/runtime/index.js'
import { type TensorData, toNumbers } from '../../src/tensor/index.js'
import { project, ruleImageBytes } from './rule.js'
import { ruleWeights } from './rule-weights.js'

export interface ImageOfCase {
  readonly seed: number
  readonly height: number
  readonly width: number
}

export interface Statistics {
  readonly maxError: readonly number[]
  readonly rmsError: readonly number[]
  readonly shape: readonly number[]
}

interface Case {
  readonly images: readonly ImageOfCase[]
  readonly height: number
  readonly width: number
  readonly logits: Statistics
  readonly boxes: Statistics
}

interface Golden {
  readonly variant: string
  readonly seed: number
  readonly queryStride: number
  readonly cases: Readonly<Record<string, Case>>
}

/** Largest difference of one decoder layer's output from the float64 reference, and what is allowed. */
export interface LayerDifference {
  readonly what: string
  readonly difference: number
  readonly allowed: number
}

/** Ours may be this many times as far from float64 as PyTorch's own float32 is. */
export const FACTOR = 4
const NEVER_ABOVE = { logits: 1e-3, boxes: 3e-5, encoder_logits: 1e-3, encoder_boxes: 3e-5 } as const
const GOLDEN_FOLDER = new URL('../../../test/golden/', import.meta.url)

/** The index of golden files by name. */
export function goldenIndex(): Readonly<Record<string, Golden>> {
  return JSON.parse(readFileSync(new URL('detr/index.json', GOLDEN_FOLDER), 'utf8'))
}

/** Tensors of one golden file. */
export function goldenTensors(path: string): ReadonlyMap<string, TensorData> {
  return parseSafetensors(readFileSync(new URL(path, GOLDEN_FOLDER)), path).tensors
}

/** A planted mistake: changes the network or its weights before they are compiled. */
export type Mistake = (network: Network, weights: Map<string, TensorData>) => Network

/** Runs the golden cases of one file (all, or those named) and compares every decoder layer. */
export async function compareWithGolden(
  runtime: Runtime,
  name: string,
  options: { readonly cases?: readonly string[]; readonly mistake?: Mistake } = {},
): Promise<LayerDifference[]> {
  const golden = goldenIndex()[name]!
  const tensors = goldenTensors(`detr/${name}.safetensors`)
  const model = findModel(golden.variant)
  const clean = model.create()
  const weights = ruleWeights(model, clean, golden.seed)
  const network = options.mistake?.(clean, weights) ?? clean
  const graph = buildPredictionGraph(model, network, undefined, { auxiliary: true })
  const optimized = optimizeForInference({ graph, weights })
  const { bytes, externalData } = encodeModel(optimized.graph, { weights: optimized.weights, externalFromBytes: 1024 })
  const session = await runtime.createSession(bytes, { externalData })
  const differences: LayerDifference[] = []
  for (const [caseName, golden_] of Object.entries(golden.cases)) {
    if (options.cases !== undefined && !options.cases.includes(caseName)) continue
    const outputs = await session.run(inputsOf(golden_, model))
    const where = `${name} ${caseName}`
    for (const kind of ['logits', 'boxes'] as const) {
      const layers = layersOf(outputs, kind, golden_[kind].shape[0]!)
      differences.push(
        ...compareLayers(`${where} ${kind}`, kind, layers, golden_[kind], tensors, caseName, golden.queryStride),
      )
    }
  }
  await session.dispose()
  return differences
}

function inputsOf({ images, height, width }: Case, { input }: DetectionModel): Record<string, TensorData> {
  const plane = height * width
  const pixels = new Float32Array(images.length * 3 * plane)
  const mask = new Uint8Array(images.length * plane)
  images.forEach((image, n) => {
    const bytes = ruleImageBytes(image.seed, image.height, image.width)
    for (let y = 0; y < image.height; y++) {
      mask.fill(1, n * plane + y * width, n * plane + y * width + image.width)
      for (let x = 0; x < image.width; x++) {
        for (let c = 0; c < 3; c++) {
          const value = bytes[(y * image.width + x) * 3 + c]! / 255
          pixels[(n * 3 + c) * plane + y * width + x] = (value - input.mean[c]!) / input.std[c]!
        }
      }
    }
  })
  return {
    pixel_values: { dtype: 'float32', shape: [images.length, 3, height, width], data: pixels },
    pixel_mask: { dtype: 'bool', shape: [images.length, height, width], data: mask },
  }
}

function layersOf(
  outputs: Readonly<Record<string, TensorData>>,
  kind: 'logits' | 'boxes',
  count: number,
): TensorData[] {
  const last = outputs[kind === 'logits' ? 'logits' : 'pred_boxes']!
  return Array.from({ length: count }, (_, i) => (i === count - 1 ? last : outputs[`aux_${kind}.${i}`]!))
}

/** Layers [batch, queries, ·] against every `stride`-th query of the golden file, and against its projections. */
export function compareLayers(
  where: string,
  kind: keyof typeof NEVER_ABOVE,
  layers: readonly TensorData[],
  statistics: Statistics,
  tensors: ReadonlyMap<string, TensorData>,
  caseName: string,
  stride: number,
): LayerDifference[] {
  const sampled = toNumbers(tensors.get(`${caseName}.${kind}`)!)
  const projections = toNumbers(tensors.get(`${caseName}.${kind}.projections`)!)
  const perLayer = sampled.length / layers.length
  const perProjection = projections.length / layers.length
  return layers.flatMap((layer, l) => {
    const ours = toNumbers(layer)
    const channels = layer.shape[2]!
    let largest = 0
    for (let i = 0; i < perLayer; i++) {
      const row = Math.floor(i / channels)
      const exact = sampled[l * perLayer + i]!
      largest = Math.max(largest, Math.abs(ours[row * stride * channels + (i % channels)]! - exact))
    }
    // A random vector of unit variance sees the whole tensor: |r·e| is about rms(e)·√n, beyond three times it once in 400.
    const norm = statistics.rmsError[l]! * Math.sqrt(ours.length)
    let farthest = 0
    for (let j = 0; j < perProjection; j++) {
      farthest = Math.max(farthest, Math.abs(project(j, ours) - projections[l * perProjection + j]!))
    }
    const layerName = `${where}, decoder layer ${l}`
    return [
      {
        what: layerName,
        difference: Number.isNaN(largest) ? Number.POSITIVE_INFINITY : largest,
        allowed: Math.min(FACTOR * statistics.maxError[l]!, NEVER_ABOVE[kind]),
      },
      { what: `${layerName}, projections`, difference: farthest, allowed: FACTOR * 4 * norm },
    ]
  })
}
