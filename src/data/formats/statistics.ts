/** @file What a data set holds, in numbers. */
import { type DatasetImage, type DetectionDataset, imagesWithoutSplit, SPLIT_NAMES, type SplitName } from './dataset.js'

/** Figures of one split, or of the photos that are in none. */
export interface SplitStatistics {
  readonly split: SplitName | 'none'
  readonly images: number
  readonly withoutObjects: number
  /** All objects, crowds and difficult ones included. */
  readonly objects: number
  readonly crowd: number
  readonly difficult: number
  /** Objects by label. */
  readonly perClass: readonly number[]
  /** The photo with most objects; undefined when there are none. A network needs more queries than this. */
  readonly most: { readonly count: number; readonly file: string } | undefined
  /** Objects by COCO's bounds of area, 32² and 96² square pixels. */
  readonly sizes: { readonly small: number; readonly medium: number; readonly large: number }
}

/** Lowest, middle and highest of many numbers, without the outermost twentieths. */
export interface Spread {
  readonly low: number
  readonly median: number
  readonly high: number
}

/** Figures of a data set. */
export interface DatasetStatistics {
  readonly splits: readonly SplitStatistics[]
  /** Width by height of the boxes; undefined when there are none. */
  readonly boxAspect: Spread | undefined
  /** Square root of the boxes' area by that of their photo's, 0 to 1. */
  readonly relativeSize: Spread | undefined
  /** Width by height of the photos. */
  readonly imageAspect: Spread | undefined
  /** The photos with the least and the most pixels. */
  readonly smallest: readonly [width: number, height: number] | undefined
  readonly largest: readonly [width: number, height: number] | undefined
}

const SMALL_AREA = 32 ** 2
const LARGE_AREA = 96 ** 2

/** Counts a data set's photos and objects, by split and class. */
export function datasetStatistics(dataset: DetectionDataset): DatasetStatistics {
  const { images, classNames } = dataset
  const splits: SplitStatistics[] = []
  for (const name of SPLIT_NAMES) {
    const positions = dataset.splits[name]
    if (positions !== undefined)
      splits.push(
        splitStatistics(
          name,
          positions.map((i) => images[i]!),
          classNames.length,
        ),
      )
  }
  const rest = imagesWithoutSplit(dataset)
  if (rest.length > 0)
    splits.push(
      splitStatistics(
        'none',
        rest.map((i) => images[i]!),
        classNames.length,
      ),
    )
  const [aspects, relative, shapes]: [number[], number[], number[]] = [[], [], []]
  let [smallest, largest]: [DatasetStatistics['smallest'], DatasetStatistics['smallest']] = [undefined, undefined]
  for (const { width, height, objects } of images) {
    if (width !== undefined && height !== undefined) {
      shapes.push(width / height)
      if (smallest === undefined || width * height < smallest[0] * smallest[1]) smallest = [width, height]
      if (largest === undefined || width * height > largest[0] * largest[1]) largest = [width, height]
    }
    for (const { box } of objects) {
      const [w, h] = [box[2] - box[0], box[3] - box[1]]
      aspects.push(w / h)
      if (width !== undefined && height !== undefined) relative.push(Math.sqrt((w * h) / (width * height)))
    }
  }
  return {
    splits,
    boxAspect: spread(aspects),
    relativeSize: spread(relative),
    imageAspect: spread(shapes),
    smallest,
    largest,
  }
}

function splitStatistics(split: SplitName | 'none', images: readonly DatasetImage[], classes: number): SplitStatistics {
  const perClass = new Array<number>(classes).fill(0)
  let [objects, crowd, difficult, withoutObjects] = [0, 0, 0, 0]
  let most: SplitStatistics['most']
  const sizes = { small: 0, medium: 0, large: 0 }
  for (const image of images) {
    objects += image.objects.length
    if (image.objects.length === 0) withoutObjects++
    if (image.objects.length > (most?.count ?? 0)) most = { count: image.objects.length, file: image.file }
    for (const object of image.objects) {
      perClass[object.label]!++
      if (object.crowd === true) crowd++
      if (object.difficult === true) difficult++
      const [xmin, ymin, xmax, ymax] = object.box
      const area = object.area ?? (xmax - xmin) * (ymax - ymin)
      sizes[area < SMALL_AREA ? 'small' : area < LARGE_AREA ? 'medium' : 'large']++
    }
  }
  return { split, images: images.length, withoutObjects, objects, crowd, difficult, perClass, most, sizes }
}

function spread(values: number[]): Spread | undefined {
  if (values.length === 0) return undefined
  const sorted = Float64Array.from(values).sort()
  const at = (fraction: number) => sorted[Math.round(fraction * (sorted.length - 1))]!
  return { low: at(0.05), median: at(0.5), high: at(0.95) }
}
