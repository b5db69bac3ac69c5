/** @file Some photos of a data set with their boxes, on one picture. */
import type { DatasetImage, DetectionDataset, SplitName } from '../data/formats/index.node.js'
import { decodeImage, type RgbImage, resizeBilinear } from '../data/index.node.js'
import { type Canvas, type Color, classColor, drawDetections, fillRect, StrokeFont } from '../draw/index.js'
import { ConfigError, DetrsError, mix } from '../tensor/index.js'

/** What to put on a sheet. */
export interface ContactSheetOptions {
  readonly count: number
  /** Another one picks other photos. */
  readonly seed: number
  readonly title: SplitName | undefined
}

/** A picture, and what could not be put on it. */
export interface ContactSheet {
  readonly picture: Canvas
  readonly shown: number
  /** A sentence for each photo that cannot be read. */
  readonly unreadable: readonly string[]
}

const TILE_WIDTH = 480
const TILE_HEIGHT = 360
const GAP = 10
const CAPTION = 26
const LEGEND_ROW = 26
const MOST_COLUMNS = 20
const PAPER: Color = [250, 250, 248]
const EMPTY: Color = [225, 225, 222]
const INK: Color = [30, 32, 36]
const FAULT: Color = [170, 30, 30]

/**
 * Draws photos with boxes and names, in rows, under a legend of their classes. Which photos depends on the seed alone.
 * @param positions in `images`; of these `count` are shown, in their order.
 */
export async function contactSheet(
  dataset: DetectionDataset,
  positions: readonly number[],
  { count, seed, title }: ContactSheetOptions,
): Promise<ContactSheet> {
  if (positions.length === 0) {
    throw new ConfigError({ where: dataset.folder, expected: 'photos to show', got: 'none' })
  }
  const images = pick(positions, count, seed).map((i) => dataset.images[i]!)
  const columns = Math.min(MOST_COLUMNS, Math.ceil(Math.sqrt((images.length * 3) / 4)))
  const rows = Math.ceil(images.length / columns)
  const width = columns * (TILE_WIDTH + GAP) + GAP
  const large = new StrokeFont(18)
  const small = new StrokeFont(15)
  const heading = `${dataset.name}${title === undefined ? '' : `, ${title}`}: ${images.length} of ${positions.length} photos`
  const legend = legendOf(dataset, images, small, width - 2 * GAP)
  const top = GAP + CAPTION + legend.rows * LEGEND_ROW
  const height = top + rows * (TILE_HEIGHT + CAPTION + GAP) + GAP
  const picture: Canvas = { width, height, data: new Uint8Array(width * height * 3) }
  fillRect(picture, { xmin: 0, ymin: 0, xmax: width, ymax: height }, PAPER)
  large.draw(picture, large.fit(heading, width - 2 * GAP), GAP, GAP + 18, INK)
  for (const { x, row, color, text } of legend.entries) {
    const y = GAP + CAPTION + row * LEGEND_ROW
    fillRect(picture, { xmin: GAP + x, ymin: y + 4, xmax: GAP + x + 14, ymax: y + 18 }, color)
    small.draw(picture, text, GAP + x + 20, y + 16, INK)
  }
  const unreadable: string[] = []
  for (const [i, image] of images.entries()) {
    const x = GAP + (i % columns) * (TILE_WIDTH + GAP)
    const y = top + Math.floor(i / columns) * (TILE_HEIGHT + CAPTION + GAP)
    fillRect(picture, { xmin: x, ymin: y, xmax: x + TILE_WIDTH, ymax: y + TILE_HEIGHT }, EMPTY)
    const tile = await drawTile(image, dataset.classNames)
    if ('message' in tile) {
      unreadable.push(tile.message)
      small.draw(picture, small.fit('cannot be read', TILE_WIDTH - 20), x + 10, y + TILE_HEIGHT / 2, FAULT)
    } else paste(picture, tile, x + ((TILE_WIDTH - tile.width) >> 1), y + ((TILE_HEIGHT - tile.height) >> 1))
    const tail = `  ${countOf(image)}`
    const name = small.fit(image.file, TILE_WIDTH - small.measure(tail).width)
    small.draw(picture, `${name}${tail}`, x, y + TILE_HEIGHT + 18, INK)
  }
  return { picture, shown: images.length, unreadable }
}

/** The positions that a hash of the seed puts first, in their own order. */
function pick(positions: readonly number[], count: number, seed: number): number[] {
  const ranked = positions.map((position, i) => ({ position, i, rank: mix((mix(seed + 1) ^ i) >>> 0) }))
  ranked.sort((a, b) => a.rank - b.rank)
  return ranked
    .slice(0, count)
    .sort((a, b) => a.i - b.i)
    .map(({ position }) => position)
}

interface Legend {
  readonly rows: number
  readonly entries: readonly {
    readonly x: number
    readonly row: number
    readonly color: Color
    readonly text: string
  }[]
}

/** The classes on these photos with their colours, in as many rows as they need. */
function legendOf(dataset: DetectionDataset, images: readonly DatasetImage[], font: StrokeFont, width: number): Legend {
  const counts = new Map<number, number>()
  for (const { objects } of images) for (const { label } of objects) counts.set(label, (counts.get(label) ?? 0) + 1)
  const entries: { x: number; row: number; color: Color; text: string }[] = []
  let [x, row] = [0, 0]
  for (const label of [...counts.keys()].sort((a, b) => a - b)) {
    const text = font.fit(`${dataset.classNames[label]} ${counts.get(label)}`, 300)
    const room = 20 + font.measure(text).width + 24
    if (x > 0 && x + room > width) [x, row] = [0, row + 1]
    entries.push({ x, row, color: classColor(label), text })
    x += room
  }
  return { rows: entries.length === 0 ? 0 : row + 1, entries }
}

/** The photo in the size of a tile with its boxes, or why there is none. */
async function drawTile(
  image: DatasetImage,
  classNames: readonly string[],
): Promise<Canvas | { readonly message: string }> {
  let photo: RgbImage
  try {
    photo = await decodeImage(image.path, { where: image.file })
  } catch (error) {
    if (!(error instanceof DetrsError)) throw error
    return { message: error.message }
  }
  const scale = Math.min(TILE_WIDTH / photo.width, TILE_HEIGHT / photo.height)
  const width = Math.max(1, Math.round(photo.width * scale))
  const height = Math.max(1, Math.round(photo.height * scale))
  const tile = resizeBilinear(photo, { width, height })
  const detections = image.objects.map(({ label, box: [xmin, ymin, xmax, ymax], crowd, difficult }) => ({
    label: classNames[label]!,
    box: { xmin: xmin * scale, ymin: ymin * scale, xmax: xmax * scale, ymax: ymax * scale },
    // A thinner line, as for what a model is not sure of.
    ...(crowd === true || difficult === true ? { score: 0 } : {}),
  }))
  return drawDetections(tile, detections, { classes: classNames, showScores: false, enlargeBelow: 0 })
}

function countOf({ objects }: DatasetImage): string {
  const crowd = objects.filter((object) => object.crowd === true).length
  const difficult = objects.filter((object) => object.difficult === true).length
  const marked = [...(crowd > 0 ? [`${crowd} crowd`] : []), ...(difficult > 0 ? [`${difficult} difficult`] : [])]
  const count = objects.length === 1 ? '1 object' : `${objects.length} objects`
  return marked.length > 0 ? `${count} (${marked.join(', ')})` : count
}

function paste(target: Canvas, source: Canvas, x: number, y: number): void {
  for (let row = 0; row < source.height; row++) {
    const from = row * source.width * 3
    target.data.set(source.data.subarray(from, from + source.width * 3), ((y + row) * target.width + x) * 3)
  }
}
