import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PixelBox } from '../formats/dataset.js'
import type { ImageSize } from '../image.js'
import { type DrawStreams, type Draws, seededDraws, seededStreams } from './draws.js'
import { either } from './either.js'
import { horizontalFlip, verticalFlip } from './flip.js'
import { iouCrop } from './iou-crop.js'
import { photometric } from './photometric.js'
import { polygonArea } from './polygon-clip.js'
import { quarterTurn } from './quarter-turn.js'
import { randomCrop } from './random-crop.js'
import { detrAugmentation, rtdetrAugmentation } from './recipes.js'
import { resizeShortest } from './resize-shortest.js'
import type { Bitmap, Sample, SampleObject } from './sample.js'
import { stretch } from './stretch.js'
import { applyTransforms, type Transform } from './transform.js'
import { zoomOut } from './zoom-out.js'

/** A black photo with the objects' boxes (whole pixels) drawn in one colour channel each, at most three. */
function drawn(size: ImageSize, boxes: readonly PixelBox[]): Sample {
  const { width, height } = size
  const data = new Uint8Array(width * height * 3)
  const objects = boxes.map((box, label): SampleObject => {
    const [xmin, ymin, xmax, ymax] = box
    const bitmap = new Uint8Array(width * height)
    for (let y = ymin; y < ymax; y++) {
      for (let x = xmin; x < xmax; x++) {
        data[(y * width + x) * 3 + label] = 255
        bitmap[y * width + x] = 1
      }
    }
    // Objects have bitmaps and outlines in turn.
    const polygons = [[xmin, ymin, xmax, ymin, xmax, ymax, xmin, ymax]]
    return { label, box, mask: label % 2 === 0 ? { bitmap: { width, height, data: bitmap } } : { polygons } }
  })
  return { image: { width, height, data }, objects }
}

/** Edges of what is at least half lit in a grid of `channels`; undefined when nothing is. */
function litBox(grid: Bitmap, channels: number, channel: number, half: number): PixelBox | undefined {
  let [xmin, ymin, xmax, ymax] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, -1, -1]
  for (let y = 0; y < grid.height; y++) {
    for (let x = 0; x < grid.width; x++) {
      if (grid.data[(y * grid.width + x) * channels + channel]! < half) continue
      xmin = Math.min(xmin, x)
      ymin = Math.min(ymin, y)
      xmax = Math.max(xmax, x + 1)
      ymax = Math.max(ymax, y + 1)
    }
  }
  return xmax < 0 ? undefined : [xmin, ymin, xmax, ymax]
}

function assertNear(actual: PixelBox, expected: PixelBox, tolerance: number, where: string): void {
  const off = Math.max(...actual.map((edge, i) => Math.abs(edge - expected[i]!)))
  assert.ok(off <= tolerance, `${where}: ${actual.join(', ')} for ${expected.join(', ')}`)
}

/** The box around all points of the outlines. */
function outlineBox(polygons: readonly (readonly number[])[]): PixelBox {
  const xs = polygons.flatMap((polygon) => polygon.filter((_, i) => i % 2 === 0))
  const ys = polygons.flatMap((polygon) => polygon.filter((_, i) => i % 2 === 1))
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)]
}

function randomBox(draws: Draws, { width, height }: ImageSize): PixelBox {
  const x = draws.integer(0, width - 8)
  const y = draws.integer(0, height - 8)
  return [x, y, draws.integer(x + 6, width), draws.integer(y + 6, height)]
}

const small = resizeShortest({ shortest: [40, 55, 90], longest: 130 })
const LISTS: Readonly<Record<string, readonly Transform[]>> = {
  'horizontal flip': [horizontalFlip({ probability: 1 })],
  'vertical flip': [verticalFlip({ probability: 1 })],
  'quarter turn': [quarterTurn()],
  'resize by the shorter side': [small],
  stretch: [
    stretch({
      sizes: [
        { height: 64, width: 96 },
        { height: 33, width: 21 },
      ],
      perBatch: false,
    }),
  ],
  'random crop': [randomCrop({ sides: [20, 60] })],
  'IoU crop': [iouCrop()],
  'zoom-out': [zoomOut({ probability: 1, factor: [1, 3] })],
  "DETR's, small": detrAugmentation({ shortest: [48, 64], longest: 107, beforeCrop: [40, 50, 60], crop: [38, 60] }),
  "RT-DETR's, small, in its own colours": rtdetrAugmentation({ sizes: [{ height: 64, width: 64 }] }).slice(1),
  'everything after everything': [
    verticalFlip(),
    small,
    either(0.5, [zoomOut({ factor: [1, 2] })], [iouCrop()]),
    quarterTurn(),
    small,
    randomCrop({ sides: [30, 80] }),
    horizontalFlip(),
    stretch({ sizes: [{ height: 70, width: 60 }], perBatch: false }),
  ],
}

const RESIZES: readonly string[] = ['resize-shortest', 'stretch']

for (const [name, list] of Object.entries(LISTS)) {
  test(`${name}: boxes, outlines and bitmaps go where the pixels go`, () => {
    let kept = 0
    for (let round = 0; round < 60; round++) {
      const draws = seededDraws(round)
      const size = { width: draws.integer(24, 110), height: draws.integer(24, 110) }
      const boxes = [0, 1, 2].map(() => randomBox(draws, size))
      const before = drawn(size, boxes)
      const where = `round ${round}`
      const place = { seed: 1, epoch: 0, photo: round, batch: 0 }
      const { image, objects } = applyTransforms(before, list, seededStreams(place))
      assert.equal(image.data.length, image.width * image.height * 3, where)
      for (const { label, box, mask } of objects) {
        kept++
        const [xmin, ymin, xmax, ymax] = box
        assert.ok(xmin >= -1e-9 && ymin >= -1e-9 && xmax > xmin && ymax > ymin, where)
        assert.ok(xmax <= image.width + 1e-9 && ymax <= image.height + 1e-9, where)
        // What is about a pixel wide may be lit less than half.
        if (xmax - xmin >= 2.5 && ymax - ymin >= 2.5) {
          const lit = litBox(image, 3, label, 128)
          assert.ok(lit !== undefined, `${where}: object ${label} is not in the photo`)
          // Resized twice, an edge may be off by what each resize rounds.
          assertNear(lit, box, 1.01, `${where}, pixels of ${label}`)
        }
        if (mask !== undefined && 'bitmap' in mask) {
          assert.deepEqual([mask.bitmap.width, mask.bitmap.height], [image.width, image.height], where)
          const lit = litBox(mask.bitmap, 1, 0, 1)
          // The nearest pixel is up to one off in each resize, which the next one may enlarge; the narrowest may go.
          const tolerance = 2.5 * Math.max(1, list.filter(({ kind }) => RESIZES.includes(kind)).length)
          if (xmax - xmin >= 3 && ymax - ymin >= 3) assertNear(lit!, box, tolerance, `${where}, bitmap of ${label}`)
        } else if (mask !== undefined) {
          assertNear(outlineBox(mask.polygons), box, 1e-6, `${where}, outline of ${label}`)
          assert.ok(Math.abs(polygonArea(mask.polygons[0]!) - (xmax - xmin) * (ymax - ymin)) < 1e-6, where)
        }
      }
    }
    assert.ok(kept > 60, `${kept} objects were left`)
  })
}

/** A photo in which every pixel differs, with a box, an outline and a bitmap. */
function marked(width: number, height: number): Sample {
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 7) & 255)
  const bitmap = { width, height, data: Uint8Array.from({ length: width * height }, (_, i) => (i * 5) & 1) }
  return {
    image: { width, height, data },
    objects: [
      { label: 4, box: [1.5, 2.25, 7, 5], area: 17, mask: { polygons: [[1.5, 2.25, 7, 2.5, 3, 5]] } },
      { label: 2, box: [0, 0, width, height], mask: { bitmap } },
    ],
  }
}

const streams: DrawStreams = seededStreams({ seed: 3, epoch: 0, photo: 0, batch: 0 })
const run = (sample: Sample, ...transforms: readonly Transform[]): Sample =>
  applyTransforms(sample, transforms, streams)

test('two equal flips and four quarter turns change nothing, two turns are both flips', () => {
  const sample = marked(13, 9)
  const across = horizontalFlip({ probability: 1 })
  const down = verticalFlip({ probability: 1 })
  const turn = quarterTurn({ quarters: [1] })
  for (const list of [
    [across, across],
    [down, down],
    [turn, turn, turn, turn],
    [across, down, across, down],
  ]) {
    assert.deepEqual(run(sample, ...list), sample)
  }
  assert.deepEqual(run(sample, turn, turn), run(sample, across, down))
  assert.deepEqual(run(sample, quarterTurn({ quarters: [3] })), run(sample, turn, turn, turn))
  assert.notDeepEqual(run(sample, across).image, sample.image)
  const turned = run(sample, turn)
  assert.deepEqual([turned.image.width, turned.image.height], [9, 13])
  // The lower left pixel comes to the upper left.
  assert.deepEqual([...turned.image.data.subarray(0, 3)], [...sample.image.data.subarray(8 * 13 * 3, 8 * 13 * 3 + 3)])
})

test('what is asked to do nothing does nothing, and no transform changes its source', () => {
  const sample = marked(40, 30)
  const copy = structuredClone(sample)
  const idle: readonly Transform[] = [
    horizontalFlip({ probability: 0 }),
    verticalFlip({ probability: 0 }),
    quarterTurn({ quarters: [0] }),
    resizeShortest({ shortest: [30], longest: 1333 }),
    stretch({ sizes: [{ height: 30, width: 40 }] }),
    zoomOut({ probability: 1, factor: [1, 1] }),
    zoomOut({ probability: 0 }),
    iouCrop({ overlaps: [1] }),
    photometric({ probability: 0 }),
    photometric({ brightness: [1, 1], contrast: [1, 1], saturation: [1, 1], hue: [0, 0], swapProbability: 0 }),
    either(0, [randomCrop({ sides: [2, 2] })]),
    either(1, [], [randomCrop({ sides: [2, 2] })]),
  ]
  for (const transform of idle) {
    const after = run(sample, transform)
    if (transform.kind !== 'photometric') assert.deepEqual(after, sample, transform.kind)
    assert.deepEqual(after.objects, sample.objects, transform.kind)
  }
  assert.deepEqual(run(sample), sample)
  const whole = run(sample, randomCrop({ sides: [500, 600] }))
  assert.deepEqual(whole.image, sample.image)
  for (const list of Object.values(LISTS)) run(sample, ...list, photometric({ probability: 1 }))
  assert.deepEqual(sample, copy)
})

test('a resize with crops behind it has the pixels of one after the other', () => {
  const sample = marked(60, 45)
  const place = { seed: 5, epoch: 1, photo: 2, batch: 0 }
  for (let photo = 0; photo < 40; photo++) {
    const list = [
      randomCrop({ sides: [20, 60] }),
      resizeShortest({ shortest: [33, 71] }),
      randomCrop({ sides: [20, 60] }),
      randomCrop({ sides: [8, 30] }),
    ]
    const at = seededStreams({ ...place, photo })
    const together = applyTransforms(sample, list, at)
    let apart = sample
    // One by one, under the names that they have in the list.
    const names = ['random-crop', 'resize-shortest', 'random-crop 2', 'random-crop 3']
    for (const [i, transform] of list.entries()) {
      apart = applyTransforms(apart, [transform], (_, scope) => at(names[i]!, scope))
    }
    assert.deepEqual(together.image, apart.image)
    const boxes = ({ objects }: Sample): unknown => objects.map(({ label, box, area }) => ({ label, box, area }))
    assert.deepEqual(boxes(together), boxes(apart))
  }
})

test('photos of one pixel, one row or one column, without objects, and very long strips go through the recipes', () => {
  for (const [width, height] of [
    [1, 1],
    [1, 700],
    [5000, 1],
    [3, 2],
  ] as const) {
    const image = { width, height, data: new Uint8Array(width * height * 3).fill(90) }
    for (const objects of [[], [{ label: 0, box: [0, 0, width, height] as PixelBox }]]) {
      for (const list of [detrAugmentation(), rtdetrAugmentation()]) {
        for (let photo = 0; photo < 6; photo++) {
          const place = { seed: 2, epoch: 0, photo, batch: 0 }
          const after = applyTransforms({ image, objects }, list, seededStreams(place))
          const side = Math.max(after.image.width, after.image.height)
          // DETR's rule rounds the shorter side of a strip, and with it the longer one: 1×700 gives 2×1400.
          assert.ok(side <= 1400 && after.image.data.length === after.image.width * after.image.height * 3)
          assert.ok(after.objects.every(({ box }) => box.every((edge) => edge >= -1e-9 && edge <= side + 1e-9)))
        }
      }
    }
  }
})
