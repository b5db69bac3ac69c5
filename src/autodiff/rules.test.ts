/**
 * @file The contract of every gradient rule: on the cases of reference/gradients.py and gradients_of_resampling.py it gives PyTorch's gradients, and
 * where nothing is kinked those that differences of the operator itself give.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { engine } from '../../test/support/engine.js'
import { parseSafetensors } from '../checkpoint/index.js'
import { type Attributes, Graph, type Tensor } from '../graph/index.js'
import { encodeModel } from '../onnx/index.js'
import { add, addToGraph, cast, mul, type OpType, operators, reduceSum } from '../ops/index.js'
import { streamKey, type TensorData, toNumbers, uniformAt } from '../tensor/index.js'
import { gradient, gradientRules } from './index.js'

interface Case {
  readonly name: string
  readonly op: OpType
  readonly inputs: readonly ('wrt' | 'given' | 'constant' | null)[]
  readonly outputs: number
  /** No kink or jump near the inputs. */
  readonly smooth: boolean
  readonly attributes: Attributes
}

const GOLDEN = new URL('../../../test/golden/', import.meta.url)
const FILES = ['gradients', 'resampling'] as const
const cases = FILES.flatMap((file): Case[] => JSON.parse(readFileSync(new URL(`${file}.json`, GOLDEN), 'utf8')))
const tensors = new Map(
  FILES.flatMap((file) => [...parseSafetensors(readFileSync(new URL(`${file}.safetensors`, GOLDEN)), file).tensors]),
)

/** Inputs whose gradient is wanted, by position. */
const wanted = ({ inputs }: Case): number[] => inputs.flatMap((kind, i) => (kind === 'wrt' ? [i] : []))

/** The case as a graph: outputs `y{n}`, and with them the gradients `d{n}`. */
function build(test: Case): Graph {
  const { name, op, inputs, outputs, attributes } = test
  const graph = new Graph(name)
  const operands = inputs.map((kind, i): Tensor | undefined => {
    if (kind === null) return undefined
    const data = tensors.get(`${name}/${i}`)!
    return kind === 'constant' ? graph.constant(data) : graph.input(`x${i}`, data.dtype, data.shape)
  })
  const node = graph.scoped('layer', () => addToGraph(graph, op, operators[op], operands, attributes, outputs))
  const terms: Tensor[] = []
  node.outputs.forEach((output, n) => {
    const r = tensors.get(`${name}/r${n}`)
    if (r === undefined) return
    graph.output(`y${n}`, output)
    terms.push(reduceSum(mul(cast(output, 'float32'), graph.constant(r, `r${n}`)), [...r.shape.keys()]))
  })
  const positions = wanted(test)
  gradient(
    terms.reduce(add),
    positions.map((i) => operands[i]!),
  ).forEach((tensor, k) => {
    graph.output(`d${positions[k]}`, tensor)
  })
  return graph
}

function feedsOf({ name, inputs }: Case): Record<string, TensorData> {
  return Object.fromEntries(
    inputs.flatMap((kind, i) =>
      kind === 'wrt' || kind === 'given' ? [[`x${i}`, tensors.get(`${name}/${i}`)!] as const] : [],
    ),
  )
}

const largestOf = (values: readonly number[]): number => values.reduce((most, x) => Math.max(most, Math.abs(x)), 0)

describe('rules give PyTorch’s gradients', () => {
  for (const graphOptimization of ['none', 'all'] as const) {
    for (const one of cases) {
      test(`${one.name}, engine rewrites ${graphOptimization}`, async () => {
        const session = await (await engine()).createSession(encodeModel(build(one)).bytes, { graphOptimization })
        const results = await session.run(feedsOf(one))
        await session.dispose()
        for (const i of wanted(one)) {
          const expected = tensors.get(`${one.name}/grad${i}`)!
          const ours = results[`d${i}`]!
          assert.deepEqual([ours.dtype, ...ours.shape], ['float32', ...expected.shape], `input ${i}`)
          const exact = toNumbers(expected)
          const got = toNumbers(ours)
          const difference = largestOf(exact.map((value, k) => got[k]! - value))
          assert.ok(
            difference <= 1e-5 * largestOf(exact),
            `input ${i}: off by ${difference} of ${largestOf(exact)}: ${got} instead of ${exact}`,
          )
        }
      })
    }
  }
})

/** Step of each element, up or down at random: float32 loses about 1e-7 / STEP, curvature STEP². */
const STEP = 1e-2
const DIRECTIONS = 4

describe('rules give the gradients that differences give', () => {
  for (const one of cases.filter(({ smooth }) => smooth)) {
    test(one.name, async () => {
      const session = await (await engine()).createSession(encodeModel(build(one)).bytes)
      const feeds = feedsOf(one)
      const results = await session.run(feeds)
      const loss = async (input: string, data: Float32Array): Promise<number> => {
        const moved = { ...feeds, [input]: { ...feeds[input]!, data } as TensorData }
        const outputs = [...Array(one.outputs).keys()].filter((n) => tensors.has(`${one.name}/r${n}`))
        const run = await session.run(moved, { outputs: outputs.map((n) => `y${n}`) })
        // Summed here, in double precision.
        return outputs.reduce((sum, n) => {
          const r = toNumbers(tensors.get(`${one.name}/r${n}`)!)
          return sum + toNumbers(run[`y${n}`]!).reduce((part, y, k) => part + y * r[k]!, 0)
        }, 0)
      }
      for (const i of wanted(one)) {
        const at = toNumbers(feeds[`x${i}`]!)
        const slope = toNumbers(results[`d${i}`]!)
        for (let direction = 0; direction < DIRECTIONS; direction++) {
          const stream = streamKey(`${one.name}/direction${direction}`, i)
          const moved = (sign: number): Float32Array =>
            Float32Array.from(at, (x, k) => x + sign * STEP * (uniformAt(stream, k) < 0 ? -1 : 1))
          const [up, down] = [moved(1), moved(-1)]
          const measured = (await loss(`x${i}`, up)) - (await loss(`x${i}`, down))
          // The step that float32 has really taken.
          const predicted = slope.reduce((sum, g, k) => sum + g * (up[k]! - down[k]!), 0)
          const scale = slope.reduce((sum, g, k) => sum + Math.abs(g * (up[k]! - down[k]!)), 0)
          assert.ok(Math.abs(measured - predicted) <= 2e-3 * scale, `input ${i}: ${predicted}, measured ${measured}`)
        }
      }
      await session.dispose()
    })
  }
})

test('every operator with a rule has a case', () => {
  const covered = new Set(cases.map(({ op }) => op))
  const missing = Object.entries(gradientRules).filter(
    ([op, rule]) => typeof rule === 'function' && !covered.has(op as OpType),
  )
  assert.deepEqual(missing, [])
})
