/** @file Top-k over queries × classes against the same in plain TypeScript: every class counts, boxes come in the image's pixels. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runGraph } from '../../test/support/engine.js'
import { Graph } from '../graph/index.js'
import { sizeOfShape, streamKey, type TensorData, uniformAt } from '../tensor/index.js'
import { sigmoidTopK } from './index.js'

interface Predictions {
  readonly logits: TensorData<'float32'>
  readonly boxes: TensorData<'float32'>
}

interface Found {
  readonly score: number
  readonly label: number
  readonly box: readonly number[]
}

/** Heights and widths that no mistake of order leaves alone. */
const SIZES = [
  [480, 640],
  [123, 77],
] as const

/** Predictions in -4..4 and 0..1 from a stream: no two logits are equal. */
function random(name: string, batch: number, queries: number, classes: number): Predictions {
  const fill = (key: string, shape: readonly number[], value: (u: number) => number): TensorData<'float32'> => {
    const stream = streamKey(`${name}/${key}`, 0)
    const data = Float32Array.from({ length: sizeOfShape(shape) }, (_, i) => value(uniformAt(stream, i)))
    return { dtype: 'float32', shape, data }
  }
  return {
    logits: fill('logits', [batch, queries, classes], (u) => 4 * u),
    boxes: fill('boxes', [batch, queries, 4], (u) => (u + 1) / 2),
  }
}

/** What the graph says of every image. */
async function inGraph({ logits, boxes }: Predictions, count: number): Promise<Found[][]> {
  const graph = new Graph()
  const [batch, queries, classes] = logits.shape as [number, number, number]
  const outputs = sigmoidTopK(
    graph.input('logits', 'float32', ['batch', queries, classes]),
    graph.input('pred_boxes', 'float32', ['batch', queries, 4]),
    graph.input('image_sizes', 'int32', ['batch', 2]),
    count,
  )
  for (const [name, tensor] of Object.entries(outputs)) graph.output(name, tensor)
  const image_sizes: TensorData = {
    dtype: 'int32',
    shape: [batch, 2],
    data: Int32Array.from(SIZES.slice(0, batch).flat()),
  }
  const found = await runGraph(graph, { logits, pred_boxes: boxes, image_sizes })
  const [score, label, box] = ['scores', 'labels', 'boxes'].map((name) => found[name]!) as [
    TensorData,
    TensorData,
    TensorData,
  ]
  assert.deepEqual([score.dtype, label.dtype, box.dtype], ['float32', 'int32', 'float32'])
  const kept = score.shape[1]!
  assert.deepEqual([score.shape, label.shape, box.shape].map(String), [
    `${batch},${kept}`,
    `${batch},${kept}`,
    `${batch},${kept},4`,
  ])
  return Array.from({ length: batch }, (_, image) =>
    Array.from({ length: kept }, (_, i) => {
      const at = image * kept + i
      return {
        score: Number(score.data[at]),
        label: Number(label.data[at]),
        box: Array.from({ length: 4 }, (_, j) => Number(box.data[4 * at + j])),
      }
    }),
  )
}

/** The same by sorting all pairs. */
function plainly({ logits, boxes }: Predictions, count: number): Found[][] {
  const [batch, queries, classes] = logits.shape as [number, number, number]
  return SIZES.slice(0, batch).map(([height, width], image) => {
    const pairs = Array.from({ length: queries * classes }, (_, i) => {
      const query = image * queries + Math.floor(i / classes)
      const [cx, cy, w, h] = Array.from(boxes.data.subarray(4 * query, 4 * query + 4)) as [
        number,
        number,
        number,
        number,
      ]
      return {
        score: 1 / (1 + Math.exp(-logits.data[image * queries * classes + i]!)),
        label: i % classes,
        box: [(cx - w / 2) * width, (cy - h / 2) * height, (cx + w / 2) * width, (cy + h / 2) * height],
      }
    })
    return pairs.sort((a, b) => b.score - a.score).slice(0, count)
  })
}

function assertSame(actual: readonly Found[][], expected: readonly Found[][]): void {
  assert.deepEqual(
    actual.map((image) => image.map(({ label }) => label)),
    expected.map((image) => image.map(({ label }) => label)),
  )
  for (const [image, found] of expected.entries()) {
    for (const [i, { score, box }] of found.entries()) {
      const got = actual[image]![i]!
      assert.ok(Math.abs(got.score - score) < 1e-6, `image ${image}, place ${i}: score ${got.score}, not ${score}`)
      for (const [j, side] of box.entries()) {
        assert.ok(Math.abs(got.box[j]! - side) < 1e-3, `image ${image}, place ${i}: box ${got.box}, not ${box}`)
      }
    }
  }
}

test('the best pairs of query and class, best first, of every image', async () => {
  for (const [queries, classes, count] of [
    [20, 5, 30],
    [7, 80, 300],
    [300, 3, 300],
  ] as const) {
    const predictions = random(`${queries}x${classes}`, 2, queries, classes)
    const expected = plainly(predictions, count)
    assert.equal(expected[0]!.length, count)
    assertSame(await inGraph(predictions, count), expected)
  }
})

test('one query can give several detections', async () => {
  const predictions = random('several', 1, 4, 6)
  predictions.logits.data.set([3, 2, 1, -9, -9, -9], 6)
  predictions.logits.data.fill(-9, 0, 6).fill(-9, 12)
  const [found] = await inGraph(predictions, 3)
  assert.deepEqual(
    found!.map(({ label }) => label),
    [0, 1, 2],
  )
  assert.deepEqual(found![1]!.box, found![0]!.box)
  assertSame([found!], plainly(predictions, 3))
})

test('the last class is a class like any other', async () => {
  const predictions = random('last', 2, 10, 4)
  for (let query = 0; query < 20; query++) predictions.logits.data[4 * query + 3]! += 10
  const found = await inGraph(predictions, 10)
  assertSame(found, plainly(predictions, 10))
  assert.ok(
    found.flat().every(({ label, score }) => label === 3 && score > 0.99),
    'the last class was not found',
  )
})

test('a model of one class finds it in every query', async () => {
  const predictions = random('one', 2, 12, 1)
  const found = await inGraph(predictions, 300)
  assertSame(found, plainly(predictions, 300))
  assert.deepEqual(
    found.map((image) => image.length),
    [12, 12],
  )
  assert.ok(found.flat().every(({ label }) => label === 0))
})

test('where there are fewer pairs than detections asked for, all of them', async () => {
  const predictions = random('few', 2, 3, 2)
  const found = await inGraph(predictions, 300)
  assertSame(found, plainly(predictions, 300))
  assert.equal(found[0]!.length, 6)
})

test('x goes with the width and y with the height of the original image', async () => {
  const predictions = random('pixels', 2, 1, 1)
  predictions.boxes.data.set([0.5, 0.25, 0.5, 0.25, 1, 1, 0.5, 0.5])
  const found = await inGraph(predictions, 1)
  assert.deepEqual(found[0]![0]!.box, [160, 60, 480, 180])
  // A box may reach beyond the image.
  assert.deepEqual(found[1]![0]!.box, [57.75, 92.25, 96.25, 153.75])
})
