/** @file Pictures of discs, squares and triangles on a noisy ground, with their boxes: as many as anybody wants. */
import { boxesOf } from '../src/boxes/index.js'
import type { RgbImage } from '../src/data/index.js'
import type { PixelBox } from '../src/detect/index.js'
import type { ImageTargets } from '../src/matching/index.js'
import { streamKey, uniformAt } from '../src/tensor/index.js'

/** What there is to find. */
export const SHAPES = ['disc', 'square', 'triangle'] as const

/** A picture and what is in it. */
export interface ShapesPicture {
  readonly image: RgbImage
  readonly objects: readonly { readonly label: number; readonly box: PixelBox }[]
}

/** Picture `index` of an endless series, `side` pixels square, with one to four shapes of any colour that do not overlap. */
export function drawShapes(index: number, side: number): ShapesPicture {
  const stream = streamKey('shapes', index)
  let drawn = 0
  const random = (low: number, high: number): number => low + ((uniformAt(stream, drawn++) + 1) / 2) * (high - low)
  const ground = [0, 1, 2].map(() => random(40, 215))
  const data = new Uint8Array(side * side * 3)
  for (let i = 0; i < data.length; i++) data[i] = ground[i % 3]! + 24 * uniformAt(stream, 1000 + i)
  const objects: { label: number; box: PixelBox }[] = []
  const wanted = 1 + Math.floor(random(0, 4))
  for (let attempt = 0; objects.length < wanted && attempt < 20; attempt++) {
    const size = random(0.18, 0.4) * side
    const [xmin, ymin] = [random(1, side - size - 1), random(1, side - size - 1)]
    const box = { xmin, ymin, xmax: xmin + size, ymax: ymin + size }
    if (objects.some((other) => touches(other.box, box))) continue
    const label = Math.floor(random(0, SHAPES.length))
    // A colour far from the ground's.
    const color = ground.map((level) => (level + random(80, 175)) % 256)
    fill(data, side, box, label, color)
    objects.push({ label, box })
  }
  return { image: { width: side, height: side, data }, objects }
}

/** The objects as a training step takes them: cxcywh, fractions of the picture. */
export function targetsOf({ image, objects }: ShapesPicture): ImageTargets {
  const boxes = objects.flatMap(({ box: { xmin, ymin, xmax, ymax } }) => [
    (xmin + xmax) / 2 / image.width,
    (ymin + ymax) / 2 / image.height,
    (xmax - xmin) / image.width,
    (ymax - ymin) / image.height,
  ])
  return {
    labels: Int32Array.from(objects, ({ label }) => label),
    boxes: boxesOf('cxcywh', Float32Array.from(boxes)),
  }
}

function touches(a: PixelBox, b: PixelBox): boolean {
  return a.xmin < b.xmax + 2 && b.xmin < a.xmax + 2 && a.ymin < b.ymax + 2 && b.ymin < a.ymax + 2
}

function fill(data: Uint8Array, side: number, box: PixelBox, label: number, color: readonly number[]): void {
  const half = (box.xmax - box.xmin) / 2
  for (let y = Math.floor(box.ymin); y < box.ymax; y++) {
    for (let x = Math.floor(box.xmin); x < box.xmax; x++) {
      const [dx, dy] = [(x + 0.5 - box.xmin) / half - 1, (y + 0.5 - box.ymin) / half - 1]
      const inside = label === 0 ? dx * dx + dy * dy <= 1 : label === 1 || Math.abs(dx) <= (dy + 1) / 2
      if (inside) for (let c = 0; c < 3; c++) data[(y * side + x) * 3 + c] = color[c]!
    }
  }
}
