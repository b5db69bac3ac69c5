/** @file Differentiation of graphs: accumulation, what the loss does not depend on, refusals and names. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertClose, runGraph } from '../../test/support/engine.js'
import { Graph, type Tensor } from '../graph/index.js'
import { examples } from '../ops/all.examples.js'
import {
  add,
  addToGraph,
  batchNormalization,
  cast,
  exp,
  floor,
  matmul,
  mul,
  type OpType,
  operators,
  reduceSum,
  relu,
  sin,
  slice,
  split,
  sub,
} from '../ops/index.js'
import { float32 } from '../ops/operator.examples.js'
import { GradientError, isFloat, type TensorData } from '../tensor/index.js'
import { gradient, gradientRules } from './index.js'

const leakyRelu = (x: Tensor): Tensor => addToGraph(x.graph, 'LeakyRelu', operators.LeakyRelu, [x], {}, 1).outputs[0]!
const sumOf = (tensor: Tensor): Tensor => reduceSum(cast(tensor, 'float32'), [...tensor.shape.keys()])

/** Gradients of `loss` by the graph's inputs, run on their values. */
async function gradientsOf(
  values: Readonly<Record<string, TensorData>>,
  build: (inputs: Readonly<Record<string, Tensor>>) => Tensor,
): Promise<Record<string, TensorData>> {
  const graph = new Graph('test')
  const inputs = Object.fromEntries(
    Object.entries(values).map(([name, { dtype, shape }]) => [name, graph.input(name, dtype, shape)]),
  )
  const names = Object.keys(values)
  gradient(
    build(inputs),
    names.map((name) => inputs[name]!),
  ).forEach((tensor, i) => {
    graph.output(`d/${names[i]}`, tensor)
  })
  const results = await runGraph(graph, values)
  return Object.fromEntries(names.map((name) => [name, results[`d/${name}`]!]))
}

test('what flows to a tensor from several uses is added up', async () => {
  const x = float32([3], -1, 0.5, 2)
  // x² + x·sin x + x + x: the derivative is 2x + sin x + x cos x + 2.
  const { x: slope } = await gradientsOf({ x }, ({ x: t }) => {
    const several = [mul(t!, t!), mul(t!, sin(t!)), t!, t!]
    return sumOf(several.reduce(add))
  })
  const expected = [-1, 0.5, 2].map((v) => 2 * v + Math.sin(v) + v * Math.cos(v) + 2)
  assertClose(slope, float32([3], ...expected), 'slope')
})

test('a value that is used late and early gets both parts', async () => {
  // h = e^x is used by the very next node and, past a second branch, by the last one: d = h + 3h² by the product rule.
  const { x: slope } = await gradientsOf({ x: float32([2], 0, 1) }, ({ x: t }) => {
    const h = exp(t!)
    const squared = mul(h, h)
    const late = mul(squared, h)
    return sumOf(add(h, late))
  })
  assertClose(slope, float32([2], 1 + 3, Math.E + 3 * Math.E ** 3), 'slope', { relative: 1e-6 })
})

test('a parameter may be the loss itself, and may be named twice', async () => {
  const graph = new Graph('test')
  const x = graph.input('x', 'float32', [])
  const [first, second] = gradient(x, [x, x])
  graph.output('first', first!)
  graph.output('second', second!)
  const results = await runGraph(graph, { x: float32([], 7) })
  assert.deepEqual([results['first']!.data[0], results['second']!.data[0]], [1, 1])
})

test('the gradient by the result of a node asks nothing of what lies before it', async () => {
  const graph = new Graph('test')
  const hidden = leakyRelu(graph.input('x', 'float32', [2]))
  graph.output('slope', gradient(sumOf(mul(hidden, hidden)), [hidden])[0]!)
  const { slope } = await runGraph(graph, { x: float32([2], 1, 3) })
  assertClose(slope, float32([2], 2, 6), 'slope')
})

test('a parameter on which the loss does not depend gets zeros', async () => {
  const values = {
    used: float32([2], 1, 2),
    unused: float32([2, 3], 1, 2, 3, 4, 5, 6),
    floored: float32([2], 0.5, 1.5),
  }
  const slopes = await gradientsOf(values, ({ used, unused, floored }) => {
    exp(unused!)
    return sumOf(mul(used!, floor(floored!)))
  })
  assert.deepEqual([...slopes['used']!.data], [0, 1])
  assertClose(slopes['unused'], float32([2, 3], 0, 0, 0, 0, 0, 0), 'unused')
  assertClose(slopes['floored'], float32([2], 0, 0), 'floored')
})

test('only the parts of a split that matter matter', async () => {
  const { x: slope } = await gradientsOf({ x: float32([4], 1, 2, 3, 4) }, ({ x: t }) => {
    const [, second] = split(t!, [1, 2, 1], 0)
    return sumOf(mul(second!, second!))
  })
  assert.deepEqual([...slope!.data], [0, 4, 6, 0])
})

test('a loss that is no float32 scalar is refused', () => {
  const graph = new Graph('step')
  const x = graph.input('x', 'float32', [2])
  assert.throws(() => gradient(x, [x]), {
    name: 'GradientError',
    message: 'step: expected a float32 scalar as loss, got float32[2].',
  })
  const count = reduceSum(cast(x, 'int64'), [0])
  assert.throws(() => gradient(count, [x]), /expected a float32 scalar as loss, got int64\[\]/)
})

test('gradient nodes carry the module path of what they differentiate', () => {
  const graph = new Graph('step')
  const weight = graph.parameterTensor('decoder.linear.weight', 'float32', [3, 3])
  const other = graph.parameterTensor('head.weight', 'float32', [3, 3])
  const x = graph.input('x', 'float32', [2, 3])
  const hidden = graph.scoped('decoder.linear', () => relu(matmul(x, weight)))
  const again = graph.scoped('decoder.again', () => matmul(hidden, weight))
  const loss = sumOf(sub(again, hidden))
  const before = graph.nodes.length
  gradient(loss, [weight, other])
  const added = graph.nodes.slice(before).map(({ name }) => name)
  const scopes = new Set(added.slice(1).map((name) => name.slice(0, name.lastIndexOf('/'))))
  assert.deepEqual(
    scopes,
    new Set([
      'gradient', // Sub and ReduceSum stand in no module.
      'decoder.again/gradient',
      'decoder.linear/gradient',
      'decoder.linear.weight/gradient', // the sum over both uses
      'head.weight/gradient', // zeros
    ]),
  )
  assert.equal(added[0], 'gradient/ConstantOfShape')
})

/** The first example of `op` with a float input, in module `head.layer`; its loss and that input. */
function exampleOf(op: OpType): { readonly loss: Tensor; readonly x: Tensor; readonly data: TensorData } | undefined {
  for (const { inputs, attributes, outputs, constants, notRun } of examples[op]) {
    const at = inputs.findIndex((data, i) => data?.dtype === 'float32' && !constants?.includes(i))
    if (at < 0 || notRun !== undefined) continue
    const graph = new Graph(op)
    const operands = inputs.map((data, i) => {
      if (data === undefined) return undefined
      return i === at ? graph.input('x', data.dtype, data.shape) : graph.constant(data, `constant${i}`)
    })
    const node = graph.scoped('head.layer', () =>
      addToGraph(graph, op, operators[op], operands, attributes ?? {}, outputs.length),
    )
    return { loss: sumOf(node.outputs[0]!), x: operands[at]!, data: inputs[at]! }
  }
  return undefined
}

const opsWith = (accepts: (rule: unknown) => boolean): OpType[] =>
  (Object.keys(gradientRules) as OpType[]).filter((op) => accepts(gradientRules[op]))

for (const op of opsWith((rule) => typeof rule === 'object')) {
  test(`${op} has no gradient, and says where and why`, () => {
    const { loss, x } = exampleOf(op)!
    const { none } = gradientRules[op] as { readonly none: string }
    assert.throws(
      () => gradient(loss, [x]),
      (error) => {
        assert.ok(error instanceof GradientError)
        assert.equal(error.path, `head.layer (${op})`)
        const sentence = `expected an operator with a gradient, got ${op}, which has none: ${none}.`
        assert.equal(error.message, `head.layer (${op}): ${sentence}`)
        return true
      },
    )
  })
}

test('operators that are piecewise constant have gradient 0', async () => {
  const tried: OpType[] = []
  for (const op of opsWith((rule) => rule === 'zero')) {
    const example = exampleOf(op)
    // By its indices, that is: its two values are constants.
    if (example === undefined || op === 'OneHot') continue
    tried.push(op)
    const { loss, x, data } = example
    loss.graph.output('slope', gradient(loss, [x])[0]!)
    const { slope } = await runGraph(loss.graph, { x: data })
    assertClose(slope, { ...data, data: new Float32Array(data.data.length) } as TensorData, op)
  }
  // The others take no floats, or none that is not known while building.
  const rest = opsWith((rule) => rule === 'zero').filter((op) => !tried.includes(op))
  assert.deepEqual(rest.sort(), ['And', 'ConstantOfShape', 'Not', 'OneHot', 'Or', 'Range', 'StopGradient', 'Xor'])
})

test('forms of an operator whose gradient is not written are refused, never wrong', () => {
  const refused = (
    got: RegExp,
    build: (x: Tensor, graph: Graph) => Tensor,
    shape: readonly (number | string)[],
  ): void => {
    const graph = new Graph('step')
    const x = graph.input('x', 'float32', shape)
    const loss = sumOf(graph.scoped('layer', () => build(x, graph)))
    assert.throws(
      () => gradient(loss, [x]),
      (error) => error instanceof GradientError && error.path.startsWith('layer') && got.test(error.message),
      String(got),
    )
  }
  const filters = (graph: Graph, ...shape: number[]): Tensor =>
    graph.constant({ dtype: 'float32', shape, data: new Float32Array(shape.reduce((a, b) => a * b)) }, 'filters')
  const convolved = (attributes: Readonly<Record<string, string | readonly number[]>>) => (x: Tensor, graph: Graph) =>
    addToGraph(graph, 'Conv', operators.Conv, [x, filters(graph, 2, 2, 3, 3)], attributes, 1).outputs[0]!
  const image = [1, 2, 6, 6]
  refused(/got strides that differ between axes/, convolved({ strides: [1, 2] }), image)
  refused(/got pads that differ between axes/, convolved({ pads: [0, 0, 1, 1] }), image)
  refused(/got padding by auto_pad/, convolved({ auto_pad: 'SAME_UPPER' }), image)
  refused(
    /got a convolution of other than two dimensions/,
    (x, graph) => addToGraph(graph, 'Conv', operators.Conv, [x, filters(graph, 2, 2, 3)], {}, 1).outputs[0]!,
    [1, 2, 6],
  )
  refused(/got a product with a vector/, (x, graph) => matmul(x, filters(graph, 3)), [2, 3])
  refused(/got steps/, (x) => slice(x, 0, 0, undefined, 2), [4])
  refused(/sizes that are numbers, got \[rows, 3\]/, (x) => slice(x, 1, 1), ['rows', 3])
  refused(
    /BatchNormalization, which has none by its input 3/,
    (x, graph) => {
      const [scale, bias, variance] = [1, 2, 3].map(() => graph.constant(float32([2], 1, 1)))
      return batchNormalization(filters(graph, 1, 2, 2, 2), scale!, bias!, x, variance!, 1e-5)
    },
    [2],
  )
  refused(
    /Pad, which has none by its input 2/,
    (x, graph) => {
      const pads = graph.constant({ dtype: 'int64', shape: [2], data: BigInt64Array.of(1n, 1n) })
      return addToGraph(graph, 'Pad', operators.Pad, [filters(graph, 3), pads, x], {}, 1).outputs[0]!
    },
    [],
  )
})

test('integers on the way stop the gradient without a word', async () => {
  const { x: slope } = await gradientsOf({ x: float32([2], 1.5, 2.5) }, ({ x: t }) => {
    const counted = cast(cast(t!, 'int64'), 'float32')
    assert.ok(!isFloat('int64'))
    return sumOf(mul(counted, t!))
  })
  assert.deepEqual([...slope!.data], [1, 2])
})
