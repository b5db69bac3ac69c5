/** @file Single layers and blocks against golden cases in the format of reference/layers.py. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { parseSafetensors } from '../../src/checkpoint/index.js'
import { Graph, type Tensor } from '../../src/graph/index.js'
import { encodeModel } from '../../src/onnx/index.js'
import type { Runtime } from '../../src/runtime/index.js'
import { type TensorData, toNumbers } from '../../src/tensor/index.js'

/** One layer with its inputs and weights. */
export interface LayerCase {
  /** The part before the slash says which kind of layer it is. */
  readonly name: string
  readonly inputs: readonly string[]
  readonly weights: readonly string[]
  readonly attributes: LayerAttributes
}

/** Numbers, truth values as such; `levels`, where it occurs, is a list of sizes and needs a cast. */
export type LayerAttributes = Readonly<Record<string, number>>

/** Inputs of the layer by name, in its graph. */
export type LayerInputs = Readonly<Record<string, Tensor>>

/** Builds a kind of layer; `shape` is that of one of its weights, empty where there is none. */
export type BuildLayer = (
  inputs: LayerInputs,
  attributes: LayerAttributes,
  shape: (weight: string) => readonly number[],
) => Tensor

const GOLDEN = new URL('../../../test/golden/', import.meta.url)

/** The cases of `NAME.json` and the tensors of `NAME.safetensors`. */
export function layerGolden(name: string): {
  cases: readonly LayerCase[]
  tensors: ReadonlyMap<string, TensorData>
} {
  const cases: readonly LayerCase[] = JSON.parse(readFileSync(new URL(`${name}.json`, GOLDEN), 'utf8'))
  const file = `${name}.safetensors`
  return { cases, tensors: parseSafetensors(readFileSync(new URL(file, GOLDEN)), file).tensors }
}

/**
 * Builds and runs one layer: its parameters must have the golden keys (as `ownKey` has them), and its output be within 1e-5 of the largest entry (of 1,
 * where all are smaller).
 */
export async function compareLayer(
  runtime: Runtime,
  layer: LayerCase,
  tensors: ReadonlyMap<string, TensorData>,
  builders: Readonly<Record<string, BuildLayer>>,
  ownKey: (goldenKey: string) => string = (key) => key,
): Promise<void> {
  const of = (part: string): TensorData | undefined => tensors.get(`${layer.name}/${part}`)
  const graph = new Graph(layer.name)
  const feeds: Record<string, TensorData> = {}
  const inputs = Object.fromEntries(
    layer.inputs.map((name) => {
      const data = of(name)!
      const dtype = data.dtype === 'uint8' ? 'bool' : 'float32'
      feeds[name] = { ...data, dtype } as TensorData
      return [name, graph.input(name, dtype, data.shape)]
    }),
  )
  const build = builders[layer.name.split('/')[0]!]
  assert.ok(build, `no builder for ${layer.name}`)
  graph.output(
    'output',
    build(inputs, layer.attributes, (weight) => of(weight)?.shape ?? []),
  )
  const weights = new Map(layer.weights.map((key) => [ownKey(key), of(key)!]))
  assert.deepEqual([...graph.parameters.keys()].sort(), [...weights.keys()].sort(), 'parameter keys')
  const session = await runtime.createSession(encodeModel(graph, { weights }).bytes)
  const { output } = await session.run(feeds)
  await session.dispose()
  const expected = of('output')!
  assert.deepEqual(output!.shape, expected.shape)
  const [ours, exact] = [toNumbers(output!), toNumbers(expected)]
  const largest = exact.reduce((a, b) => Math.max(a, Math.abs(b)), 0)
  const difference = exact.reduce((a, b, i) => Math.max(a, Math.abs(b - ours[i]!)), 0)
  assert.ok(difference <= 1e-5 * Math.max(1, largest), `largest difference ${difference}, largest value ${largest}`)
}
