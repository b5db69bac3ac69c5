/** @file Every tensor starts as in the papers' own code (reference/initial_moments.py): constants exactly, the rest by its moments. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import type { Parameter } from '../graph/index.js'
import { initialWeight, parametersOf } from '../nn/index.js'
import { sizeOfShape } from '../tensor/index.js'
import { findModel } from './index.js'

type Drawn = readonly [mean: number, deviation: number, smallest: number, largest: number, rows?: number]

interface Golden {
  /** By value: the keys of tensors that are constant. */
  readonly constants: Readonly<Record<string, readonly string[]>>
  /** Tensors that are the same for every seed, but not constant. */
  readonly tables: readonly { readonly keys: readonly string[]; readonly values: readonly number[] }[]
  readonly drawn: Readonly<Record<string, Drawn>>
}

interface Moments {
  readonly count: number
  readonly mean: number
  readonly deviation: number
  readonly smallest: number
  readonly largest: number
}

const FILE = new URL('../../../test/golden/initial-moments.json', import.meta.url)
const { seeds, models }: { readonly seeds: number; readonly models: Readonly<Record<string, Golden>> } = JSON.parse(
  readFileSync(FILE, 'utf8'),
)

/** Half a unit of the fourth digit, of which the file has no more, in both numbers that are compared. */
const ROUNDED = 1e-3
/** What differences of means and deviations may be in standard errors. */
const ERRORS = 5
/** Tensors of fewer numbers are drawn with as many seeds as the reference's; larger ones say enough with one. */
const SMALL = 1e5
/** So many numbers tell a uniform distribution, of at most √3 deviations, from a normal one, which goes beyond 2.5. */
const MANY = 256
const WIDEST_UNIFORM = 1.8

/** Of what several seeds give, rows from `rows` on being zero. */
function drawnMoments(parameter: Parameter, rows: number): Moments {
  const size = sizeOfShape(parameter.shape)
  const alive = (size / parameter.shape[0]!) * rows
  const tries = size < SMALL ? seeds : 1
  let [sum, squares, smallest, largest] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (let seed = 0; seed < tries; seed++) {
    const { data } = initialWeight(parameter, seed)
    for (let i = 0; i < alive; i++) {
      const value = data[i]!
      sum += value
      squares += value * value
      if (value < smallest) smallest = value
      if (value > largest) largest = value
    }
    assert.ok(
      data.subarray(alive).every((value) => value === 0),
      `rows from ${rows} on are not zero`,
    )
  }
  const count = alive * tries
  const mean = sum / count
  return { count, mean, deviation: Math.sqrt(squares / count - mean * mean), smallest, largest }
}

function assertAlike(ours: Moments, theirs: Moments): void {
  const text = `ours ${JSON.stringify(ours)}, theirs ${JSON.stringify(theirs)}`
  const spread = Math.sqrt(1 / ours.count + 1 / theirs.count)
  const scale = theirs.deviation
  const ofMeans = Math.abs(ours.mean - theirs.mean)
  assert.ok(ofMeans <= ERRORS * scale * spread + ROUNDED * Math.abs(theirs.mean), `means: ${text}`)
  // A normal distribution's deviation is the least certain of those that occur.
  const ofDeviations = Math.abs(ours.deviation / scale - 1)
  assert.ok(ofDeviations <= (ERRORS * spread) / Math.SQRT2 + ROUNDED, `deviations: ${text}`)
  const fewest = Math.min(ours.count, theirs.count)
  if (fewest < MANY) return
  const [own, other] = [ours, theirs].map(({ smallest, largest }) => Math.max(-smallest, largest) / scale)
  if (other! < WIDEST_UNIFORM) {
    // That none of n numbers comes within 15 n-ths of the bound has the probability e⁻¹⁵.
    assert.ok(Math.abs(own! / other! - 1) <= 15 / fewest + ROUNDED, `bounds: ${text}`)
  } else {
    assert.ok(own! > 2.5 && own! < 7, `extremes: ${text}`)
  }
}

for (const [name, { constants, tables, drawn }] of Object.entries(models)) {
  describe(`${name} starts as its authors' code starts it`, () => {
    const model = findModel(name)
    const official = model.layouts[0]!
    const parameters = new Map(
      parametersOf(model.create()).map((parameter) => [official.keysOf(parameter.key)[0]!, parameter]),
    )
    const valuesOf = (key: string): Float32Array => initialWeight(parameters.get(key)!, 1).data

    test('with the same tensors', () => {
      const theirs = [...Object.values(constants), ...tables.map(({ keys }) => keys), Object.keys(drawn)].flat()
      assert.deepEqual([...parameters.keys()].sort(), theirs.sort())
    })

    test('constants', () => {
      for (const [value, keys] of Object.entries(constants)) {
        for (const key of keys) {
          assert.ok(
            valuesOf(key).every((own) => own === Math.fround(Number(value))),
            `${key} is not ${value} alone, but has ${valuesOf(key)[0]}`,
          )
        }
      }
    })

    test('tables', () => {
      for (const { keys, values } of tables) {
        for (const key of keys) {
          const own = valuesOf(key)
          assert.equal(own.length, values.length, key)
          // Sines and cosines of multiples of 45° are off by float32's last digit in the reference.
          const difference = values.reduce((most, value, i) => Math.max(most, Math.abs(value - own[i]!)), 0)
          assert.ok(difference <= 1e-6, `${key}: off by ${difference}`)
        }
      }
    })

    test('all others', () => {
      for (const [key, [mean, deviation, smallest, largest, rows]] of Object.entries(drawn)) {
        const parameter = parameters.get(key)!
        const alive = rows ?? parameter.shape[0]!
        const count = seeds * (sizeOfShape(parameter.shape) / parameter.shape[0]!) * alive
        try {
          assertAlike(drawnMoments(parameter, alive), { count, mean, deviation, smallest, largest })
        } catch (error) {
          throw new Error(`${key}: ${(error as Error).message}`)
        }
      }
    })
  })
}
