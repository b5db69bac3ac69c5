/** @file Some photos of a data set with their boxes, on one picture. */
import type { DatasetImage, DetectionDataset, SplitName } from '../data/formats/index.js'
import { type Canvas, classColor, drawDetections, legibleNames } from '../draw/index.js'
import { ConfigError, mix } from '../tensor/index.js'
import { contactSheet, type LegendEntry, type SheetTile } from './contact-sheet.js'
import { readTile } from './photo-tile.node.js'

/** Which photos of a data set are shown. */
export interface DatasetSheetOptions {
  readonly count: number
  /** Another one picks other photos. */
  readonly seed: number
  readonly title: SplitName | undefined
}

/** A picture, and what could not be put on it. */
export interface DatasetSheet {
  readonly picture: Canvas
  readonly shown: number
  /** A sentence for each photo that cannot be read. */
  readonly unreadable: readonly string[]
}

/**
 * Draws photos with boxes and names, in rows, under a legend of their classes. Which photos depends on the seed alone.
 * @param positions in `images`; of these `count` are shown, in their order.
 * @throws ConfigError when there is none.
 */
export async function datasetSheet(
  dataset: DetectionDataset,
  positions: readonly number[],
  { count, seed, title }: DatasetSheetOptions,
): Promise<DatasetSheet> {
  if (positions.length === 0) {
    throw new ConfigError({ where: dataset.folder, expected: 'photos to show', got: 'none' })
  }
  const images = pick(positions, count, seed).map((i) => dataset.images[i]!)
  const unreadable: string[] = []
  const tiles: SheetTile[] = []
  for (const image of images) {
    const tile = await readTile(image.path, image.file)
    if ('message' in tile) unreadable.push(tile.message)
    const picture =
      'message' in tile ? {} : { picture: drawObjects(tile.picture, image, dataset.classNames, tile.scale) }
    tiles.push({ ...picture, name: image.file, tail: countOf(image) })
  }
  const part = title === undefined ? '' : `, ${title}`
  const heading = `${dataset.name}${part}: ${images.length} of ${positions.length} photos`
  const picture = contactSheet({ heading, legend: legendOf(dataset.classNames, images), tiles })
  return { picture, shown: images.length, unreadable }
}

/** The labelled objects of a photo on its picture; `scale` is the picture's size over the photo's. */
export function drawObjects(
  picture: Canvas,
  { objects }: Pick<DatasetImage, 'objects'>,
  classNames: readonly string[],
  scale: number,
): Canvas {
  const detections = objects.map(({ label, box: [xmin, ymin, xmax, ymax], crowd, difficult }) => ({
    label: classNames[label]!,
    box: { xmin: xmin * scale, ymin: ymin * scale, xmax: xmax * scale, ymax: ymax * scale },
    // A thinner line, as for what a model is not sure of.
    ...(crowd === true || difficult === true ? { score: 0 } : {}),
  }))
  return drawDetections(picture, detections, { classes: classNames, showScores: false, enlargeBelow: 0 })
}

/** The positions that a hash of the seed puts first, in their own order. */
export function pick(positions: readonly number[], count: number, seed: number): number[] {
  const ranked = positions.map((position, i) => ({ position, i, rank: mix((mix(seed + 1) ^ i) >>> 0) }))
  ranked.sort((a, b) => a.rank - b.rank)
  return ranked
    .slice(0, count)
    .sort((a, b) => a.i - b.i)
    .map(({ position }) => position)
}

/** The classes on some photos with their colours and how often they occur. */
export function legendOf(
  classNames: readonly string[],
  images: readonly Pick<DatasetImage, 'objects'>[],
): readonly LegendEntry[] {
  const counts = new Map<number, number>()
  for (const { objects } of images) for (const { label } of objects) counts.set(label, (counts.get(label) ?? 0) + 1)
  const [labels, names] = [[...counts.keys()].sort((a, b) => a - b), legibleNames(classNames)]
  return labels.map((label) => ({ color: classColor(label), text: `${names[label]} ${counts.get(label)}` }))
}

function countOf({ objects }: DatasetImage): string {
  const crowd = objects.filter((object) => object.crowd === true).length
  const difficult = objects.filter((object) => object.difficult === true).length
  const marked = [...(crowd > 0 ? [`${crowd} crowd`] : []), ...(difficult > 0 ? [`${difficult} difficult`] : [])]
  const count = objects.length === 1 ? '1 object' : `${objects.length} objects`
  return marked.length > 0 ? `${count} (${marked.join(', ')})` : count
}
