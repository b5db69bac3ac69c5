import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { noiseBytes, noiseImage } from '../../../test/support/noise-image.js'
import { type Decision, scriptedStreams } from '../../../test/support/scripted-draws.js'
import type { PixelBox } from '../formats/dataset.js'
import type { RgbImage } from '../image.js'
import { dropSmall } from './drop-small.js'
import { iouCrop } from './iou-crop.js'
import { photometric } from './photometric.js'
import { detrAugmentation } from './recipes.js'
import type { Bitmap } from './sample.js'
import { encodeTargets, trainingObjects } from './targets.js'
import { applyTransforms, type Transform } from './transform.js'
import { zoomOut } from './zoom-out.js'

interface Case {
  readonly image: string
  readonly width: number
  readonly height: number
  readonly decisions: readonly Decision[]
  readonly size: readonly [width: number, height: number]
  /** SHA-256 of the output's pixels. */
  readonly pixels: string
  readonly labels: readonly number[]
  readonly boxes: readonly (readonly number[])[]
}

interface DetrCase extends Case {
  readonly objects: readonly {
    readonly bbox: readonly [number, number, number, number]
    readonly category_id: number
    readonly area: number
    readonly iscrowd: number
  }[]
  readonly areas: readonly number[]
  /** SHA-256 of each mask that is left. */
  readonly masks?: readonly string[]
}

interface SsdCase extends Case {
  readonly kind: 'photometric' | 'zoom-out' | 'iou-crop'
  readonly objects: readonly PixelBox[]
}

/** Made by reference/transforms.py. */
const golden = JSON.parse(
  readFileSync(fileURLToPath(new URL('../../../../test/golden/transforms.json', import.meta.url)), 'utf8'),
) as { readonly detr: readonly DetrCase[]; readonly ssd: readonly SsdCase[] }

/** What the reference loses in float32: a few roundings of coordinates up to 2048. */
const BOX_TOLERANCE = 5e-7

function digest(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}

const images = new Map<string, RgbImage>()

function imageOf({ image, width, height }: Case): RgbImage {
  const name = `${image} ${width} ${height}`
  if (!images.has(name)) images.set(name, noiseImage(image, 11, width, height))
  return images.get(name)!
}

/** The twin of `mask_of` in reference/transforms.py. */
function maskOf({ image, width, height }: Case, number: number): Bitmap {
  const columns = Math.ceil(width / 8)
  const blocks = noiseBytes(`mask.${image}.${number}`, 0, columns * Math.ceil(height / 8))
  const data = Uint8Array.from({ length: width * height }, (_, i) => {
    const [x, y] = [i % width, Math.trunc(i / width)]
    return blocks[(y >> 3) * columns + (x >> 3)]! >= 128 ? 1 : 0
  })
  return { width, height, data }
}

test(`${golden.detr.length} photos come out of DETR's augmentation as from the official repository`, () => {
  const branches = new Set<number>()
  let boxes = 0
  for (const [number, one] of golden.detr.entries()) {
    const image = imageOf(one)
    const labelled = one.objects.map(({ bbox: [x, y, w, h], category_id, area, iscrowd }) => ({
      label: category_id,
      // The reference adds in float32, which decides whether a box is empty.
      box: [x, y, Math.fround(x + w), Math.fround(y + h)] as const,
      area,
      crowd: iscrowd === 1,
    }))
    const objects = trainingObjects(labelled, image).map((object, k) =>
      one.masks === undefined ? object : { ...object, mask: { bitmap: maskOf(one, k) } },
    )
    const { streams, left } = scriptedStreams(one.decisions)
    const sample = applyTransforms({ image, objects }, detrAugmentation(), streams)
    const where = `case ${number}`
    assert.equal(left(), 0, `${where}: decisions left`)
    assert.deepEqual([sample.image.width, sample.image.height], one.size, where)
    assert.equal(digest(sample.image.data), one.pixels, `${where}: pixels`)
    const targets = encodeTargets(sample)
    assert.deepEqual([...targets.labels], one.labels, where)
    for (const [i, value] of one.boxes.flat().entries()) {
      assert.ok(Math.abs(targets.boxes[i]! - value) <= BOX_TOLERANCE, `${where}: box ${targets.boxes[i]} for ${value}`)
    }
    for (const [i, value] of one.areas.entries()) {
      const [width, height] = [targets.boxes[4 * i + 2]! * one.size[0], targets.boxes[4 * i + 3]! * one.size[1]]
      const tolerance = 1e-5 * value + 1e-4 * (width + height)
      assert.ok(Math.abs(targets.areas[i]! - value) <= tolerance, `${where}: ${targets.areas[i]} for ${value}`)
    }
    if (one.masks !== undefined) {
      const masks = sample.objects.map(({ mask }) => (mask !== undefined && 'bitmap' in mask ? mask.bitmap.data : []))
      assert.deepEqual(
        masks.map((mask) => digest(Uint8Array.from(mask))),
        one.masks,
        `${where}: masks`,
      )
    }
    branches.add(one.decisions.length)
    boxes += one.boxes.length
  }
  // With and without the crop, and enough boxes for the comparison to mean something.
  assert.ok(branches.size >= 2 && boxes > 50, `${branches.size}, ${boxes}`)
})

const SSD: Readonly<Record<SsdCase['kind'], readonly Transform[]>> = {
  photometric: [photometric()],
  'zoom-out': [zoomOut()],
  'iou-crop': [iouCrop(), dropSmall()],
}

for (const kind of Object.keys(SSD) as SsdCase['kind'][]) {
  const cases = golden.ssd.filter((one) => one.kind === kind)
  test(`${cases.length} photos come out of ${kind} as from torchvision`, () => {
    let changed = 0
    for (const [number, one] of cases.entries()) {
      const image = imageOf(one)
      const before = digest(image.data)
      const { streams, left } = scriptedStreams(one.decisions)
      const sample = applyTransforms(
        { image, objects: one.objects.map((box, label) => ({ label, box })) },
        SSD[kind],
        streams,
      )
      const where = `case ${number}`
      assert.equal(left(), 0, `${where}: decisions left`)
      assert.deepEqual([sample.image.width, sample.image.height], one.size, where)
      assert.equal(digest(sample.image.data), one.pixels, `${where}: pixels`)
      assert.equal(digest(image.data), before, `${where}: the source`)
      if (before !== one.pixels) changed++
      assert.deepEqual(
        sample.objects.map(({ label }) => label),
        one.labels,
        where,
      )
      for (const [i, { box }] of sample.objects.entries()) {
        for (const [k, value] of one.boxes[i]!.entries()) assert.ok(Math.abs(box[k]! - value) <= 1e-4, where)
      }
    }
    assert.ok(changed > cases.length / 4, `${changed} of ${cases.length} changed`)
  })
}
