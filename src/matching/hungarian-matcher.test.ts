/** @file The matcher: somebody else's pairs, the dense form, surplus targets, empty images, refusals. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { matchingGolden, rulePredictions, ruleTargets } from '../../test/support/matching-golden.js'
import { boxesOf } from '../boxes/index.js'
import { ConfigError, NumericError, type TensorData, tensorData } from '../tensor/index.js'
import {
  focalMatching,
  HungarianMatcher,
  type ImageTargets,
  type MatchedSet,
  type OutputSet,
  softmaxMatching,
  UNMATCHED_BOX,
} from './index.js'

const cases = matchingGolden().matchings
const NONE: ImageTargets = { labels: new Int32Array(0), boxes: boxesOf('cxcywh', new Float32Array(0)) }

/** Every row of the dense form says what `queryOfTarget` says, and nothing else. */
function assertDense(set: MatchedSet, targets: readonly ImageTargets[], queries: number, noObject: number): void {
  const shape = [targets.length, queries]
  assert.deepEqual(
    [set.label, set.matched, set.box].map((tensor: TensorData) => [tensor.dtype, tensor.shape]),
    [
      ['int32', shape],
      ['float32', shape],
      ['float32', [...shape, 4]],
    ],
  )
  for (const [image, { labels, boxes }] of targets.entries()) {
    for (let query = 0; query < queries; query++) {
      const row = image * queries + query
      const target = set.queryOfTarget[image]!.indexOf(query)
      const got = [set.label.data[row], set.matched.data[row], ...set.box.data.subarray(4 * row, 4 * row + 4)]
      const want =
        target < 0
          ? [noObject, 0, ...UNMATCHED_BOX]
          : [labels[target], 1, ...boxes.subarray(4 * target, 4 * target + 4)]
      assert.deepEqual(got, want, `image ${image}, query ${query}`)
    }
  }
}

describe('the Hungarian matcher', () => {
  for (const golden of cases) {
    test(`${golden.cost}, ${golden.queries} queries for ${golden.targets} targets: the reference's pairs`, () => {
      const noObject = golden.cost === 'softmax' ? golden.classes - 1 : golden.classes
      const matcher = new HungarianMatcher(golden.cost === 'softmax' ? softmaxMatching : focalMatching, noObject)
      const targets = ruleTargets(golden)
      const set = rulePredictions(golden)
      // The same set three times, as if of three layers: sets do not disturb each other.
      const found = matcher.match([set, set, set], targets)
      assert.equal(found.length, 3)
      for (const matched of found) {
        assert.equal(matched.name, 'decoder')
        golden.images.forEach(({ pairs: [queries, chosen] }, image) => {
          const want = new Int32Array(golden.targets[image]!).fill(-1)
          queries.forEach((query, i) => {
            want[chosen[i]!] = query
          })
          assert.deepEqual(matched.queryOfTarget[image], want, `image ${image}`)
        })
        assertDense(matched, targets, golden.queries, noObject)
        const surplus = golden.targets.reduce((sum, count) => sum + Math.max(0, count - golden.queries), 0)
        assert.equal(matched.surplus, surplus)
      }
    })
  }

  test('layers are matched each by itself, and what was matched before changes nothing', () => {
    const [first, second] = [cases[0]!, { ...cases[0]!, seed: 11 }]
    const targets = ruleTargets(first)
    const sets = [rulePredictions(first), rulePredictions(second)]
    const matcher = new HungarianMatcher(softmaxMatching, 5)
    const together = matcher.match(sets, targets)
    assert.notDeepEqual(together[0], together[1])
    matcher.match(
      [rulePredictions(cases[1]!)],
      ruleTargets(cases[1]!).map(({ labels, boxes }) => ({ labels: labels.fill(0), boxes })),
    )
    for (const [i, set] of sets.entries()) {
      assert.deepEqual(matcher.match([set], targets), [together[i]])
      assert.deepEqual(new HungarianMatcher(softmaxMatching, 5).match([set], targets), [together[i]])
    }
  })

  test('images without targets, batches without targets, one query for one target', () => {
    const matcher = new HungarianMatcher(softmaxMatching, 5)
    const set = rulePredictions(cases[0]!)
    const [empty] = matcher.match([set], [NONE, NONE, NONE])
    assertDense(empty!, [NONE, NONE, NONE], 12, 5)
    assert.deepEqual([...empty!.matched.data], new Array(36).fill(0))
    const one: OutputSet = {
      name: 'one',
      logits: tensorData('float32', [1, 1, 6], new Float32Array(6)),
      boxes: tensorData('float32', [1, 1, 4], Float32Array.of(0.5, 0.5, 0, 0)),
    }
    const target = { labels: Int32Array.of(2), boxes: boxesOf('cxcywh', Float32Array.of(0.5, 0.5, 0, 0)) }
    const [matched] = matcher.match([one], [target])
    assert.deepEqual([...matched!.queryOfTarget[0]!], [0])
    assertDense(matched!, [target], 1, 5)
    assert.deepEqual(matcher.match([], [target]), [])
  })

  test('equal queries and targets are matched in order', () => {
    const set: OutputSet = {
      name: 'equal',
      logits: tensorData('float32', [1, 5, 3], new Float32Array(15)),
      boxes: tensorData('float32', [1, 5, 4], new Float32Array(20).fill(0.5)),
    }
    const targets = { labels: new Int32Array(3), boxes: boxesOf('cxcywh', new Float32Array(12).fill(0.25)) }
    const [matched] = new HungarianMatcher(focalMatching, 3).match([set], [targets])
    assert.deepEqual([...matched!.queryOfTarget[0]!], [0, 1, 2])
  })

  test('a prediction that is no number is refused with its tensor, image and place', () => {
    const matcher = new HungarianMatcher(softmaxMatching, 5)
    const targets = ruleTargets(cases[0]!)
    const spoil = (part: 'logits' | 'boxes', at: number, value: number): OutputSet => {
      const set = { ...rulePredictions(cases[0]!), name: 'decoder layer 3' }
      set[part].data[at] = value
      return set
    }
    const [nan, infinity] = [Number.NaN, Number.NEGATIVE_INFINITY]
    const refusals: readonly [OutputSet, RegExp][] = [
      [spoil('logits', (12 + 7) * 6 + 4, nan), /decoder layer 3, logits of image 1: .* got NaN at query 7, class 4\./],
      [spoil('logits', 0, infinity), /logits of image 0: expected finite numbers, got -Infinity at query 0, class 0\./],
      [spoil('boxes', (24 + 11) * 4 + 3, nan), /boxes of image 2: .* got NaN as height at query 11\. The network/],
      [spoil('boxes', 1, infinity), /boxes of image 0: .* got -Infinity as cy at query 0\./],
      [spoil('boxes', 2, -0.5), /expected finite numbers, and sizes from 0 up, got -0\.5 as width at query 0\./],
    ]
    for (const [set, message] of refusals) {
      const sets = [rulePredictions(cases[0]!), set]
      assert.throws(() => matcher.match(sets, targets), message)
      assert.throws(() => matcher.match(sets, targets), NumericError)
    }
    assert.doesNotThrow(() => matcher.match([spoil('boxes', 0, -0.5)], targets))
  })

  test('targets that mean nothing are refused with their image', () => {
    const matcher = new HungarianMatcher(softmaxMatching, 5)
    const set = rulePredictions(cases[0]!)
    const withImage1 = (labels: readonly number[], boxes: readonly number[]): ImageTargets[] => [
      NONE,
      { labels: Int32Array.from(labels), boxes: boxesOf('cxcywh', Float32Array.from(boxes)) },
      NONE,
    ]
    const box = [0.5, 0.5, 0.5, 0.5]
    const refusals: readonly [ImageTargets[], RegExp][] = [
      [
        withImage1([6], box),
        /labels of the targets of image 1: expected classes from 0 to 5, but not 5, got 6 at target 0/,
      ],
      [withImage1([0, -1], [...box, ...box]), /got -1 at target 1/],
      [withImage1([5], box), /but not 5, got 5 at target 0\. Map the categories/],
      [withImage1([0], [0.5, Number.NaN, 1, 1]), /boxes of the targets of image 1: .* got NaN as cy of target 0/],
      [withImage1([0], [0.5, 0.5, 1, -1]), /got -1 as height of target 0/],
      [withImage1([0, 0], box), /expected four numbers for each label, got 4 numbers for 2 labels/],
    ]
    for (const [targets, message] of refusals) assert.throws(() => matcher.match([set], targets), message)
    assert.throws(
      () => new HungarianMatcher(focalMatching, 6).match([set], withImage1([6], box)),
      /expected classes from 0 to 5, got 6 at target 0/,
    )
  })

  test('tensors that do not fit, and a no-object class that is none, are refused', () => {
    const matcher = new HungarianMatcher(softmaxMatching, 5)
    const shapes: readonly [readonly number[], readonly number[], number][] = [
      [[3, 12, 6], [3, 12, 4], 2],
      [[3, 12, 6], [3, 11, 4], 3],
      [[2, 12, 6], [3, 12, 4], 3],
      [[3, 12, 6], [3, 12, 5], 3],
      [[36, 6], [3, 12, 4], 3],
      [[3, 12, 0], [3, 12, 4], 3],
    ]
    for (const [logits, boxes, images] of shapes) {
      const of = (shape: readonly number[]): TensorData<'float32'> =>
        tensorData('float32', shape, new Float32Array(shape.reduce((a, b) => a * b, 1)))
      const wrong = { name: 'aux 2', logits: of(logits), boxes: of(boxes) }
      assert.throws(
        () => matcher.match([wrong], new Array(images).fill(NONE)),
        /^ShapeError: aux 2: expected float32 logits/,
      )
    }
    const { boxes } = rulePredictions(cases[0]!)
    const wide = tensorData('float64', [3, 12, 6], new Float64Array(216)) as TensorData as TensorData<'float32'>
    assert.throws(
      () => matcher.match([{ name: 'wide', logits: wide, boxes }], [NONE, NONE, NONE]),
      /got float64\[3, 12, 6\] and float32\[3, 12, 4\]/,
    )
    for (const noObject of [-1, 0.5, Number.NaN, 2 ** 31]) {
      assert.throws(() => new HungarianMatcher(softmaxMatching, noObject), ConfigError)
    }
  })
})
