/** @file Norms folded into convolutions: the same values, and only where that is right. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertClose, runGraph } from '../../test/support/engine.js'
import { type Attributes, Graph, type Tensor } from '../graph/index.js'
import { add, addToGraph, batchNormalization, operators, relu } from '../ops/index.js'
import { fromNumbers, sizeOfShape, streamKey, type TensorData, uniformAt } from '../tensor/index.js'
import { foldNormsIntoConvolutions, foldNormsSymbolically, removeDeadCode } from './index.js'

/** A graph under construction and the values of its parameters. */
interface Net {
  readonly graph: Graph
  readonly weights: Map<string, TensorData>
  readonly x: Tensor
}

function random(name: string, shape: readonly number[], low = -1, high = 1): TensorData {
  const key = streamKey(name, 1)
  const value = (_: unknown, i: number): number => low + ((uniformAt(key, i) + 1) / 2) * (high - low)
  return fromNumbers('float32', shape, Array.from({ length: sizeOfShape(shape) }, value))
}

function parameter({ graph, weights }: Net, key: string, shape: readonly number[], positive = false): Tensor {
  if (!weights.has(key)) weights.set(key, positive ? random(key, shape, 0.1, 2) : random(key, shape))
  return graph.parameterTensor(key, 'float32', shape)
}

function conv(
  net: Net,
  x: Tensor,
  name: string,
  options: { bias?: boolean; attributes?: Attributes; shape?: number[] } = {},
): Tensor {
  const shape = options.shape ?? [4, 3, 3, 3]
  const weight = parameter(net, `${name}.weight`, shape)
  const bias = options.bias ? parameter(net, `${name}.bias`, [shape[0]!]) : undefined
  const attributes = options.attributes ?? { pads: [1, 1, 1, 1] }
  return addToGraph(net.graph, 'Conv', operators.Conv, [x, weight, bias], attributes, 1, `${name}/Conv`).outputs[0]!
}

function norm(net: Net, x: Tensor, name: string, epsilon = 1e-5): Tensor {
  const channels = [Number(x.shape[1])]
  const [scale, bias, mean] = ['weight', 'bias', 'running_mean'].map((field) =>
    parameter(net, `${name}.${field}`, channels),
  )
  const variance = parameter(net, `${name}.running_var`, channels, true)
  return batchNormalization(x, scale!, bias!, mean!, variance, epsilon)
}

function netOf(
  build: (net: Net) => readonly Tensor[],
  shape: readonly (number | string)[] = ['batch', 3, 'height', 'width'],
): Net {
  const graph = new Graph('net')
  const net: Net = { graph, weights: new Map(), x: graph.input('x', 'float32', shape) }
  build(net).forEach((tensor, i) => {
    graph.output(`y${i}`, tensor)
  })
  return net
}

const ops = (graph: Graph): readonly string[] => graph.nodes.map(({ op }) => op)

async function sameValues(
  net: Net,
  folded: Graph,
  weights: ReadonlyMap<string, TensorData>,
  real = [2, 3, 5, 4],
): Promise<void> {
  const feeds = { x: random('x', real) }
  const [before, after] = [await runGraph(net.graph, feeds, net.weights), await runGraph(folded, feeds, weights)]
  for (const [name, value] of Object.entries(before)) assertClose(after[name], value, name, { absolute: 1e-5 })
}

/** Folds with weights, checks the values and gives the operators that are left. */
async function folded(net: Net, real?: number[]): Promise<readonly string[]> {
  const size = net.weights.size
  const { graph, weights } = foldNormsIntoConvolutions(net)
  await sameValues(net, graph, weights, real)
  assert.equal(net.weights.size, size, 'the weights that were given are not changed')
  return ops(graph)
}

const FOLDABLE: readonly (readonly [name: string, net: () => Net, real?: number[]])[] = [
  ['without a bias', () => netOf((net) => [relu(norm(net, conv(net, net.x, 'conv'), 'bn'))])],
  ['with a bias', () => netOf((net) => [relu(norm(net, conv(net, net.x, 'conv', { bias: true }), 'bn'))])],
  ['with a large epsilon', () => netOf((net) => [relu(norm(net, conv(net, net.x, 'conv'), 'bn', 0.5))])],
  [
    'in groups, strided and dilated',
    () => {
      const attributes = { group: 3, strides: [2, 1], dilations: [1, 2], pads: [1, 2, 1, 2] }
      return netOf((net) => [relu(norm(net, conv(net, net.x, 'conv', { attributes, shape: [6, 1, 3, 3] }), 'bn'))])
    },
  ],
  [
    'in one dimension',
    () =>
      netOf(
        (net) => [relu(norm(net, conv(net, net.x, 'conv', { attributes: {}, shape: [2, 3, 2] }), 'bn'))],
        [1, 3, 'length'],
      ),
    [1, 3, 5],
  ],
]

for (const [name, net, real] of FOLDABLE) {
  test(`a norm after a convolution ${name} becomes part of it`, async () => {
    assert.deepEqual(await folded(net(), real), ['Conv', 'Relu'])
    const symbolic = foldNormsSymbolically(net().graph)
    assert.equal(ops(symbolic).includes('BatchNormalization'), false)
    await sameValues(net(), symbolic, net().weights, real)
  })
}

test('the convolution keeps its name, and its filters are called after the original ones', () => {
  const { graph, weights } = foldNormsIntoConvolutions(netOf((net) => [norm(net, conv(net, net.x, 'stem'), 'bn')]))
  assert.equal(graph.nodes[0]!.name, 'stem/Conv')
  assert.deepEqual([...removeDeadCode(graph).parameters.keys()], ['stem.weight/folded', 'stem.weight/folded_bias'])
  assert.deepEqual(weights.get('stem.weight/folded')!.shape, [4, 3, 3, 3])
})

test('a norm stays where the convolution is used twice, or is an output', async () => {
  const twice = netOf((net) => {
    const hidden = conv(net, net.x, 'conv')
    return [add(norm(net, hidden, 'bn'), hidden)]
  })
  assert.deepEqual(await folded(twice), ['Conv', 'BatchNormalization', 'Add'])
  const twoNorms = netOf((net) => {
    const hidden = conv(net, net.x, 'conv')
    return [norm(net, hidden, 'a'), norm(net, hidden, 'b')]
  })
  assert.deepEqual(await folded(twoNorms), ['Conv', 'BatchNormalization', 'BatchNormalization'])
  const output = netOf((net) => {
    const hidden = conv(net, net.x, 'conv')
    return [hidden, norm(net, hidden, 'bn')]
  })
  assert.deepEqual(await folded(output), ['Conv', 'BatchNormalization'])
  for (const net of [twice, twoNorms, output]) {
    assert.equal(ops(foldNormsSymbolically(net.graph)).filter((op) => op === 'BatchNormalization').length > 0, true)
  }
})

test('a size may be read from the convolution once the norm is there, not before', async () => {
  const sized = (early: boolean): Net =>
    netOf((net) => {
      const hidden = conv(net, net.x, 'conv')
      const size = (): Tensor => addToGraph(net.graph, 'Shape', operators.Shape, [hidden], {}, 1).outputs[0]!
      const before = early ? [size()] : []
      return [norm(net, hidden, 'bn'), ...before, size()]
    })
  assert.deepEqual(await folded(sized(false)), ['Conv', 'Shape'])
  assert.deepEqual(await folded(sized(true)), ['Conv', 'Shape', 'BatchNormalization', 'Shape'])
  const symbolic = foldNormsSymbolically(sized(false).graph)
  assert.equal(ops(symbolic).includes('BatchNormalization'), false)
  await sameValues(sized(false), symbolic, sized(false).weights)
})

test('a norm stays where a value is unknown, not float32, or the statistics are the batch’s', () => {
  const build = (): Net => netOf((net) => [norm(net, conv(net, net.x, 'conv', { bias: true }), 'bn')])
  for (const key of ['conv.weight', 'conv.bias', 'bn.weight', 'bn.bias', 'bn.running_mean', 'bn.running_var']) {
    const net = build()
    net.weights.delete(key)
    assert.deepEqual(ops(foldNormsIntoConvolutions(net).graph), ['Conv', 'BatchNormalization'], key)
    net.weights.set(key, fromNumbers('float16', [1], [1]))
    assert.deepEqual(ops(foldNormsIntoConvolutions(net).graph), ['Conv', 'BatchNormalization'], key)
  }
  const training = netOf((net) => {
    const hidden = conv(net, net.x, 'conv')
    const statistics = Array.from({ length: 4 }, (_, i) => parameter(net, `bn.${i}`, [4], true))
    const { BatchNormalization } = operators
    return addToGraph(
      net.graph,
      'BatchNormalization',
      BatchNormalization,
      [hidden, ...statistics],
      { training_mode: 1 },
      3,
    ).outputs
  })
  assert.deepEqual(ops(foldNormsIntoConvolutions(training).graph), ['Conv', 'BatchNormalization'])
  assert.deepEqual(ops(foldNormsSymbolically(training.graph)), ['Conv', 'BatchNormalization'])
})

test('a norm after anything else, or after a convolution that it does not read first, stays', async () => {
  const plain = netOf((net) => [norm(net, relu(net.x), 'bn')])
  assert.deepEqual(await folded(plain), ['Relu', 'BatchNormalization'])
  const apart = netOf((net) => [norm(net, relu(conv(net, net.x, 'conv')), 'bn')])
  assert.deepEqual(await folded(apart), ['Conv', 'Relu', 'BatchNormalization'])
})

test('one set of filters under two norms becomes two sets', async () => {
  const net = netOf((n) => [
    norm(n, conv(n, n.x, 'shared'), 'a'),
    norm(n, conv(n, relu(n.x), 'shared'), 'b'),
    norm(n, conv(n, n.x, 'shared'), 'a', 0.5),
  ])
  assert.deepEqual(await folded(net), ['Conv', 'Relu', 'Conv', 'Conv'])
  const { graph } = foldNormsIntoConvolutions(net)
  assert.equal(removeDeadCode(graph).parameters.size, 6)
  await sameValues(net, foldNormsSymbolically(net.graph), net.weights)
})

test('a layer that is used twice is folded once', async () => {
  const net = netOf((n) => [norm(n, conv(n, n.x, 'shared'), 'bn'), norm(n, conv(n, relu(n.x), 'shared'), 'bn')])
  assert.deepEqual(await folded(net), ['Conv', 'Relu', 'Conv'])
  assert.equal(removeDeadCode(foldNormsIntoConvolutions(net).graph).parameters.size, 2)
})
