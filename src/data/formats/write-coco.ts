/** @file A data set as COCO's JSON. */
import { imageNumber } from '../image-number.js'
import type { DatasetImage, DatasetObject, DetectionDataset } from './dataset.js'
import { tidy } from './place-objects.js'

/** A photo under the name that it gets. */
export interface NamedImage {
  readonly image: DatasetImage
  readonly name: string
}

/** Ids that a COCO file needs as numbers, counted on over the files of all splits. */
export interface CocoIds {
  image: number
  annotation: number
}

/**
 * The JSON text of one split, a line an entry. Ids of photos and annotations are the data set's own where those are
 * numbers that differ; else those of photos are the numbers that their files are named by, where all are and differ (as in
 * `detrs detect --coco`); else they are counted.
 */
export function* cocoText(
  { name, classNames, categoryIds }: Pick<DetectionDataset, 'name' | 'classNames' | 'categoryIds'>,
  images: readonly NamedImage[],
  ids: CocoIds,
): Generator<string> {
  const ownIds = images.map(({ image }) => image.id)
  const imageIds = numbers(usable(ownIds) ? ownIds : images.map(({ name }) => imageNumber(name)), () => ++ids.image)
  const objects = images.flatMap(({ image }) => image.objects)
  const annotationIds = numbers(
    objects.map(({ annotationId }) => annotationId),
    () => ++ids.annotation,
  )
  yield `{"info":${JSON.stringify({ description: name })},\n"categories":[`
  yield lines(classNames.map((className, label) => ({ id: categoryIds[label]!, name: className })))
  yield '],\n"images":['
  let separator = '\n'
  for (const [i, { image, name: file }] of images.entries()) {
    const { width, height } = image
    yield `${separator}${JSON.stringify({ id: imageIds[i], file_name: file, width, height })}`
    separator = ',\n'
  }
  yield '],\n"annotations":['
  let next = 0
  separator = '\n'
  for (const [i, { image }] of images.entries()) {
    for (const object of image.objects) {
      yield `${separator}${JSON.stringify(annotation(object, annotationIds[next++]!, imageIds[i]!, categoryIds))}`
      separator = ',\n'
    }
  }
  yield ']}\n'
}

function annotation(object: DatasetObject, id: number, imageId: number, categoryIds: readonly number[]): object {
  const [xmin, ymin, xmax, ymax] = object.box
  const [width, height] = [extent(xmin, xmax), extent(ymin, ymax)]
  return {
    id,
    image_id: imageId,
    category_id: categoryIds[object.label],
    bbox: [xmin, ymin, width, height],
    area: object.area ?? tidy(width * height),
    iscrowd: object.crowd === true ? 1 : 0,
    ...(object.difficult === true ? { ignore: 1 } : {}),
    segmentation: object.segmentation ?? [],
  }
}

/** The shortest number that reaches from one edge to the other: what was written, not what subtracting makes of it. */
function extent(low: number, high: number): number {
  const difference = high - low
  for (let digits = 0; digits <= 12; digits++) {
    const short = Number(difference.toFixed(digits))
    if (tidy(low + short) === high) return short
  }
  return difference
}

function numbers(ids: readonly (number | string | undefined)[], count: () => number): number[] {
  return usable(ids) ? (ids as number[]) : ids.map(count)
}

function usable(ids: readonly (number | string | undefined)[]): boolean {
  return ids.every((id) => typeof id === 'number') && new Set(ids).size === ids.length
}

function lines(entries: readonly object[]): string {
  return entries.map((entry) => `\n${JSON.stringify(entry)}`).join(',')
}
