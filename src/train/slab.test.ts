import assert from 'node:assert/strict'
import { test } from 'node:test'
import { randomOf } from '../../test/support/random.js'
import { ShapeError, sizeOfShape, type TensorData } from '../tensor/index.js'
import { chunksOf, layOutSlab, Slab, type SlabParameter, vector } from './slab.js'

/** Parameters of all sizes in three groups, mixed. */
function someParameters(seed: number): SlabParameter[] {
  const random = randomOf(seed)
  return Array.from({ length: random.int(1, 30) }, (_, i) => ({
    key: `p${i}`,
    shape: Array.from({ length: random.int(0, 3) }, () => random.int(1, 7)),
    group: random.int(0, 2),
  }))
}

test('parameters start at cache lines, lie apart, and groups lie together', () => {
  for (let seed = 1; seed <= 50; seed++) {
    const parameters = someParameters(seed)
    const { entries, groups, length } = layOutSlab(parameters)
    assert.deepEqual(entries.map(({ key }) => key).sort(), parameters.map(({ key }) => key).sort())
    let end = 0
    for (const entry of entries) {
      assert.equal(entry.offset % 16, 0)
      assert.ok(entry.offset >= end && entry.offset < end + 16, 'no overlap, no gap of a whole line')
      assert.equal(entry.length, sizeOfShape(entry.shape))
      end = entry.offset + entry.length
      const { start, end: groupEnd } = groups[entry.group]!
      assert.ok(start <= entry.offset && end <= groupEnd)
    }
    assert.ok(length >= end && length < end + 16)
    // The groups tile the slab in order, also those that are empty.
    assert.equal(groups[0]!.start, 0)
    assert.equal(groups.at(-1)!.end, length)
    groups.slice(1).forEach(({ start }, i) => {
      assert.equal(start, groups[i]!.end)
    })
    // Within a group, in the order in which they came.
    for (const [group] of groups.entries()) {
      const order = entries.filter((entry) => entry.group === group).map(({ key }) => key)
      assert.deepEqual(
        order,
        parameters.filter((parameter) => parameter.group === group).map(({ key }) => key),
      )
    }
  }
})

test('no parameters make an empty slab', () => {
  const layout = layOutSlab([])
  assert.deepEqual(layout, { entries: [], length: 0, groups: [] })
  assert.equal(new Slab(layout).data.length, 0)
  assert.deepEqual([...chunksOf(0, 0)], [])
})

test('views are parts of the one array; gaps stay zero', () => {
  const layout = layOutSlab([
    { key: 'a', shape: [2, 3], group: 0 },
    { key: 'b', shape: [], group: 0 },
  ])
  const slab = new Slab(layout)
  const values = new Map<string, TensorData>([
    ['a', { dtype: 'float32', shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }],
    ['b', { dtype: 'float32', shape: [], data: Float32Array.of(7) }],
  ])
  slab.fill(values)
  assert.deepEqual([...slab.data], [1, 2, 3, 4, 5, 6, ...Array(10).fill(0), 7, ...Array(15).fill(0)])
  slab.data[16] = 8
  assert.equal(slab.views.get('b')!.data[0], 8)
  vector(slab, 0, 2).data[1] = 9
  assert.equal(slab.views.get('a')!.data[1], 9)
})

test('chunks tile a range and are never empty', () => {
  for (const [start, end] of [
    [0, 1],
    [16, 1 << 19],
    [0, (1 << 19) + 1],
    [48, 48 + 3 * (1 << 19)],
  ] as const) {
    let at = start as number
    for (const [from, to] of chunksOf(start, end)) {
      assert.equal(from, at)
      assert.ok(to > from && to - from <= 1 << 19)
      at = to
    }
    assert.equal(at, end)
  }
})

test('values that are missing or do not fit are refused by name', () => {
  const slab = new Slab(layOutSlab([{ key: 'conv.weight', shape: [2, 3], group: 0 }]))
  const refused = (value: TensorData | undefined, message: string): void => {
    const values = new Map(value === undefined ? [] : [['conv.weight', value]])
    assert.throws(
      () => slab.fill(values),
      (error) => error instanceof ShapeError && error.message === message,
    )
  }
  refused(undefined, 'conv.weight: expected float32 values of shape [2, 3], got nothing.')
  refused(
    { dtype: 'float32', shape: [5], data: new Float32Array(5) },
    'conv.weight: expected float32 values of shape [2, 3], got float32 [5].',
  )
  refused(
    { dtype: 'float64', shape: [2, 3], data: new Float64Array(6) },
    'conv.weight: expected float32 values of shape [2, 3], got float64 [2, 3].',
  )
})
