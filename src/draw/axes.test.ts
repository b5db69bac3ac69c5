/** @file Ticks stand at round numbers, cover the values, and are written so that they can be told apart. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError, uniformAt } from '../tensor/index.js'
import { axisFor, formatTick, linearTicks, logTicks } from './axes.js'

test('linear ticks: multiples of 1, 2, 5 around the values, in round decimals', () => {
  assert.deepEqual(linearTicks(0, 1, 6).labels, ['0', '0.2', '0.4', '0.6', '0.8', '1.0'])
  assert.deepEqual(linearTicks(10.3, 32.7, 7).labels, ['10', '15', '20', '25', '30', '35'])
  assert.deepEqual(linearTicks(-0.4, 0.7, 5).labels, ['-0.5', '0', '0.5', '1.0'])
  assert.deepEqual(linearTicks(0, 0.0003, 4).labels, ['0', '1e-4', '2e-4', '3e-4'])
  assert.deepEqual(linearTicks(0, 0.00015, 5).labels, ['0', '5e-5', '1.0e-4', '1.5e-4'])
  assert.deepEqual(linearTicks(1, 3, 9, true).labels, ['1', '2', '3'])
  assert.deepEqual(linearTicks(0, 2500, 4).labels, ['0', '1,000', '2,000', '3,000'])
})

test('linear ticks of any range: few enough, evenly apart, none twice', () => {
  for (let i = 0; i < 2000; i++) {
    const at = (n: number): number => uniformAt(7, 3 * i + n)
    const scale = 10 ** Math.floor(at(0) * 16 - 8)
    const min = (at(1) - 0.5) * scale
    const max = min + (Math.abs(at(2)) + 1e-3) * scale
    for (const most of [2, 3, 6, 12]) {
      const { values, labels } = linearTicks(min, max, most)
      assert.ok(values.length >= 2 && values.length <= Math.max(3, most), `${min} ${max} ${most}: ${labels}`)
      const reach = 1e-6 * (max - min)
      assert.ok(values[0]! <= min + reach && values.at(-1)! >= max - reach, `${min} ${max} ${most}: ${labels}`)
      if (scale >= 1e-3) assert.equal(new Set(labels).size, labels.length, `${min} ${max}: ${labels}`)
    }
  }
})

test('logarithmic ticks: 1, 2, 5 where there is room, else 1, 3, else powers of ten, else every few of them', () => {
  assert.deepEqual(logTicks(3, 300, 9).labels, ['2', '5', '10', '20', '50', '100', '200', '500'])
  assert.deepEqual(logTicks(3, 300, 5).labels, ['3', '10', '30', '100', '300'])
  assert.deepEqual(logTicks(3, 300, 4).labels, ['1', '10', '100', '1,000'])
  assert.deepEqual(logTicks(1e-6, 1e6, 5).labels, ['1e-6', '0.001', '1', '1,000', '1M'])
  assert.deepEqual(logTicks(20, 60, 6).labels, ['20', '30', '40', '50', '60'])
})

test('an axis passes over what it cannot show, and gives each value its place', () => {
  const axis = axisFor([Number.NaN, 2, Number.POSITIVE_INFINITY, 8], 6)
  assert.deepEqual([axis.min, axis.max, axis.share(5)], [2, 8, 0.5])
  const log = axisFor([0, -3, 1, 100], 3, { log: true })
  assert.deepEqual([log.min, log.max, log.share(10), log.share(0)], [1, 100, 0.5, Number.NaN])
  assert.deepEqual([axisFor([], 4).min, axisFor([], 4).max], [0, 1])
  assert.deepEqual([axisFor([0], 4, { min: 0 }).min, axisFor([0, 0], 4, { min: 0 }).max > 0], [0, true])
  const single = axisFor([3], 4, { whole: true, tight: true })
  assert.deepEqual([single.min, single.max, single.ticks.labels], [2, 4, ['2', '3', '4']])
  const tight = axisFor([1, 27], 6, { tight: true, whole: true })
  assert.deepEqual([tight.min, tight.max, tight.ticks.labels], [1, 27, ['10', '20']])
  for (const wrong of [() => axisFor([1], 1), () => axisFor([1], 4, { min: 2, max: 2 })]) {
    assert.throws(wrong, ConfigError)
  }
})

test('numbers: as many places as the step needs, no minus in front of zero', () => {
  assert.equal(formatTick(-1e-18, 0.1), '0')
  assert.equal(formatTick(0.30000000000000004, 0.1), '0.3')
  assert.equal(formatTick(2_500_000, 500_000), '2.5M')
  assert.equal(formatTick(1234, 1), '1,234')
})
