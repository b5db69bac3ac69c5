/** @file A training batch as the network sees it: augmented, resized and padded, with the boxes that it is to learn. */
import { resizeBilinear } from '../data/index.js'
import { type Canvas, classColor, drawDetections, legibleNames } from '../draw/index.js'
import type { TensorData } from '../tensor/index.js'
import { contactSheet, type SheetTile } from './contact-sheet.js'

/** A batch as the loader gives it. */
export interface ShownBatch {
  /** uint8 [batch, height, width, 3], padded at the right and the bottom */
  readonly images: TensorData
  /** int32 [batch, 2]: height and width of each image inside its padding */
  readonly sizes: TensorData
  /** Per image: `[n]` classes, and `[n, 4]` boxes as centre x, y, width, height in shares of the image without padding. */
  readonly targets: readonly { readonly labels: Int32Array; readonly boxes: ArrayLike<number> }[]
}

const MOST_IMAGES = 16
const LONGEST = 480
/** Smaller pictures are enlarged, so that boxes can be told apart. */
const SHORTEST = 320
const HATCH = 12
const HATCH_COLORS = [
  [196, 202, 214],
  [216, 220, 230],
] as const

/** Draws a batch; padding is hatched, where the network sees nothing. */
export function batchSheet(
  { images, sizes, targets }: ShownBatch,
  classNames: readonly string[],
  heading: string,
): Canvas {
  const [count, height, width] = images.shape as [number, number, number]
  const scale = Math.min(1, LONGEST / Math.max(height, width))
  const size = { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) }
  const present = new Set<number>()
  const tiles: SheetTile[] = []
  for (let i = 0; i < Math.min(count, MOST_IMAGES); i++) {
    const from = i * height * width * 3
    const padded = { width, height, data: (images.data as Uint8Array).slice(from, from + height * width * 3) }
    const picture: Canvas = scale < 1 ? resizeBilinear(padded, size) : padded
    const [valid, validWidth] = [Number(sizes.data[2 * i]), Number(sizes.data[2 * i + 1])]
    hatch(picture, Math.round(validWidth * scale), Math.round(valid * scale))
    const { labels, boxes } = targets[i]!
    for (const label of labels) present.add(label)
    const objects = Array.from(labels, (label, n) => {
      const [x, y, w, h] = [0, 1, 2, 3].map((i) => boxes[4 * n + i]!) as [number, number, number, number]
      const [across, down] = [validWidth * scale, valid * scale]
      const box = {
        xmin: (x - w / 2) * across,
        ymin: (y - h / 2) * down,
        xmax: (x + w / 2) * across,
        ymax: (y + h / 2) * down,
      }
      return { label: classNames[label]!, box }
    })
    const drawn = drawDetections(picture, objects, { classes: classNames, enlargeBelow: SHORTEST })
    const shown = labels.length === 1 ? '1 object' : `${labels.length} objects`
    tiles.push({ picture: drawn, name: `${validWidth}×${valid}`, tail: shown })
  }
  const { width: tileWidth, height: tileHeight } = tiles[0]?.picture ?? size
  const names = legibleNames(classNames)
  const legend = [...present].sort((a, b) => a - b).map((label) => ({ color: classColor(label), text: names[label]! }))
  const padding = { color: HATCH_COLORS[0], text: 'padding' }
  const part = count > MOST_IMAGES ? `, ${MOST_IMAGES} of ${count} photos` : ''
  return contactSheet({
    heading: `${heading}${part}: ${width}×${height} pixels`,
    legend: [...legend, padding],
    tiles,
    columns: Math.min(4, tiles.length),
    tile: { width: tileWidth, height: tileHeight },
  })
}

/** Stripes over all that lies right of `width` or below `height`. */
function hatch(picture: Canvas, width: number, height: number): void {
  for (let y = 0; y < picture.height; y++) {
    for (let x = y < height ? width : 0; x < picture.width; x++) {
      picture.data.set(HATCH_COLORS[Math.floor((x + y) / HATCH) % 2]!, (y * picture.width + x) * 3)
    }
  }
}
