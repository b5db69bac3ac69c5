import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { engine } from '../../test/support/engine.js'
import { parseSafetensors } from '../checkpoint/index.js'
import { toNumbers } from '../tensor/index.js'
import { AdamW, clipScale, type ParameterGroup } from './adamw.js'
import { layOutSlab, Slab, type SlabParameter } from './slab.js'

interface Golden {
  readonly clipNorm: number
  readonly parameters: readonly SlabParameter[]
  /** Per step, per group. */
  readonly schedule: readonly (readonly ParameterGroup[])[]
}

const GOLDEN = new URL('../../../test/golden/', import.meta.url)
const golden: Golden = JSON.parse(readFileSync(new URL('adamw.json', GOLDEN), 'utf8'))
const { tensors } = parseSafetensors(readFileSync(new URL('adamw.safetensors', GOLDEN)), 'adamw.safetensors')
const layout = layOutSlab(golden.parameters)

/** A slab filled with the golden tensors `KEY/{part}`. */
function slabOf(part: string): Slab {
  const slab = new Slab(layout)
  slab.fill(new Map(golden.parameters.map(({ key }) => [key, tensors.get(`${key}/${part}`)!])))
  return slab
}

/** Of what size the numbers are whose sum a weight is: where they cancel, float32 keeps less of the rest. */
function weightSizes(key: string, group: number): number[] {
  const steps = golden.schedule.reduce((sum, groups) => sum + groups[group]!.learningRate, 0)
  return toNumbers(tensors.get(`${key}/start`)!).map((value) => Math.abs(value) + steps)
}

/** The same of the first moment: gradients of different sign. */
function momentSizes(key: string, norms: readonly number[]): number[] {
  return norms.reduce<number[]>((sizes, norm, step) => {
    const gradients = toNumbers(tensors.get(`${key}/grad${step}`)!)
    const scale = clipScale(norm, golden.clipNorm)
    return gradients.map((g, i) => 0.9 * (sizes[i] ?? 0) + 0.1 * Math.abs(g * scale))
  }, [])
}

describe('three steps equal torch.optim.AdamW', () => {
  test('weights, moments and norms, with groups, a schedule and clipping', async () => {
    const optimizer = await AdamW.create(await engine(), layout)
    const weights = slabOf('start')
    const norms = toNumbers(tensors.get('norms')!)
    for (const [step, groups] of golden.schedule.entries()) {
      const gradients = slabOf(`grad${step}`)
      const norm = await optimizer.gradientNorm(gradients)
      assert.ok(Math.abs(norm - norms[step]!) <= 1e-6 * norms[step]!, `norm ${norm}, not ${norms[step]}`)
      await optimizer.apply(weights, gradients, groups, clipScale(norm, golden.clipNorm))
    }
    await optimizer.dispose()
    const slabs = { weight: weights, m: optimizer.firstMoment, v: optimizer.secondMoment }
    for (const { key, group } of golden.parameters) {
      const sizes = { weight: weightSizes(key, group), m: momentSizes(key, norms), v: [] }
      for (const [part, slab] of Object.entries(slabs)) {
        const [ours, exact] = [toNumbers(slab.views.get(key)!), toNumbers(tensors.get(`${key}/${part}`)!)]
        exact.forEach((value, i) => {
          const size = Math.max(Math.abs(value), sizes[part as keyof typeof sizes][i] ?? 0)
          const difference = Math.abs(ours[i]! - value)
          assert.ok(difference <= 1e-6 * size, `${key} ${part} ${i}: ${ours[i]}, not ${value}`)
        })
      }
    }
  })

  test('a parameter without gradient only decays', async () => {
    const optimizer = await AdamW.create(await engine(), layout)
    const weights = slabOf('start')
    await optimizer.apply(
      weights,
      new Slab(layout),
      [0, 1, 2].map((group) => ({ learningRate: 0.1, weightDecay: group })),
      1,
    )
    await optimizer.dispose()
    for (const { key, group } of golden.parameters) {
      const start = toNumbers(tensors.get(`${key}/start`)!)
      const keep = Math.fround(1 - 0.1 * group)
      assert.deepEqual(
        toNumbers(weights.views.get(key)!),
        start.map((value) => Math.fround(value * keep)),
        key,
      )
    }
  })
})

test('clipping scales down to the norm and never up', () => {
  assert.equal(clipScale(0.05, 0.1), 1)
  assert.equal(clipScale(0, 0.1), 1)
  assert.ok(Math.abs(clipScale(10, 0.1) - 0.01) < 1e-8)
})

test('a gradient that is not finite is named, and so is the largest where only the norm is not', async () => {
  const optimizer = await AdamW.create(await engine(), layout)
  for (const [bad, sentence] of [
    [Number.NaN, 'expected finite gradients, got NaN.'],
    [Number.NEGATIVE_INFINITY, 'expected finite gradients, got -Infinity.'],
    [-3e20, 'expected gradients whose norm float32 can hold, got one of 3.00e+20.'],
  ] as const) {
    const gradients = slabOf('grad0')
    gradients.views.get('transformer.norm')!.data[7] = bad
    await assert.rejects(optimizer.gradientNorm(gradients), (error: Error) => {
      assert.equal(error.name, 'NumericError')
      assert.ok(error.message.startsWith(`transformer.norm: ${sentence} Nothing was changed`), error.message)
      return true
    })
  }
  await optimizer.dispose()
})
