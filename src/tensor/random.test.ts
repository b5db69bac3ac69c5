/** @file Counter-based random numbers: the bits are fixed for ever, and spread evenly. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fnv1a, mix, streamKey, uniformAt } from './random.js'

test('FNV-1a gives its published values', () => {
  assert.equal(fnv1a(''), 0x811c9dc5)
  assert.equal(fnv1a('a'), 0xe40c292c)
  assert.equal(fnv1a('foobar'), 0xbf9cf968)
})

test('the finaliser is the one of MurmurHash3 and loses no value', () => {
  assert.deepEqual([mix(0), mix(1), mix(0xffffffff)], [0, 0x514e28b7, 0x81f16f39])
  const seen = new Set<number>()
  for (let i = 0; i < 100000; i++) seen.add(mix(i * 40503))
  assert.equal(seen.size, 100000)
})

test('uniform numbers lie in [-1, 1), are exact in float32 and evenly spread', () => {
  const key = streamKey('backbone.conv1.weight', 7)
  const bins = new Array<number>(16).fill(0)
  let sum = 0
  for (let i = 0; i < 64000; i++) {
    const value = uniformAt(key, i)
    assert.ok(value >= -1 && value < 1 && Math.fround(value) === value && Number.isInteger(value * 2 ** 23))
    bins[Math.floor((value + 1) * 8)]! += 1
    sum += value
  }
  assert.ok(Math.abs(sum / 64000) < 0.01)
  for (const count of bins) assert.ok(Math.abs(count - 4000) < 300, `${bins}`)
})

test('streams differ by name, by seed and by index', () => {
  const streams = [streamKey('a', 1), streamKey('b', 1), streamKey('a', 2)]
  const first = streams.map((key) => [0, 1, 2, 3].map((i) => uniformAt(key, i)).join())
  assert.equal(new Set(first).size, 3)
  assert.equal(uniformAt(streams[0]!, 5), uniformAt(streamKey('a', 1), 5))
})
