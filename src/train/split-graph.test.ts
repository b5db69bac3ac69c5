import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { engine } from '../../test/support/engine.js'
import { loadTinyModel, tinyModel } from '../../test/support/tiny-model.js'
import { Graph } from '../graph/index.js'
import { detrCriterion } from '../models/detr/criterion.js'
import { parametersOf } from '../nn/index.js'
import { encodeModel } from '../onnx/index.js'
import { cast, greater, matmul, mul, relu, transpose } from '../ops/index.js'
import { feedsFor } from '../runtime/index.js'
import { fromNumbers, mix, type TensorData } from '../tensor/index.js'
import { buildJointGraph, predictedNames, StepName } from './joint-graph.js'
import { splitGraph } from './split-graph.js'

type Tensors = Readonly<Record<string, TensorData>>

/** Compiles and runs a graph on those of `feeds` that it takes; unrewritten, so that both halves compute as the whole. */
async function run(graph: Graph, feeds: Tensors): Promise<Record<string, TensorData>> {
  const session = await (await engine()).createSession(encodeModel(graph).bytes, { graphOptimization: 'none' })
  const results = await session.run(feedsFor(session, feeds))
  await session.dispose()
  return results
}

/** Names of nodes that follow from the weights alone. */
function weightArithmetic({ nodes }: Graph): Set<string> {
  const found = new Set<string>()
  for (const { name, inputs } of nodes) {
    const follows = inputs.every((input) => {
      if (input?.source.kind === 'node') return found.has(input.source.node.name)
      return input?.source.kind !== 'input'
    })
    if (follows) found.add(name)
  }
  return found
}

const SHAPE = { batch: 2, height: 64, width: 96, denoising: 0 }
const { network, weights } = loadTinyModel()
const trained = parametersOf(network).filter(({ role }) => role === 'weight')
const joint = buildJointGraph(tinyModel, network, detrCriterion, trained, SHAPE)
const predicted = predictedNames(joint)
const { forward, backward, saved } = splitGraph(joint.graph, new Set(predicted))

/** A batch from a seed: two images of different size, three objects and one. */
function batchOf(seed: number): Tensors {
  const { batch, height, width } = SHAPE
  const pixels = Uint8Array.from({ length: batch * height * width * 3 }, (_, i) => mix(mix(i) ^ seed) & 255)
  const feeds: Record<string, TensorData> = {
    ...Object.fromEntries(weights),
    [StepName.images]: { dtype: 'uint8', shape: [batch, height, width, 3], data: pixels },
    [StepName.sizes]: fromNumbers('int32', [batch, 2], [height, width - seed, height - 9 - seed, width]),
    [StepName.perObject]: fromNumbers('float32', [], [1 / 4]),
  }
  for (const [i, set] of joint.matched.entries()) {
    const matched = Array.from({ length: 24 }, (_, row) =>
      row === 3 + i || row === 5 || row === 7 || row === 20 - i ? 1 : 0,
    )
    feeds[StepName.labels(set)] = fromNumbers(
      'int32',
      [2, 12],
      matched.map((m, row) => (m === 1 ? row % 2 : 3)),
    )
    feeds[StepName.boxes(set)] = fromNumbers(
      'float32',
      [2, 12, 4],
      matched.flatMap((m) => [0.5 * m, 0.4 * m, 0.3 * m, 0.2 * m]),
    )
    feeds[StepName.matched(set)] = fromNumbers('float32', [2, 12], matched)
  }
  return feeds
}

describe('the two halves of a small DETR', () => {
  const feeds = batchOf(1)
  let whole: Tensors
  let first: Tensors
  let second: Tensors

  before(async () => {
    whole = await run(joint.graph, feeds)
    first = await run(forward, feeds)
    second = await run(backward, { ...feeds, ...first })
  })

  test('give the joint graph’s predictions, losses and gradients', () => {
    assert.deepEqual(
      [...Object.keys(first), ...Object.keys(second)]
        .filter((name) => !saved.includes(name) || predicted.includes(name))
        .sort(),
      Object.keys(whole).sort(),
    )
    for (const [name, expected] of Object.entries(whole)) {
      assert.deepEqual(first[name] ?? second[name], expected, name)
    }
  })

  test('share no work but what is cheap: FORWARD has no part of the gradient, BACKWARD no convolution of FORWARD’s', () => {
    assert.deepEqual(
      forward.nodes.filter(({ name }) => name.includes('/gradient/') || name.startsWith('criterion')),
      [],
    )
    const costly = new Set(['Conv', 'MatMul', 'Softmax', 'LayerNormalization', 'Relu'])
    const names = new Set(forward.nodes.filter(({ op }) => costly.has(op)).map(({ name }) => name))
    // The first decoder layer discusses among queries that know nothing yet: that follows from the weights.
    const free = weightArithmetic(joint.graph)
    const again = backward.nodes.filter(({ name }) => names.has(name) && !free.has(name))
    assert.deepEqual(again, [])
  })

  test('save nothing twice, no mask and nothing that follows from the weights', async () => {
    assert.ok(saved.length > 40)
    assert.equal(new Set(saved).size, saved.length)
    const moving =
      /^(Cast|Concat|Equal|Expand|Greater.*|Less.*|Pad|Reshape|Slice|Split|Squeeze|Transpose|Unsqueeze|Where)$/
    for (const name of saved.filter((one) => !predicted.includes(one))) {
      const { source } = forward.outputs.get(name)!
      assert.ok(source.kind === 'node' && !moving.test(source.node.op), name)
    }
    const elements = new Map<string, string>()
    for (const name of saved) {
      const values = (first[name]!.data as Float32Array).toSorted()
      assert.ok(
        values.some((value) => value !== 0 && value !== 1),
        `${name} is a mask`,
      )
      // A reshaped or transposed copy has the same elements.
      const key = Buffer.from(values.buffer).toString('base64')
      assert.equal(elements.get(key), undefined, `${name} has the elements of ${elements.get(key)}`)
      elements.set(key, name)
    }
    const other = await run(forward, batchOf(2))
    for (const name of saved) assert.notDeepEqual(other[name], first[name], `${name} follows from the weights`)
  })
})

test('what crosses is chosen cheap', () => {
  const graph = new Graph('step')
  const x = graph.input('x', 'float32', [4, 3])
  const weight = graph.parameterTensor('w', 'float32', [5, 3])
  const turned = transpose(weight, [1, 0])
  const hidden = relu(matmul(x, turned))
  const side = transpose(hidden, [1, 0])
  const mask = cast(greater(hidden, 0), 'float32')
  graph.output('prediction', matmul(mul(hidden, mask), side))
  graph.output('loss', matmul(side, mul(mask, 2)))
  graph.output('weight', turned)
  const { forward: ahead, backward: behind, saved: crossing } = splitGraph(graph, new Set(['prediction']))
  // ReLU's result crosses, once: transposes and mask are made again, and the weight comes as itself.
  assert.deepEqual(crossing, ['saved/Relu:0'])
  assert.deepEqual([...ahead.outputs.keys()], ['prediction', 'saved/Relu:0'])
  assert.deepEqual([...behind.outputs.keys()], ['loss', 'weight'])
  assert.deepEqual(
    behind.inputs.map(({ source }) => source.kind === 'input' && source.name),
    ['saved/Relu:0'],
  )
  assert.deepEqual([...behind.parameters.keys()], ['w'])
  assert.deepEqual(behind.nodes.map(({ op }) => op).sort(), [
    'Cast',
    'Greater',
    'MatMul',
    'Mul',
    'Transpose',
    'Transpose',
  ])
})

test('a prediction that BACKWARD reads crosses under its own name', () => {
  const graph = new Graph('step')
  const x = graph.input('x', 'float32', [2])
  const prediction = transpose(matmul(graph.parameterTensor('w', 'float32', [3, 2]), mul(x, x)), [0])
  graph.output('prediction', prediction)
  graph.output('loss', mul(prediction, prediction))
  const { forward: ahead, backward: behind, saved: crossing } = splitGraph(graph, new Set(['prediction']))
  assert.deepEqual(crossing, ['prediction'])
  assert.deepEqual([...ahead.outputs.keys()], ['prediction'])
  assert.deepEqual(
    behind.nodes.map(({ op }) => op),
    ['Mul'],
  )
})
