/** @file Dimension algebra against plain numbers, and its canonical form against other ways to the same expression. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { evaluateDim, type Sizes } from '../../test/support/dimensions.js'
import { type Random, randomOf } from '../../test/support/random.js'
import {
  addDims,
  type Dim,
  divideDims,
  floorDivideDim,
  formatShape,
  multiplyDims,
  parseDim,
  subtractDims,
  windowDim,
} from './dimension.js'

/** An expression, and what it is worth for given sizes by plain arithmetic. */
interface Expression {
  readonly dim: Dim
  readonly valueAt: (sizes: Sizes) => number
}

const NAMES = ['batch', 'height', 'width', 'w2', 'x.y:z']

function randomExpression(random: Random, depth: number): Expression {
  const kind = depth === 0 ? random.int(0, 1) : random.int(0, 6)
  if (kind === 0) {
    const value = random.int(-3, 9)
    return { dim: value, valueAt: () => value }
  }
  if (kind === 1) {
    const name = random.pick(NAMES)
    return { dim: name, valueAt: (sizes) => sizes[name]! }
  }
  const a = randomExpression(random, depth - 1)
  const b = randomExpression(random, depth - 1)
  const n = random.int(1, 8)
  switch (kind) {
    case 2:
      return { dim: addDims(a.dim, b.dim), valueAt: (sizes) => a.valueAt(sizes) + b.valueAt(sizes) }
    case 3:
      return { dim: subtractDims(a.dim, b.dim), valueAt: (sizes) => a.valueAt(sizes) - b.valueAt(sizes) }
    case 4:
      return { dim: multiplyDims(a.dim, b.dim), valueAt: (sizes) => a.valueAt(sizes) * b.valueAt(sizes) }
    case 5:
      return { dim: floorDivideDim(a.dim, n), valueAt: (sizes) => Math.floor(a.valueAt(sizes) / n) }
    default: {
      const [extent, stride, padding, ceil] = [random.int(1, 7), random.int(1, 4), random.int(0, 6), n > 4]
      const round = ceil ? Math.ceil : Math.floor
      return {
        dim: windowDim(a.dim, extent, stride, padding, ceil),
        valueAt: (sizes) => round((a.valueAt(sizes) + padding - extent) / stride) + 1,
      }
    }
  }
}

function randomSizes(random: Random): Sizes {
  return Object.fromEntries(NAMES.map((name) => [name, random.int(1, 60)]))
}

test('3,000 random expressions are worth what plain arithmetic says', () => {
  let symbolic = 0
  for (let seed = 0; seed < 3000; seed++) {
    const random = randomOf(seed)
    const { dim, valueAt } = randomExpression(random, random.int(1, 4))
    if (typeof dim === 'string') symbolic++
    for (let i = 0; i < 4; i++) {
      const sizes = randomSizes(random)
      const expected = valueAt(sizes)
      if (!Number.isSafeInteger(expected)) continue
      assert.equal(evaluateDim(dim, sizes) || 0, expected || 0, `seed ${seed}: ${dim} at ${JSON.stringify(sizes)}`)
    }
  }
  assert.ok(symbolic > 1500)
})

test('reading a text again gives the same text', () => {
  for (let seed = 0; seed < 3000; seed++) {
    const random = randomOf(seed)
    const { dim } = randomExpression(random, random.int(1, 4))
    if (typeof dim === 'string') assert.equal(parseDim(dim), dim, `seed ${seed}`)
  }
})

test('one polynomial has one text, in whatever order it is put together', () => {
  for (let seed = 0; seed < 500; seed++) {
    const random = randomOf(seed)
    const terms: Dim[] = Array.from({ length: random.int(1, 5) }, () =>
      multiplyDims(random.int(1, 3), random.pick(NAMES), random.pick([...NAMES, 1, 2])),
    )
    const forward = terms.reduce((a, b) => addDims(a, b))
    const backward = terms.toReversed().reduce((a, b) => addDims(b, a))
    assert.equal(forward, backward)
    const factor = addDims(random.pick(NAMES), random.int(-2, 3))
    const each = terms.map((term) => multiplyDims(factor, term)).reduce((a, b) => addDims(a, b))
    assert.equal(multiplyDims(forward, factor), each, `seed ${seed}`)
    assert.equal(divideDims(each, factor), forward, `seed ${seed}: ${each} / ${factor}`)
    assert.equal(divideDims(each, forward), factor, `seed ${seed}: ${each} / ${forward}`)
    assert.equal(subtractDims(each, each), 0)
  }
})

test('expressions read as one would write them', () => {
  const cases: [Dim, Dim][] = [
    [addDims('height', 1), '(height+1)'],
    [addDims('height', -1), '(height-1)'],
    [addDims('h', 'h'), '2*h'],
    [addDims(2, 3), 5],
    [multiplyDims('width', 2, 'batch'), '2*batch*width'],
    [multiplyDims('h', 0), 0],
    [multiplyDims(), 1],
    [floorDivideDim('height', 2), 'floor(height/2)'],
    [windowDim('height', 7, 2, 6), 'floor((height+1)/2)'],
    [windowDim(windowDim('height', 7, 2, 6), 3, 2, 2), 'floor((height+3)/4)'],
    [windowDim('height', 3, 1, 2), 'height'],
    [windowDim(10, 3, 2, 0), 4],
    [windowDim(10, 3, 2, 0, true), 5],
    [floorDivideDim(multiplyDims('h', 4), 2), '2*h'],
    [floorDivideDim(addDims(multiplyDims('h', 2), 5), 4), '(floor(h/2)+1)'],
    [floorDivideDim(floorDivideDim('h', 2), 3), 'floor(h/6)'],
    [floorDivideDim(-7, 2), -4],
  ]
  for (const [dim, text] of cases) assert.equal(dim, text)
  assert.equal(formatShape(['batch', 3, '(h+1)']), '[batch, 3, (h+1)]')
})

test('a division that is not exact is undefined', () => {
  for (const [a, b] of [
    [7, 2],
    ['h', 2],
    ['h', 'w'],
    ['(h+1)', 'h'],
    ['h', 0],
    [5, 0],
    ['h*w', '(h+w)'],
  ] as const) {
    assert.equal(divideDims(a, b), undefined, `${a} / ${b}`)
  }
  assert.equal(divideDims(0, 'h'), 0)
  assert.equal(divideDims('(h*h-1)', '(h-1)'), '(h+1)')
  assert.equal(divideDims('6*h*w', '2*w'), '3*h')
})

test('what is no expression is not read', () => {
  for (const text of [
    '',
    'a b',
    'h//2',
    '(h',
    'h)',
    'floor(h/0)',
    'floor(h)',
    'floor(h/w)',
    '?',
    '1.5',
    'h+',
    '*',
    'ü-',
  ]) {
    assert.equal(parseDim(text), undefined, text)
  }
  assert.equal(parseDim(`${'('.repeat(5000)}h`), undefined)
  assert.equal(parseDim(' past + 1 '), '(past+1)')
  assert.equal(parseDim('1+1'), 2)
  assert.equal(parseDim('höhe'), 'höhe')
})

test('sizes beyond 2^53 and windows without a stride are NaN, and stay NaN', () => {
  const huge = multiplyDims(2 ** 52, 4, 'h')
  for (const dim of [
    huge,
    multiplyDims(huge, 'w'),
    addDims(huge, 1),
    floorDivideDim(huge, 2),
    floorDivideDim('h', 0),
  ]) {
    assert.ok(Number.isNaN(dim), `${dim}`)
  }
  for (const divisor of [0, -1, 0.5, Number.POSITIVE_INFINITY]) assert.ok(Number.isNaN(floorDivideDim(8, divisor)))
})

test('an expression with too many terms to multiply out stays a product, and its value is right', () => {
  const names = Array.from({ length: 12 }, (_, i) => `d${i}`)
  const sizes: Sizes = Object.fromEntries(names.map((name, i) => [name, i + 1]))
  const sum = names.reduce((total: Dim, name) => addDims(total, name), 1)
  const cube = multiplyDims(sum, sum, sum)
  assert.equal(evaluateDim(cube, sizes), 79 ** 3)
  const square = String(multiplyDims(sum, sum))
  assert.equal(square, `${sum}*${sum}`)
  assert.equal(parseDim(square), square)
  assert.equal(parseDim(String(cube)), cube)
})
