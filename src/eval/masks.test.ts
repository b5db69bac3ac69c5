/** @file Masks as run lengths, against goldens of pycocotools.mask made by reference/coco_eval.py. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { FileError } from '../tensor/index.js'
import {
  type CocoSegmentation,
  decodeMask,
  encodeMask,
  maskIou,
  mergeRles,
  type Rle,
  rleArea,
  rleBox,
  rleFromBox,
  rleFromCounts,
  rleFromPolygons,
  rleFromSegmentation,
  rleFromString,
  rleToString,
} from './index.js'

interface MaskCase {
  readonly height: number
  readonly width: number
  readonly segmentation: CocoSegmentation
  readonly text: string
  readonly area: number
  readonly box: readonly number[]
  /** With the mask before: plain, and with that one as a crowd. */
  readonly iou?: readonly [plain: number, crowd: number]
  /** With the mask before, where sizes agree. */
  readonly union?: string
}

const golden = JSON.parse(readFileSync(new URL('../../../test/golden/coco-eval.json', import.meta.url), 'utf8')) as {
  readonly masks: readonly MaskCase[]
}

const rleOf = ({ segmentation, height, width }: MaskCase): Rle => rleFromSegmentation(segmentation, height, width)

test('polygons, numbers and text become the run lengths of pycocotools', () => {
  const kinds = new Set<string>()
  golden.masks.forEach((each, i) => {
    const rle = rleOf(each)
    assert.equal(rleToString(rle), each.text, `mask ${i}`)
    assert.deepEqual(rleFromString(each.text, each.height, each.width), rle, `mask ${i}`)
    assert.equal(rleArea(rle), each.area, `mask ${i}`)
    assert.deepEqual(rleBox(rle), each.box, `mask ${i}`)
    const { segmentation } = each
    kinds.add('counts' in segmentation ? typeof segmentation.counts : segmentation.length > 1 ? 'parts' : 'polygon')
  })
  assert.deepEqual([...kinds].sort(), ['object', 'parts', 'polygon', 'string'])
})

test('IoU and union equal those of pycocotools, other sizes included', () => {
  const seen = { apart: 0, overlapping: 0, otherSize: 0 }
  golden.masks.forEach((each, i) => {
    if (each.iou === undefined) return
    const [before, rle] = [rleOf(golden.masks[i - 1]!), rleOf(each)]
    const [plain, crowd] = each.iou
    assert.equal(maskIou(rle, before), plain, `mask ${i}`)
    assert.equal(maskIou(rle, before, true), crowd, `mask ${i}`)
    if (each.union !== undefined) assert.equal(rleToString(mergeRles([before, rle])), each.union, `mask ${i}`)
    seen[plain === 0 ? 'apart' : plain > 0 ? 'overlapping' : 'otherSize']++
  })
  assert.ok(seen.apart > 5 && seen.overlapping > 10 && seen.otherSize > 0, JSON.stringify(seen))
})

test('encoding and decoding are inverse, and the first run is background', () => {
  // Two rows of three: columns 10, 11, 01.
  const mask = Uint8Array.of(1, 1, 0, 0, 1, 1)
  const rle = encodeMask(mask, 2, 3)
  assert.deepEqual([...rle.counts], [0, 1, 1, 2, 1, 1])
  assert.deepEqual(decodeMask(rle), mask)
  assert.deepEqual(rleFromCounts([0, 1, 1, 2, 1, 1], 2, 3), rle)
  for (const each of golden.masks) {
    const decoded = decodeMask(rleOf(each))
    assert.equal(rleArea(encodeMask(decoded, each.height, each.width)), each.area)
    assert.deepEqual(decodeMask(encodeMask(decoded, each.height, each.width)), decoded)
  }
})

test('long runs keep all their 31 bits in text', () => {
  for (const counts of [[2 ** 31 - 1], [0, 2 ** 30, 5, 2 ** 30 - 6], [2 ** 30, 1, 1, 2 ** 30 - 3]]) {
    const rle = rleFromCounts(counts, 1, 2 ** 31 - 1)
    assert.deepEqual(rleFromString(rleToString(rle), 1, 2 ** 31 - 1), rle)
  }
})

test('a box is drawn as its four corners', () => {
  const [x, y, right, bottom] = [3.2, 4.7, 3.2 + 10.5, 4.7 + 6.1]
  const corners = [x, y, x, bottom, right, bottom, right, y]
  assert.deepEqual(rleFromBox([x, y, 10.5, 6.1], 20, 30), rleFromPolygons([corners], 20, 30))
})

test('runs of length 0 inside a mask do not count', () => {
  const plain = rleFromCounts([3, 4, 5], 3, 4)
  const split = rleFromCounts([3, 2, 0, 2, 0, 0, 5], 3, 4)
  assert.equal(maskIou(plain, split), 1)
  assert.deepEqual(decodeMask(mergeRles([plain, split])), decodeMask(plain))
  assert.deepEqual(rleBox(split), rleBox(plain))
})

test('malformed masks are refused', () => {
  const refusals: readonly (readonly [() => unknown, RegExp])[] = [
    [() => rleFromString('PQ', 4, 5), /mask: expected the run lengths of a mask, got malformed ones/],
    [() => rleFromString('5 5', 4, 5), /malformed/],
    [() => rleFromString('ooooooooo1', 4, 5), /malformed/],
    [() => rleFromString('55', 4, 5), /expected run lengths that add up to 4 × 5 = 20 pixels, got 10/],
    [() => rleFromCounts([10, -1, 11], 4, 5), /malformed/],
    [() => rleFromCounts([10, 0.5, 9.5], 4, 5), /malformed/],
    [() => rleFromCounts([0], 0, 5), /expected a size of 1 to 2147483647 pixels, got height 0, width 5/],
    [() => rleFromCounts([0], 2 ** 20, 2 ** 20), /a size of 1 to 2147483647 pixels/],
    [() => rleFromPolygons([], 4, 5), /masks: expected at least one, got none/],
    [() => rleFromPolygons([[0, 0, 1e9, 1, 2, 2]], 4, 5), /coordinates of at most 400000000, got 1000000000/],
    [() => rleFromPolygons([[0, 0, Number.NaN, 1, 2, 2]], 4, 5), /got NaN/],
    [() => mergeRles([rleFromCounts([20], 4, 5), rleFromCounts([20], 5, 4)]), /masks of 4 × 5, got one of 5 × 4/],
    [() => mergeRles([{ height: 4, width: 5, counts: Uint32Array.of(3) }]), /add up to 4 × 5 = 20 pixels, got 3/],
    [() => decodeMask({ height: 4, width: 5, counts: Uint32Array.of(3, 4e9) }), /add up to/],
    [() => encodeMask(new Uint8Array(3), 2, 2), /mask: expected 4 pixels, got 3/],
  ]
  for (const [attempt, message] of refusals) {
    assert.throws(
      attempt,
      (error: unknown) => error instanceof FileError && message.test(error.message),
      String(message),
    )
  }
})

test('a polygon that zigzags over a huge mask is refused, not drawn', () => {
  const zigzag = Array.from({ length: 4000 }, (_, i) => (i % 4 === 0 ? 0 : i % 4 === 2 ? 1e6 : i))
  assert.throws(() => rleFromPolygons([zigzag], 2000, 1e6), /at most 16777216 crossings with pixel columns, got more/)
})
