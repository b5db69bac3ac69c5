/** @file IoU and generalised IoU: known values, degenerate and extreme boxes, host against graph. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { runGraph } from '../../test/support/engine.js'
import { Graph } from '../graph/index.js'
import { ConfigError, ShapeError, streamKey, type TensorData, tensorData, uniformAt } from '../tensor/index.js'
import {
  boxesOf,
  generalizedIou,
  generalizedIouMatrix,
  generalizedIouPairs,
  iou,
  iouMatrix,
  iouPairs,
  type OverlapOptions,
} from './index.js'

type Corners = readonly [number, number, number, number]

interface Case {
  readonly name: string
  readonly a: Corners
  readonly b: Corners
  readonly iou: number
  readonly generalized: number
}

const square = (low: number, size: number): Corners => [low, low, low + size, low + size]

const CASES: readonly Case[] = [
  { name: 'identical', a: square(0.25, 0.5), b: square(0.25, 0.5), iou: 1, generalized: 1 },
  { name: 'overlapping', a: square(0, 2), b: square(1, 2), iou: 1 / 7, generalized: 1 / 7 - 2 / 9 },
  { name: 'nested', a: square(0, 4), b: square(1, 2), iou: 1 / 4, generalized: 1 / 4 },
  { name: 'touching', a: [0, 0, 1, 1], b: [1, 0, 2, 1], iou: 0, generalized: 0 },
  { name: 'disjoint', a: [0, 0, 1, 1], b: [2, 0, 3, 1], iou: 0, generalized: -1 / 3 },
  { name: 'disjoint along the other axis', a: [0, 5, 1, 6], b: [0, 0, 1, 1], iou: 0, generalized: -4 / 6 },
  { name: 'slivers that cross', a: [0, 0, 1, 2 ** -9], b: [0, 0, 2 ** -9, 1], iou: 1 / 1023, generalized: -0.99512 },
  { name: 'a point in a box', a: square(0, 2), b: square(1, 0), iou: 0, generalized: 0 },
  { name: 'a point beside a box', a: square(0, 1), b: square(2, 0), iou: 0, generalized: 1 / 4 - 1 },
  { name: 'two points', a: square(0, 0), b: square(1, 0), iou: 0, generalized: -1 },
  { name: 'the same point', a: square(0.5, 0), b: square(0.5, 0), iou: 0, generalized: 0 },
  { name: 'parallel lines', a: [0, 0, 0, 1], b: [1, 0, 1, 1], iou: 0, generalized: -1 },
  { name: 'lines that cross', a: [0, 1, 2, 1], b: [1, 0, 1, 2], iou: 0, generalized: -1 },
  { name: 'lines on one line', a: [1, 0, 1, 2], b: [1, 1, 1, 3], iou: 0, generalized: 0 },
  { name: 'huge identical', a: square(-1e30, 2e30), b: square(-1e30, 2e30), iou: 1, generalized: 1 },
  { name: 'huge nested', a: square(0, 4e30), b: square(1e30, 2e30), iou: 1 / 4, generalized: 1 / 4 },
  { name: 'huge disjoint', a: [0, 0, 1e30, 1e30], b: [2e30, 0, 3e30, 1e30], iou: 0, generalized: -1 / 3 },
  { name: 'huge around small', a: square(-1e30, 2e30), b: square(0, 1), iou: 0, generalized: 0 },
  { name: 'huge and flat', a: [0, 0, 1e30, 2 ** -20], b: [0, 0, 1e30, 2 ** -21], iou: 1 / 2, generalized: 1 / 2 },
  { name: 'small identical', a: square(0, 1e-15), b: square(0, 1e-15), iou: 1, generalized: 1 },
  { name: 'small overlapping', a: square(0, 2e-12), b: square(1e-12, 2e-12), iou: 1 / 7, generalized: 1 / 7 - 2 / 9 },
  { name: 'denormal in a box', a: square(0, 1), b: square(0, 1e-40), iou: 0, generalized: 0 },
  { name: 'denormal beside a box', a: square(1, 1), b: square(0, 1e-40), iou: 0, generalized: 1 / 4 - 1 },
  { name: 'denormal identical', a: square(0, 1e-40), b: square(0, 1e-40), iou: 0, generalized: 0 },
  { name: 'thinner than the smallest extent', a: [0, 0, 2 ** -61, 1], b: [0, 0, 2 ** -61, 1], iou: 0, generalized: 0 },
  { name: 'denormal width', a: [0, 0, 1e-40, 1], b: [0, 0, 1e-40, 1], iou: 0, generalized: 0 },
]

const cornersOf = (side: 'a' | 'b'): Float32Array => Float32Array.from(CASES.flatMap((entry) => entry[side]))

/** Both measures of pairs of boxes, computed by ONNX Runtime. */
async function inGraph(a: Float32Array, b: Float32Array, options: OverlapOptions = {}): Promise<ArrayLike<number>[]> {
  const graph = new Graph()
  const shape = [a.length / 4, 4]
  const [first, second] = [graph.input('a', 'float32', shape), graph.input('b', 'float32', shape)]
  graph.output('iou', iou(first, second, options))
  graph.output('generalized', generalizedIou(first, second, options))
  const outputs = await runGraph(graph, { a: tensorData('float32', shape, a), b: tensorData('float32', shape, b) })
  return ['iou', 'generalized'].map((name) => {
    const output = outputs[name] as TensorData<'float32'>
    assert.deepEqual(output.shape, [a.length / 4])
    return output.data
  })
}

function onHost(a: Float32Array, b: Float32Array, options: OverlapOptions = {}): ArrayLike<number>[] {
  const [first, second] = [boxesOf('xyxy', a), boxesOf('xyxy', b)]
  return [iouPairs(first, second, options), generalizedIouPairs(first, second, options)]
}

function assertNear(
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  bound: number,
  names: (i: number) => string,
): void {
  assert.equal(got.length, want.length)
  for (let i = 0; i < want.length; i++) {
    const near = Math.abs(got[i]! - want[i]!) <= bound
    if (!near) assert.fail(`${names(i)}: ${got[i]}, expected ${want[i]}`)
  }
}

/** Boxes of all sizes and positions; every eighth number of the stream makes a box without width. */
function randomCorners(seed: number, count: number): Float32Array {
  const key = streamKey('corners', seed)
  const unit = (i: number): number => (uniformAt(key, i) + 1) / 2
  return Float32Array.from({ length: 4 * count }, (_, i) => {
    const [box, axis] = [i >> 2, i & 1]
    const low = unit(8 * box + axis) / 2
    if ((i & 2) === 0) return low
    const size = unit(8 * box + 2 + axis) ** 2
    return low + (unit(8 * box + 4 + axis) < 1 / 8 ? 0 : size)
  })
}

describe('overlap of boxes', () => {
  test('known values on the host, also with both boxes exchanged', () => {
    const [a, b] = [cornersOf('a'), cornersOf('b')]
    for (const [first, second] of [[a, b] as const, [b, a] as const]) {
      const [plain, generalized] = onHost(first, second)
      const name = (i: number): string => CASES[i]!.name
      assertNear(
        plain!,
        CASES.map((entry) => entry.iou),
        1e-6,
        name,
      )
      assertNear(
        generalized!,
        CASES.map((entry) => entry.generalized),
        1e-5,
        name,
      )
    }
  })

  test('the graph equals the host, on known, random and extreme boxes, with and without epsilon', async () => {
    const a = Float32Array.from([...cornersOf('a'), ...cornersOf('b'), ...randomCorners(1, 2000)])
    const b = Float32Array.from([...cornersOf('b'), ...cornersOf('a'), ...randomCorners(2, 2000)])
    for (const options of [{}, { epsilon: 1e-6 }]) {
      const [host, graph] = [onHost(a, b, options), await inGraph(a, b, options)]
      host.forEach((want, i) => {
        assertNear(graph[i]!, want, 1e-6, (pair) => `pair ${pair} (${CASES[pair % CASES.length]!.name})`)
      })
      const spread = new Set(Array.from(host[1]!, (value) => Math.floor(value * 10)))
      assert.ok(spread.size > 15, 'the pairs are too much alike')
    }
  })

  test('a matrix has the pairs of all with all', () => {
    const [a, b] = [boxesOf('xyxy', randomCorners(3, 5)), boxesOf('xyxy', randomCorners(4, 7))]
    const options = { epsilon: 1e-3 }
    const [plain, generalized] = [iouMatrix(a, b, options), generalizedIouMatrix(a, b, options)]
    assert.deepEqual([plain.length, generalized.length], [35, 35])
    for (let i = 0; i < 5; i++) {
      for (let j = 0; j < 7; j++) {
        const pair = [a.slice(4 * i, 4 * i + 4), b.slice(4 * j, 4 * j + 4)] as const
        const [one, other] = onHost(...pair, options)
        assert.deepEqual([plain[7 * i + j], generalized[7 * i + j]], [one![0], other![0]])
      }
    }
    assert.equal(iouMatrix(a, boxesOf('xyxy', new Float32Array(0))).length, 0)
  })

  test('epsilon is added to both denominators, as in DAB-DETR', async () => {
    const a = Float32Array.from([...square(0, 1e-3), ...square(0, 1e-3), ...square(0, 0), ...square(0, 1e30)])
    const b = Float32Array.from([...square(0, 1e-3), 2e-3, 0, 3e-3, 1e-3, ...square(0, 0), ...square(0, 1e30)])
    const expected = [
      [1 / 2, 0, 0, 1],
      [1 / 2, -1 / 4, 0, 1],
    ]
    for (const values of [onHost(a, b, { epsilon: 1e-6 }), await inGraph(a, b, { epsilon: 1e-6 })]) {
      expected.forEach((want, i) => {
        assertNear(values[i]!, want, 1e-6, (pair) => `measure ${i} of pair ${pair}`)
      })
    }
  })

  test('NaN in any corner comes out as NaN, whatever the other axis', async () => {
    for (const other of [square(0, 1), square(0, 0)]) {
      for (let corner = 0; corner < 8; corner++) {
        const both = Float32Array.from([...other, ...other])
        both[corner] = Number.NaN
        const [a, b] = [both.slice(0, 4), both.slice(4)]
        for (const [value] of [...onHost(a, b), ...(await inGraph(a, b))] as number[][]) {
          assert.ok(Number.isNaN(value), `corner ${corner} of ${other}: ${value}`)
        }
      }
    }
  })

  test('one box against many broadcasts in the graph', async () => {
    const graph = new Graph()
    const [one, many] = [graph.input('one', 'float32', [1, 4]), graph.input('many', 'float32', [2, 'n', 4])]
    const out = generalizedIou(one, many)
    assert.deepEqual(out.shape, [2, 'n'])
    graph.output('out', out)
    const [box, boxes] = [Float32Array.from(square(0.25, 0.5)), randomCorners(5, 6)]
    const feeds = { one: tensorData('float32', [1, 4], box), many: tensorData('float32', [2, 3, 4], boxes) }
    const outputs = await runGraph(graph, feeds)
    const want = generalizedIouMatrix(boxesOf('xyxy', box), boxesOf('xyxy', boxes))
    assertNear((outputs['out'] as TensorData<'float32'>).data, want, 1e-6, (i) => `box ${i}`)
  })

  test('sides of different length and senseless epsilons are refused', () => {
    const [one, two] = [boxesOf('xyxy', new Float32Array(4)), boxesOf('xyxy', new Float32Array(8))]
    assert.throws(() => iouPairs(one, two), ShapeError)
    assert.throws(() => generalizedIouPairs(two, one), /expected as many boxes on both sides, got 2 and 1/)
    for (const epsilon of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.throws(() => iouMatrix(one, two, { epsilon }), ConfigError)
    }
    const graph = new Graph()
    const boxes = graph.input('boxes', 'float32', [2, 4])
    assert.throws(() => iou(boxes, graph.input('wide', 'float32', [2, 5])), ShapeError)
    assert.throws(() => generalizedIou(boxes, boxes, { epsilon: -1 }), ConfigError)
  })
})
