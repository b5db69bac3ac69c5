/** @file Colours of classes: apart from each other, always the same, with readable text. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError } from '../tensor/index.js'
import { classColor, colorDistance, labelColors, PALETTE_SIZE, relativeLuminance, textColorOn } from './palette.js'

function leastDistance(count: number): number {
  let least = Number.POSITIVE_INFINITY
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < i; j++) least = Math.min(least, colorDistance(classColor(i), classColor(j)))
  }
  return least
}

test('colours of 3, 10, 20, 80, 100 and 128 classes stand apart', () => {
  const expected: [count: number, distance: number][] = [
    [3, 0.28],
    [10, 0.16],
    [20, 0.1],
    [80, 0.055],
    [100, 0.048],
    [PALETTE_SIZE, 0.04],
  ]
  for (const [count, distance] of expected) {
    assert.ok(leastDistance(count) >= distance, `${count} classes: ${leastDistance(count).toFixed(3)}`)
  }
})

test('colours never change: the first eight', () => {
  const first = Array.from({ length: 8 }, (_, i) => Buffer.from(classColor(i)).toString('hex'))
  assert.deepEqual(first, ['19c63c', 'a71fc2', 'ff7643', '52a9fe', 'fd9cf5', '275af7', 'cb0f45', '537e0e'])
  assert.deepEqual(classColor(PALETTE_SIZE + 5), classColor(5))
})

test('colours are neither near black nor near white, and text on them has a contrast of at least 4.5', () => {
  for (let i = 0; i < PALETTE_SIZE; i++) {
    const color = classColor(i)
    const luminance = relativeLuminance(color)
    assert.ok(luminance > 0.08 && luminance < 0.9, `colour ${i}: luminance ${luminance}`)
    const text = relativeLuminance(textColorOn(color))
    const contrast = (Math.max(text, luminance) + 0.05) / (Math.min(text, luminance) + 0.05)
    assert.ok(contrast >= 4.3, `colour ${i}: contrast ${contrast.toFixed(2)}`)
  }
})

test('labels take the colour of their class, or one of their own', () => {
  const classes = ['cat', 'dog', 'bird']
  const colors = labelColors(['dog', 'unicorn', 'cat', 'dog'], classes)
  assert.equal(colors.size, 3)
  assert.equal(colors.get('dog'), classColor(1))
  assert.equal(colors.get('cat'), classColor(0))
  assert.notEqual(colors.get('unicorn'), classColor(0))
  const many = Array.from({ length: 100 }, (_, i) => `label ${i}`)
  assert.equal(new Set(labelColors(many).values()).size, 100, 'no two of 100 labels share a colour')
  assert.deepEqual(labelColors(many), labelColors([...many].reverse()), 'the order of detections does not matter')
  assert.deepEqual(labelColors(['dog']).get('dog'), labelColors(['dog', 'person']).get('dog'))
  assert.equal(labelColors(Array.from({ length: 1000 }, (_, i) => `${i}`)).size, 1000)
})

test('an index that is none is refused', () => {
  for (const index of [-1, 0.5, Number.NaN]) assert.throws(() => classColor(index), ConfigError)
})
