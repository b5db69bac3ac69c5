/** @file Matching costs against those of somebody else's matchers in float64. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { matchingGolden, rulePredictions, ruleTargets } from '../../test/support/matching-golden.js'
import { boxesOf } from '../boxes/index.js'
import { costTargets, focalClassCost, focalMatching, matchingCost, softmaxClassCost, softmaxMatching } from './index.js'

function classCosts(cost: typeof softmaxClassCost, logits: readonly number[]): number[] {
  const out = new Float64Array(logits.length)
  cost(Float32Array.from(logits), 0, logits.length, Int32Array.from(logits.keys()), out)
  return [...out]
}

describe('matching costs', () => {
  for (const golden of matchingGolden().matchings) {
    test(`${golden.cost}, ${golden.queries} queries, ${golden.classes} classes`, () => {
      const { queries, classes } = golden
      const { logits, boxes } = rulePredictions(golden)
      const terms = golden.cost === 'softmax' ? softmaxMatching : focalMatching
      ruleTargets(golden).forEach((targets, image) => {
        const want = golden.images[image]!.costs
        const out = new Float64Array(want.length)
        const logitsOfImage = logits.data.subarray(image * queries * classes, (image + 1) * queries * classes)
        const boxesOfImage = boxesOf('cxcywh', boxes.data.subarray(image * queries * 4, (image + 1) * queries * 4))
        matchingCost(terms, logitsOfImage, boxesOfImage, costTargets(targets.labels, targets.boxes), out)
        for (const [i, cost] of out.entries()) {
          assert.ok(Math.abs(cost - want[i]!) < 1e-12, `image ${image}, cost ${i}: ${cost}, not ${want[i]}`)
        }
      })
    })
  }

  test('weights and epsilon take part', () => {
    const boxes = boxesOf('cxcywh', Float32Array.of(0.5, 0.5, 0.5, 0.5))
    const targets = costTargets(Int32Array.of(1), boxesOf('cxcywh', Float32Array.of(0.75, 0.5, 0.5, 0.25)))
    const cost = (classWeight: number, l1Weight: number, giouWeight: number, giouEpsilon = 0): number => {
      const out = new Float64Array(1)
      const terms = { classCost: softmaxClassCost, classWeight, l1Weight, giouWeight, giouEpsilon }
      matchingCost(terms, Float32Array.of(0, Math.log(3)), boxes, targets, out)
      return out[0]!
    }
    // By hand: intersection 1/16, union 5/16, hull 3/8.
    assert.ok(Math.abs(cost(2, 0, 0) + 1.5) < 1e-7)
    assert.equal(cost(0, 3, 0), 1.5)
    assert.ok(Math.abs(cost(0, 0, 4) + 4 * (1 / 5 - 1 / 6)) < 1e-15)
    assert.ok(Math.abs(cost(0, 0, 1, 0.1) + 0.0625 / 0.4125 - 0.0625 / 0.475) < 1e-15)
  })

  test('extreme logits and boxes give finite costs', () => {
    const logits = [1e4, -1e4, 0, 3e38, -3e38, 89, -104]
    assert.deepEqual(
      classCosts(softmaxClassCost, logits).map((cost) => cost + 0),
      [0, 0, 0, -1, 0, 0, 0],
    )
    for (const options of [{}, { alpha: 0.5, gamma: 1.5 }, { gamma: 0 }]) {
      for (const cost of classCosts(focalClassCost(options), logits)) assert.ok(Number.isFinite(cost), `${cost}`)
    }
    const focal = classCosts(focalClassCost(), [1e4, -1e4, 0])
    const expected = [0.75 * Math.log(1e-8), -0.25 * Math.log(1e-8), (0.25 / 2) * Math.log(0.5)]
    for (const [i, cost] of focal.entries()) assert.ok(Math.abs(cost - expected[i]!) < 1e-7, `${cost}`)

    const sizes = [0, 1e-45, 1e-40, 1e-10, 1, 1e30, 3e38]
    const boxes = boxesOf('cxcywh', Float32Array.from(sizes.flatMap((size) => [size / 2, 0.5, size, size])))
    const targets = costTargets(new Int32Array(sizes.length), boxes)
    const out = new Float64Array(sizes.length ** 2)
    matchingCost(softmaxMatching, new Float32Array(sizes.length), boxes, targets, out)
    for (const [i, cost] of out.entries()) assert.ok(Number.isFinite(cost), `pair ${i}: ${cost}`)
  })
})
