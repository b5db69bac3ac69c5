/** @file Box formats: conversions on the host and in the graph, and formats that do not mix. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runGraph } from '../../test/support/engine.js'
import { Graph } from '../graph/index.js'
import { ShapeError, streamKey, tensorData, uniformAt } from '../tensor/index.js'
import { type Boxes, type BoxFormat, boxesOf, convertBoxes, convertBoxTensor, iouPairs } from './index.js'

const FORMATS: readonly BoxFormat[] = ['cxcywh', 'xyxy', 'xywh']

/** One box in all formats; every number is exact in float32. */
const SAME_BOX: Readonly<Record<BoxFormat, readonly number[]>> = {
  cxcywh: [10, 25, 4, 2],
  xyxy: [8, 24, 12, 26],
  xywh: [8, 24, 4, 2],
}

test('a box is the same in every format, on the host and in the graph', async () => {
  const graph = new Graph()
  for (const from of FORMATS) {
    const input = graph.input(from, 'float32', ['n', 4])
    for (const to of FORMATS) graph.output(`${from} to ${to}`, convertBoxTensor(input, from, to))
  }
  const feeds = Object.fromEntries(
    FORMATS.map((format) => [format, tensorData('float32', [1, 4], Float32Array.from(SAME_BOX[format]))]),
  )
  const outputs = await runGraph(graph, feeds)
  for (const from of FORMATS) {
    for (const to of FORMATS) {
      const boxes: Boxes<BoxFormat> = boxesOf(from, Float64Array.from(SAME_BOX[from]))
      assert.deepEqual([...convertBoxes(boxes, from, to)], SAME_BOX[to], `${from} to ${to}`)
      assert.deepEqual([...outputs[`${from} to ${to}`]!.data], SAME_BOX[to], `${from} to ${to} in the graph`)
    }
  }
})

test('host and graph round alike, and a round trip comes back', async () => {
  const key = streamKey('boxes', 1)
  const data = Float32Array.from({ length: 400 }, (_, i) => (uniformAt(key, i) + 1) / 2)
  const centres = boxesOf('cxcywh', data)
  const corners = convertBoxes(centres, 'cxcywh', 'xyxy')
  const graph = new Graph()
  graph.output('corners', convertBoxTensor(graph.input('boxes', 'float32', [10, 10, 4]), 'cxcywh', 'xyxy'))
  const outputs = await runGraph(graph, { boxes: tensorData('float32', [10, 10, 4], data) })
  assert.deepEqual(outputs['corners']!.data, new Float32Array(corners))
  assert.notEqual(corners[0], data[0])
  const back = convertBoxes(corners, 'xyxy', 'cxcywh')
  assert.ok(back instanceof Float32Array)
  for (const [i, value] of back.entries())
    assert.ok(Math.abs(value - data[i]!) < 1e-6, `${i}: ${value}, not ${data[i]}`)
})

test('formats that are mixed do not compile', () => {
  const centres = boxesOf('cxcywh', Float32Array.of(1, 1, 2, 2))
  const corners = boxesOf('xyxy', Float32Array.of(0, 0, 2, 2))
  // @ts-expect-error: centres are not corners
  iouPairs(centres, corners)
  // @ts-expect-error: nor are plain numbers
  iouPairs(new Float32Array(4), corners)
  // @ts-expect-error: the format named must be the boxes' own
  convertBoxes(centres, 'xyxy', 'xywh')
  // @ts-expect-error: nor does a conversion pass for another one
  const wrong: Boxes<'xyxy'> = convertBoxes(centres, 'cxcywh', 'xywh')
  assert.equal(wrong.length, 4)
})

test('what is not four numbers per box is refused', () => {
  assert.throws(
    () => boxesOf('xyxy', new Float32Array(6)),
    /^ShapeError: boxesOf xyxy: expected four numbers for each box, got 6 numbers\.$/,
  )
  const graph = new Graph('losses')
  for (const bad of [graph.input('a', 'float32', [2, 5]), graph.input('b', 'int32', [2, 4])]) {
    assert.throws(() => convertBoxTensor(bad, 'cxcywh', 'xyxy'), ShapeError)
    assert.throws(() => convertBoxTensor(bad, 'xyxy', 'xyxy'), /losses: expected boxes, floating point \[\.\.\., 4\]/)
  }
})
