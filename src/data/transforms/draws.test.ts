import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededDraws, seededStreams } from './draws.js'

const PLACE = { seed: 7, epoch: 3, photo: 11, batch: 2 }
const MANY = 40_000

/** Values of many draws of one stream. */
function values(draw: (draws: ReturnType<typeof seededDraws>) => number, key = 5): number[] {
  const draws = seededDraws(key)
  return Array.from({ length: MANY }, () => draw(draws))
}

function mean(list: readonly number[]): number {
  return list.reduce((a, b) => a + b, 0) / list.length
}

test('chances, numbers and whole numbers have the moments of uniform ones', () => {
  for (const probability of [0.05, 0.5, 0.8]) {
    const share = mean(values((draws) => (draws.chance(probability) ? 1 : 0)))
    // Five standard errors.
    assert.ok(Math.abs(share - probability) < 5 * Math.sqrt((probability * (1 - probability)) / MANY), `${share}`)
  }
  const reals = values((draws) => draws.real(-2, 6))
  assert.ok(reals.every((value) => value >= -2 && value < 6))
  assert.ok(Math.abs(mean(reals) - 2) < (5 * 8) / Math.sqrt(12 * MANY))
  assert.ok(Math.abs(mean(reals.map((value) => (value - 2) ** 2)) - 64 / 12) < 0.15)
  const counts = new Map<number, number>()
  for (const value of values((draws) => draws.integer(384, 394))) counts.set(value, (counts.get(value) ?? 0) + 1)
  assert.deepEqual(
    [...counts.keys()].sort((a, b) => a - b),
    Array.from({ length: 11 }, (_, i) => 384 + i),
  )
  const expected = MANY / 11
  const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
  // The 99.99th percentile of chi-square with 10 degrees of freedom.
  assert.ok(chiSquare < 35.6, `${chiSquare}`)
})

test('certain and impossible chances, single numbers and very long ranges', () => {
  const draws = seededDraws(1)
  for (let i = 0; i < 1000; i++) {
    assert.equal(draws.chance(1), true)
    assert.equal(draws.chance(0), false)
    assert.equal(draws.integer(9, 9), 9)
    assert.equal(draws.real(0.5, 0.5), 0.5)
  }
  const far = values((each) => each.integer(0, 2 ** 40 - 1))
  assert.ok(far.every((value) => Number.isSafeInteger(value) && value >= 0 && value < 2 ** 40))
  assert.ok(new Set(far).size > MANY - 10, 'the low bits are drawn, too')
  assert.ok(Math.abs(mean(far.map((value) => value % 2)) - 0.5) < 0.02)
})

test('a stream depends on its seed, epoch, photo and path, and on nothing else', () => {
  const first = (place: typeof PLACE, path: string, scope: 'photo' | 'batch' = 'photo'): number[] => {
    const draws = seededStreams(place)(path, scope)
    return Array.from({ length: 8 }, () => draws.real(0, 1))
  }
  const base = first(PLACE, 'horizontal-flip')
  assert.deepEqual(first({ ...PLACE }, 'horizontal-flip'), base)
  assert.deepEqual(first({ ...PLACE, batch: 9 }, 'horizontal-flip'), base)
  for (const other of [{ seed: 8 }, { epoch: 4 }, { photo: 12 }]) {
    assert.notDeepEqual(first({ ...PLACE, ...other }, 'horizontal-flip'), base)
  }
  assert.notDeepEqual(first(PLACE, 'vertical-flip'), base)
  const shared = first(PLACE, 'stretch', 'batch')
  assert.deepEqual(first({ ...PLACE, photo: 12 }, 'stretch', 'batch'), shared)
  assert.notDeepEqual(first({ ...PLACE, batch: 3 }, 'stretch', 'batch'), shared)
})

test('first decisions of neighbouring photos, epochs and seeds are independent', () => {
  for (const vary of ['photo', 'epoch', 'seed'] as const) {
    const list = Array.from({ length: MANY }, (_, i) =>
      seededStreams({ ...PLACE, [vary]: i })('horizontal-flip', 'photo').real(0, 1),
    )
    assert.ok(Math.abs(mean(list) - 0.5) < 0.01, vary)
    const pairs = list.slice(1).map((value, i) => (value - 0.5) * (list[i]! - 0.5) * 12)
    assert.ok(Math.abs(mean(pairs)) < 0.03, `${vary}: correlation ${mean(pairs)}`)
  }
})
