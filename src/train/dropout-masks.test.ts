import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ValueInfo } from '../runtime/index.js'
import { DropoutMasks } from './dropout-masks.js'

const input = (name: string, shape: readonly number[]): ValueInfo => ({ name, dtype: 'float32', shape })
const inputs = [input('dropout/0.1/layer.a', [50, 400]), input('dropout/0.1/layer.b', [50, 400]), input('images', [1])]
const valuesOf = (masks: ReturnType<DropoutMasks['feeds']>, name: string): number[] =>
  [...masks[name]!.data].map(Number)

describe('DropoutMasks', () => {
  test('drops the share that the name says and scales up the rest, for dropout inputs alone', () => {
    const masks = new DropoutMasks(1).feeds(inputs, 0)
    assert.deepEqual(Object.keys(masks), ['dropout/0.1/layer.a', 'dropout/0.1/layer.b'])
    const values = valuesOf(masks, 'dropout/0.1/layer.a')
    assert.deepEqual([...new Set(values)].sort(), [0, Math.fround(1 / 0.9)])
    const dropped = values.filter((value) => value === 0).length / values.length
    // 20,000 draws: a standard deviation of 0.2 %.
    assert.ok(Math.abs(dropped - 0.1) < 0.01, String(dropped))
  })

  test('differs between names, steps and seeds, and is the same for the same three', () => {
    const key = (seed: number, step: number, name = 'dropout/0.1/layer.a'): string =>
      valuesOf(new DropoutMasks(seed).feeds(inputs, step), name).join()
    assert.equal(key(1, 5), key(1, 5))
    assert.equal(new Set([key(1, 5), key(1, 6), key(2, 5), key(1, 5, 'dropout/0.1/layer.b')]).size, 4)
  })

  test('a longer mask that is asked for later changes nothing that was drawn before', () => {
    const masks = new DropoutMasks(3)
    const before = valuesOf(masks.feeds(inputs, 2), 'dropout/0.1/layer.a')
    masks.feeds([input('dropout/0.1/long', [3_000_000])], 2)
    assert.deepEqual(valuesOf(masks.feeds(inputs, 2), 'dropout/0.1/layer.a'), before)
  })
})
