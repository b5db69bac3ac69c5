import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cornersIou } from '../../boxes/index.js'
import { MAX_PIXELS } from '../limits.js'
import { draftOf } from './draft.js'
import { type DrawStreams, seededDraws, seededStreams } from './draws.js'
import { dropSmall } from './drop-small.js'
import { horizontalFlip } from './flip.js'
import { iouCrop, iouCropKind } from './iou-crop.js'
import { quarterTurn } from './quarter-turn.js'
import { randomCrop } from './random-crop.js'
import { detrAugmentation } from './recipes.js'
import type { Sample, SampleObject } from './sample.js'
import { stretch } from './stretch.js'
import { applyTransforms } from './transform.js'
import { enlarged, zoomOut } from './zoom-out.js'

const PHOTOS = 3000

function blank(width: number, height: number, objects: readonly SampleObject[] = []): Sample {
  return { image: { width, height, data: new Uint8Array(width * height * 3) }, objects }
}

function streamsOf(photo: number, batch = 0): DrawStreams {
  return seededStreams({ seed: 4, epoch: 2, photo, batch })
}

/** Asserts a share of many photos within five standard errors. */
function assertShare(count: number, total: number, expected: number, what: string): void {
  const tolerance = 5 * Math.sqrt((expected * (1 - expected)) / total)
  assert.ok(Math.abs(count / total - expected) <= tolerance, `${what}: ${count} of ${total} for ${expected}`)
}

test("DETR's augmentation mirrors half, crops half, and draws every size equally often", () => {
  const sizes = Array.from({ length: 11 }, (_, i) => 480 + 32 * i)
  assert.deepEqual(
    detrAugmentation(),
    detrAugmentation({ shortest: sizes, longest: 1333, beforeCrop: [400, 500, 600], crop: [384, 600] }),
  )
  // The same choices among sizes a hundredth as large, which would take minutes otherwise.
  const shortest = sizes.map((_, i) => 5 + i)
  const list = detrAugmentation({ shortest, longest: 30, beforeCrop: [4, 5, 6], crop: [3, 6] })
  const counts = new Map<string, number>()
  const count = (what: string): void => {
    counts.set(what, (counts.get(what) ?? 0) + 1)
  }
  const sample = blank(1, 1)
  for (let photo = 0; photo < PHOTOS; photo++) {
    applyTransforms(sample, list, (path, scope) => {
      const draws = streamsOf(photo)(path, scope)
      return {
        chance(probability) {
          const yes = draws.chance(probability)
          if (yes) count(path)
          return yes
        },
        integer(first, last) {
          const value = draws.integer(first, last)
          count(`${path} ${first}..${last}: ${value}`)
          return value
        },
        real: draws.real,
      }
    })
  }
  assertShare(counts.get('horizontal-flip')!, PHOTOS, 0.5, 'flip')
  assertShare(counts.get('either')!, PHOTOS, 0.5, 'no crop')
  const without = counts.get('either')!
  for (let i = 0; i < 11; i++) {
    assertShare(counts.get(`either/first/resize-shortest 0..10: ${i}`)!, without, 1 / 11, `size ${i}`)
    assertShare(counts.get(`either/second/resize-shortest 2 0..10: ${i}`)!, PHOTOS - without, 1 / 11, `size ${i}, crop`)
  }
  for (let i = 0; i < 3; i++) {
    assertShare(counts.get(`either/second/resize-shortest 0..2: ${i}`)!, PHOTOS - without, 1 / 3, `first size ${i}`)
  }
})

test('sides and places of random crops are uniform, and a small photo limits them', () => {
  const sides = [0, 0]
  let [first, last] = [0, 0]
  for (let photo = 0; photo < PHOTOS; photo++) {
    const marker = { label: 0, box: [0, 0, 60, 40] as const }
    const { image, objects } = applyTransforms(
      blank(60, 40, [marker]),
      [randomCrop({ sides: [20, 50] })],
      streamsOf(photo),
    )
    assert.ok(image.width >= 20 && image.width <= 50 && image.height >= 20 && image.height <= 40)
    assert.deepEqual(objects[0]!.box, [0, 0, image.width, image.height])
    sides[0]! += image.width
    sides[1]! += image.height
    const dot = { label: 0, box: [0, 0, 1, 1] as const }
    const end = { label: 1, box: [59, 59, 60, 60] as const }
    const corners = applyTransforms(blank(60, 60, [dot, end]), [randomCrop({ sides: [59, 59] })], streamsOf(photo))
    for (const { label } of corners.objects) {
      if (label === 0) first++
      else last++
    }
  }
  // Standard deviations of uniform whole numbers 20..50 and 20..40.
  assert.ok(Math.abs(sides[0]! / PHOTOS - 35) < (5 * 8.95) / Math.sqrt(PHOTOS))
  assert.ok(Math.abs(sides[1]! / PHOTOS - 30) < (5 * 6.06) / Math.sqrt(PHOTOS))
  assertShare(first, PHOTOS, 0.25, 'upper left')
  assertShare(last, PHOTOS, 0.25, 'lower right')
  const { image } = applyTransforms(blank(7, 900), [randomCrop()], streamsOf(1))
  assert.equal(image.width, 7)
  assert.ok(image.height >= 384 && image.height <= 600)
})

test('an IoU crop holds a centre, overlaps its box by the bound, and drops what has its centre outside', () => {
  const objects: SampleObject[] = [
    { label: 0, box: [10, 10, 40, 40] },
    { label: 1, box: [60, 20, 95, 70] },
    { label: 2, box: [5, 60, 25, 95] },
  ]
  let dropped = 0
  for (const bound of [0, 0.3, 0.7]) {
    for (let photo = 0; photo < 300; photo++) {
      const record = iouCrop({ overlaps: [bound] })
      const draws = seededDraws(photo)
      const batchDraws = draws
      const draft = iouCropKind.apply(draftOf(blank(100, 100, objects)), record, {
        draws,
        batchDraws,
        run: (same) => same,
      })
      const { x, y, width, height } = draft.window
      if (width === 100 && height === 100) continue
      assert.ok(width >= 30 && height >= 30 && width / height >= 0.5 && width / height <= 2)
      const inside = objects.filter(({ box: [xmin, ymin, xmax, ymax] }) => {
        const [centreX, centreY] = [(xmin + xmax) / 2, (ymin + ymax) / 2]
        return centreX > x && centreX < x + width && centreY > y && centreY < y + height
      })
      assert.deepEqual(
        draft.objects.map(({ label }) => label),
        inside.map(({ label }) => label),
      )
      const best = Math.max(...inside.map(({ box }) => cornersIou(...box, x, y, x + width, y + height)))
      assert.ok(best >= bound, `${best} for ${bound}`)
      dropped += 3 - inside.length
    }
  }
  assert.ok(dropped > 100)
})

test('an IoU crop that no rectangle can meet, or of a photo without objects, leaves the photo', () => {
  const tiny = blank(50, 50, [{ label: 0, box: [0, 0, 0.5, 0.5] }])
  assert.deepEqual(applyTransforms(tiny, [iouCrop({ overlaps: [0.9] })], streamsOf(0)), tiny)
  const empty = blank(50, 50)
  assert.deepEqual(applyTransforms(empty, [iouCrop({ overlaps: [0] })], streamsOf(0)), empty)
  const thin = blank(1, 50, [{ label: 0, box: [0, 0, 1, 50] }])
  assert.deepEqual(applyTransforms(thin, [iouCrop({ scale: [0, 0.5] })], streamsOf(0)).image.width, 1)
})

test('zoom-out draws its factor and place uniformly, fills the rest, and stays within the limit of pixels', () => {
  const sample = { ...blank(10, 8), image: { width: 10, height: 8, data: new Uint8Array(240).fill(9) } }
  let [width, left, expectedLeft] = [0, 0, 0]
  for (let photo = 0; photo < PHOTOS; photo++) {
    const object = { label: 0, box: [0, 0, 10, 8] as const }
    const list = [zoomOut({ probability: 1, factor: [1, 3], fill: [1, 2, 3] })]
    const { image, objects } = applyTransforms({ ...sample, objects: [object] }, list, streamsOf(photo))
    width += image.width
    const [x, y, right, bottom] = objects[0]!.box
    assert.deepEqual([right - x, bottom - y], [10, 8])
    left += x
    expectedLeft += image.width > 10 ? (image.width - 11) / 2 : 0
    const sum = image.data.reduce((a, b) => a + b, 0)
    assert.equal(sum, 240 * 9 + (image.width * image.height - 80) * 6)
  }
  // Uniform 10..30, truncated.
  assert.ok(Math.abs(width / PHOTOS - 19.5) < 0.6, `${width / PHOTOS}`)
  assert.ok(Math.abs(left / expectedLeft - 1) < 0.06, `${left} for ${expectedLeft}`)
  for (const [side, factor] of [
    [10_000, 4],
    [13_377, 1.0001],
    [13_377, 99],
    [1, 100],
  ] as const) {
    const size = enlarged({ width: side, height: side }, factor)
    assert.ok(size.width >= side && size.width * size.height <= MAX_PIXELS, `${side} to ${size.width}`)
  }
  assert.deepEqual(enlarged({ width: 10, height: 7 }, 2.5), { width: 25, height: 17 })
})

test('a size that is drawn for a batch is the same for its photos and another one for other batches', () => {
  const sizes = [32, 40, 48, 56, 64].map((side) => ({ height: side, width: side }))
  const sideOf = (photo: number, batch: number, perBatch: boolean): number =>
    applyTransforms(blank(8, 8), [stretch({ sizes, perBatch })], streamsOf(photo, batch)).image.width
  const counts = new Map<number, number>()
  for (let batch = 0; batch < 1000; batch++) {
    const side = sideOf(batch * 2, batch, true)
    assert.equal(sideOf(batch * 2 + 1, batch, true), side)
    counts.set(side, (counts.get(side) ?? 0) + 1)
  }
  for (const { width } of sizes) assertShare(counts.get(width)!, 1000, 0.2, `${width}`)
  assert.ok(new Set(Array.from({ length: 50 }, (_, photo) => sideOf(photo, 0, false))).size === 5)
})

test('quarter turns are drawn equally often, and small objects are dropped by either side', () => {
  const counts = [0, 0, 0, 0]
  const sample = blank(3, 2, [{ label: 0, box: [0, 0, 1, 1] }])
  for (let photo = 0; photo < PHOTOS; photo++) {
    const [x, y] = applyTransforms(sample, [quarterTurn()], streamsOf(photo)).objects[0]!.box
    counts[x === 0 ? (y === 0 ? 0 : 3) : y === 0 ? 1 : 2]!++
  }
  for (const [i, count] of counts.entries()) assertShare(count, PHOTOS, 0.25, `${i} quarters`)
  const objects: SampleObject[] = [
    { label: 0, box: [0, 0, 1, 1] },
    { label: 1, box: [0, 0, 0.99, 3] },
    { label: 2, box: [0, 0, 3, 0.99] },
  ]
  assert.deepEqual(
    applyTransforms(blank(3, 3, objects), [dropSmall()], streamsOf(0)).objects.map(({ label }) => label),
    [0],
  )
})

test('what else a list holds does not change the decisions of a transform', () => {
  const flips = (list: Parameters<typeof applyTransforms>[1]): boolean[] =>
    Array.from({ length: 64 }, (_, photo) => {
      const after = applyTransforms(blank(4, 4, [{ label: 0, box: [0, 0, 1, 1] }]), list, streamsOf(photo))
      return after.objects[0]!.box[0] > 1
    })
  const alone = flips([horizontalFlip()])
  assert.deepEqual(flips([dropSmall(), stretch({ sizes: [{ height: 4, width: 4 }] }), horizontalFlip()]), alone)
  assert.notDeepEqual(flips([horizontalFlip({ probability: 0 }), horizontalFlip()]), alone)
})
