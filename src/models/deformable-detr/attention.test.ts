import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { engine } from '../../../test/support/engine.js'
import { goldenTensors } from '../../../test/support/parity.js'
import { gradient } from '../../autodiff/index.js'
import { Graph, type Tensor } from '../../graph/index.js'
import { defineModule, type LevelSize } from '../../nn/index.js'
import { encodeModel } from '../../onnx/index.js'
import { mul, reduceSum } from '../../ops/index.js'
import { fromNumbers, type TensorData, toNumbers } from '../../tensor/index.js'
import { DeformableAttention, type Reading } from './attention.js'

interface Case {
  readonly name: string
  readonly inputs: readonly string[]
  readonly weights: readonly string[]
  /** What has no gradient, because places are rounded. */
  readonly noGradient: readonly string[]
  readonly attributes: {
    readonly heads: number
    readonly levels: readonly LevelSize[]
    readonly points: readonly number[]
    readonly discrete: boolean
  }
}

const GOLDEN = new URL('../../../../test/golden/deformable-attention.json', import.meta.url)
const cases: readonly Case[] = JSON.parse(readFileSync(GOLDEN, 'utf8'))
const tensors = goldenTensors('deformable-attention.safetensors')

function inputOf(one: Case, input: string): TensorData {
  const data = tensors.get(`${one.name}/${input}`)!
  return input === 'valid' ? fromNumbers('float32', [...data.shape, 1], toNumbers(data)) : data
}

/** The case as a graph whose output is `y`. */
function build(one: Case, training: boolean, reading: Reading | undefined): Graph {
  const { heads, levels, points, discrete } = one.attributes
  const graph = new Graph(one.name, { training })
  const given = one.inputs.map((input) => {
    const { dtype, shape } = inputOf(one, input)
    return [input, graph.input(input, dtype, shape)]
  })
  const { query, reference, memory, valid } = Object.fromEntries(given) as Record<string, Tensor>
  const channels = Number(query!.shape[2])
  const sampling = discrete ? 'nearest' : 'bilinear'
  const layer = defineModule(
    new DeformableAttention({ channels, heads, points, sampling, ...(reading === undefined ? {} : { reading }) }),
  )
  graph.output(
    'y',
    layer.forward(query!, reference!, { tokens: memory!, sizes: levels, ...(valid === undefined ? {} : { valid }) }),
  )
  return graph
}

async function run(graph: Graph, one: Case, more: Readonly<Record<string, TensorData>> = {}) {
  const weights = new Map(one.weights.map((key) => [key, tensors.get(`${one.name}/${key}`)!]))
  const session = await (await engine()).createSession(encodeModel(graph, { weights }).bytes)
  const feeds = Object.fromEntries(one.inputs.map((input) => [input, inputOf(one, input)]))
  try {
    return await session.run({ ...feeds, ...more })
  } finally {
    await session.dispose()
  }
}

function assertNear(actual: TensorData, name: string): void {
  const [ours, theirs] = [toNumbers(actual), toNumbers(tensors.get(name)!)]
  const largest = Math.max(...theirs.map(Math.abs), 1e-6)
  const worst = Math.max(...ours.map((value, i) => Math.abs(value - theirs[i]!)))
  assert.ok(worst <= 1e-5 * largest, `${name}: off by ${worst} of ${largest}`)
}

describe('deformable attention equals transformers', () => {
  for (const one of cases) {
    const interpolating: readonly Reading[] = ['grid', 'rows', 'matrix']
    const both: readonly Reading[] = one.attributes.levels.length > 1 ? ['grid-and-matrix'] : []
    const ways = one.attributes.discrete ? (['rows', 'matrix'] as const) : [...interpolating, ...both]
    for (const way of [...ways, undefined]) {
      test(`${one.name} by ${way ?? 'what suits'}`, async () => {
        const { y } = await run(build(one, false, way), one)
        assertNear(y!, `${one.name}/output`)
      })
    }

    for (const way of ways) {
      test(`${one.name} by ${way}: gradients`, () => compareGradients(one, way))
    }
  }
})

async function compareGradients(one: Case, way: Reading): Promise<void> {
  const graph = build(one, true, way)
  const y = graph.outputs.get('y')!
  const r = graph.input('r', 'float32', y.shape)
  const wanted = [...one.inputs, ...one.weights].filter((name) => name !== 'valid' && !one.noGradient.includes(name))
  const sources = wanted.map((name) => {
    const input = graph.inputs.find(({ source }) => source.kind === 'input' && source.name === name)
    return input ?? graph.parameters.get(name)!
  })
  gradient(reduceSum(mul(y, r), [0, 1, 2]), sources).forEach((slope, i) => {
    graph.output(`d/${wanted[i]}`, slope)
  })
  const outputs = await run(graph, one, { r: tensors.get(`${one.name}/r`)! })
  for (const name of wanted) assertNear(outputs[`d/${name}`]!, `${one.name}/${name}.gradient`)
}
