/** @file Our gradients of DETR-R50 against the golden files of reference/detr_gradients.py. */
import { readFileSync } from 'node:fs'
import { detrCriterion } from '../../src/models/detr/criterion.js'
import { detrModel, detrR50, findModel } from '../../src/models/index.js'
import { parametersOf } from '../../src/nn/index.js'
import { encodeModel } from '../../src/onnx/index.js'
import type { Runtime } from '../../src/runtime/index.js'
import { fromNumbers, sizeOfShape, streamKey, type TensorData, toNumbers, uniformAt } from '../../src/tensor/index.js'
import { buildJointGraph, StepName } from '../../src/train/joint-graph.js'
import { goldenTensors } from './parity.js'
import { ruleImageBytes, sampleIndices } from './rule.js'
import { ruleWeights } from './rule-weights.js'

interface Case {
  readonly smooth: boolean
  /** Seed, height and width of each image. */
  readonly images: readonly (readonly [seed: number, height: number, width: number])[]
  readonly objects: readonly number[]
  readonly terms: Readonly<Record<string, number>>
}

interface Golden {
  readonly variant: string
  readonly seed: number
  /** Official keys of the parameters, in the order of the golden rows. */
  readonly keys: readonly string[]
  readonly cases: Readonly<Record<string, Case>>
}

/** How far one number, or one parameter's gradient, is from float64, and how far it may be. */
export interface Difference {
  readonly what: string
  readonly difference: number
  readonly allowed: number
}

const GOLDEN = new URL('../../../test/golden/detr/detr-r50-gradients.json', import.meta.url)
const golden: Golden = JSON.parse(readFileSync(GOLDEN, 'utf8'))
const PROJECTIONS = 8

/** Names of the golden cases. */
export const gradientCases: readonly string[] = Object.keys(golden.cases)

/** The losses' and gradients' differences from float64 in one case each. */
export interface GradientComparison {
  readonly terms: readonly Difference[]
  readonly gradients: readonly Difference[]
  /** Gradients that are zero by construction, against a share of the whole gradient. */
  readonly zeros: readonly Difference[]
}

/** Builds and compiles the joint graph once; what it returns runs one golden case. */
export async function compileGradients(runtime: Runtime): Promise<(name: string) => Promise<GradientComparison>> {
  const model = findModel(golden.variant)
  // The golden gradients are those without dropout.
  const network = detrModel('no-dropout', model.title, { ...detrR50, dropout: 0 }).create()
  const official = model.layouts[0]!
  const parameters = parametersOf(network).filter(({ role }) => role === 'weight')
  const [height, width] = [1, 2].map((i) => Math.max(...allImages().map((image) => image[i]!))) as [number, number]
  const shape = { batch: allImages().length, height, width, denoising: 0 }
  const { graph, matched: sets } = buildJointGraph(model, network, detrCriterion, parameters, shape)
  const session = await runtime.createSession(encodeModel(graph).bytes)
  const tensors = goldenTensors('detr/detr-r50-gradients.safetensors')
  const keys = new Map(parameters.map(({ key }) => [official.keysOf(key)[0]!, key]))
  return async (name) => {
    const one = golden.cases[name]!
    const weights = smoothed(ruleWeights(model, network, golden.seed), one.smooth)
    const feeds = {
      ...Object.fromEntries(weights),
      ...imagesOf(one, height, width),
      ...targetsOf(name, one, sets, tensors),
    }
    const results = await session.run(Object.fromEntries(session.inputs.map((info) => [info.name, feeds[info.name]!])))
    const gradients = golden.keys.map((key) => results[StepName.gradient(keys.get(key)!)]!.data as Float32Array)
    return {
      terms: Object.entries(one.terms).map(([term, exact]) => ({
        what: `${name} ${term}`,
        difference: Math.abs(Number(results[StepName.term(term)]!.data[0]) - exact),
        allowed: 1e-5 * Math.abs(exact),
      })),
      ...compareGradients(name, golden.keys, gradients, tensors, zeroRows),
    }
  }
}

function allImages(): Case['images'] {
  return Object.values(golden.cases)[0]!.images
}

/** The smoother rule: the last norm of every residual block at a quarter. */
function smoothed(weights: ReadonlyMap<string, TensorData>, smooth: boolean): ReadonlyMap<string, TensorData> {
  if (!smooth) return weights
  const quarter = (data: TensorData): TensorData =>
    fromNumbers(
      'float32',
      data.shape,
      toNumbers(data).map((x) => x / 4),
    )
  return new Map([...weights].map(([key, data]) => [key, key.endsWith('bn3.weight') ? quarter(data) : data]))
}

function imagesOf({ images }: Case, height: number, width: number): Record<string, TensorData> {
  const data = new Uint8Array(images.length * height * width * 3)
  images.forEach(([seed, rows, columns], n) => {
    const bytes = ruleImageBytes(seed, rows, columns)
    for (let y = 0; y < rows; y++) {
      data.set(bytes.subarray(y * columns * 3, (y + 1) * columns * 3), (n * height + y) * width * 3)
    }
  })
  const sizes = images.flatMap(([, rows, columns]) => [rows, columns])
  return {
    [StepName.images]: { dtype: 'uint8', shape: [images.length, height, width, 3], data },
    [StepName.sizes]: fromNumbers('int32', [images.length, 2], sizes),
  }
}

/** The golden's matching: row i of its tensors is decoder layer i, the last one the set without a suffix. */
function targetsOf(
  name: string,
  { objects }: Case,
  sets: readonly string[],
  tensors: ReadonlyMap<string, TensorData>,
): Record<string, TensorData> {
  const layerOf = (part: string, layer: number): TensorData => {
    const whole = tensors.get(`${name}.${part}`)!
    const shape = whole.shape.slice(1)
    const values = toNumbers(whole).slice(layer * sizeOfShape(shape), (layer + 1) * sizeOfShape(shape))
    return fromNumbers(part === 'labels' ? 'int32' : 'float32', shape, values)
  }
  const count = objects.reduce((a, b) => a + b, 0)
  const feeds: Record<string, TensorData> = {
    [StepName.perObject]: fromNumbers('float32', [], [1 / Math.max(1, count)]),
  }
  for (const set of sets) {
    const layer = set === '' ? sets.length - 1 : Number(set.slice(1))
    feeds[StepName.labels(set)] = layerOf('labels', layer)
    feeds[StepName.boxes(set)] = layerOf('boxes', layer)
    feeds[StepName.matched(set)] = layerOf('matched', layer)
  }
  return feeds
}

/** Rows of a parameter whose gradient is zero by construction. */
export interface ZeroRows {
  readonly why: string
  readonly from: number
  readonly to: number
  /** Rows that the parameter has. */
  readonly of: number
}

/** Gradients in the order of the golden rows against norms, samples and projections. */
export function compareGradients(
  name: string,
  keys: readonly string[],
  gradients: readonly Float32Array[],
  tensors: ReadonlyMap<string, TensorData>,
  zeroRowsOf: (key: string) => readonly ZeroRows[],
): Pick<GradientComparison, 'gradients' | 'zeros'> {
  const rowOf = (part: string, row: number): number[] => {
    const whole = tensors.get(`${name}.${part}`)!
    const size = sizeOfShape(whole.shape.slice(1))
    return toNumbers({ ...whole, data: whole.data.slice(row * size, (row + 1) * size) } as TensorData)
  }
  const norms = toNumbers(tensors.get(`${name}.norms`)!)
  const e32 = toNumbers(tensors.get(`${name}.e32`)!)
  const whole = Math.hypot(...norms)
  const differences = gradients.map((ours, row): Difference => {
    const exact = norms[row]!
    // Three bounds from below on the norm of the difference; the second is an estimate of it as well.
    const ofNorms = Math.abs(normOf(ours) - exact)
    const projections = rowOf('projections', row).map((value, j) => dot(j, ours) - value)
    const ofProjections = Math.sqrt(projections.reduce((sum, d) => sum + d * d, 0) / PROJECTIONS)
    const samples = rowOf('samples', row)
    const positions = sampleIndices(samples.length, ours.length)
    const ofSamples = Math.max(...samples.map((value, k) => Math.abs(ours[positions[k]!]! - value)))
    return {
      what: `${name} ${keys[row]}`,
      difference: Math.max(ofNorms, ofProjections, ofSamples),
      allowed: Math.max(3 * e32[row]!, 1e-4 * exact) + 1e-8 * whole,
    }
  })
  const zeros = keys.flatMap((key, row): Difference[] =>
    zeroRowsOf(key).map(({ why, from, to, of }) => {
      const width = gradients[row]!.length / of
      const part = gradients[row]!.subarray(from * width, to * width)
      return { what: `${name} ${key}, rows ${from} to ${to}: ${why}`, difference: normOf(part), allowed: 1e-8 * whole }
    }),
  )
  return { gradients: differences, zeros }
}

/** Rows of packed projections (256 each of queries, keys and values) whose gradient is zero by construction. */
function zeroRows(key: string): ZeroRows[] {
  const first = key.startsWith('transformer.decoder.layers.0.self_attn.in_proj')
  if (first && key.endsWith('weight')) {
    return [{ why: 'its input is 0, and equal values make queries and keys irrelevant', from: 0, to: 768, of: 768 }]
  }
  if (first) return [{ why: 'equal values make queries and keys irrelevant', from: 0, to: 512, of: 768 }]
  if (!key.endsWith('in_proj_bias')) return []
  return [{ why: 'softmax does not see what all keys have in common', from: 256, to: 512, of: 768 }]
}

function normOf(values: Float32Array): number {
  let sum = 0
  for (const value of values) sum += value * value
  return Math.sqrt(sum)
}

const vectors = new Map<number, Float64Array>()

/** Dot product with random vector `index` of unit variance, as `project` in rule.ts; the vector is kept. */
function dot(index: number, values: Float32Array): number {
  let vector = vectors.get(index)
  if (vector === undefined || vector.length < values.length) {
    const stream = streamKey(`projection.${index}`, 0)
    vector = Float64Array.from(
      { length: Math.max(values.length, 1 << 22) },
      (_, i) => Math.sqrt(3) * uniformAt(stream, i),
    )
    vectors.set(index, vector)
  }
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]! * vector[i]!
  return sum
}
