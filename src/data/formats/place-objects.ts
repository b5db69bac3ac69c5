/** @file Boxes as written to boxes that can be trained on: in pixels, inside the photo, of positive size. */
import type { DatasetObject, PixelBox, Segmentation } from './dataset.js'
import type { ProblemKind, ProblemList } from './problems.js'
import type { RawImage, RawObject } from './raw.js'

/** Boxes that reach out of the photo by no more are one pixel too long, not wrong. */
const EDGE_TOLERANCE = 1
/** Six decimals of YOLO and the sums of COCO's x and width lose less; such boxes are clamped without a word. */
const ROUNDING = 0.01

/** What becomes of a box: its kind of fault, if any, and the box, unless it is dropped. */
export interface BoxVerdict {
  readonly kind?: ProblemKind
  readonly box?: PixelBox
}

/**
 * Checks a box and clamps it to its photo.
 * @param corners xmin, ymin, xmax, ymax in pixels.
 * @param width of the photo; a box is not clamped where the size is not known.
 */
export function placeBox(
  corners: readonly [number, number, number, number],
  width: number | undefined,
  height: number | undefined,
): BoxVerdict {
  const [xmin, ymin, xmax, ymax] = corners
  if (!corners.every(Number.isFinite)) return { kind: 'box-not-finite' }
  if (xmax < xmin || ymax < ymin) return { kind: 'box-negative' }
  if (xmax === xmin || ymax === ymin) return { kind: 'box-zero-size' }
  if (width === undefined || height === undefined) return { box: corners }
  if (xmin >= 0 && ymin >= 0 && xmax <= width && ymax <= height) return { box: corners }
  const box: PixelBox = [Math.max(0, xmin), Math.max(0, ymin), Math.min(width, xmax), Math.min(height, ymax)]
  if (box[0] >= box[2] || box[1] >= box[3]) return { kind: 'box-outside' }
  const excess = Math.max(-xmin, -ymin, xmax - width, ymax - height)
  if (excess <= ROUNDING) return { box }
  return { kind: excess > EDGE_TOLERANCE ? 'box-partly-outside' : 'box-past-edge', box }
}

/**
 * The photo's objects with their boxes in pixels; what cannot be used is left out and counted.
 * @param image with its size, where that is known; a `relative` photo without one has no objects.
 */
export function placeObjects(image: RawImage, problems: ProblemList): DatasetObject[] {
  const { width, height } = image
  const objects: DatasetObject[] = []
  const seen = new Set<string>()
  for (const raw of image.objects) {
    if (image.relative === true && (width === undefined || height === undefined)) continue
    const corners = image.relative === true ? scaled(raw.corners, width!, height!) : raw.corners
    const { kind, box } = placeBox(corners, width, height)
    if (kind !== undefined) problems.add(kind, () => `${placeOf(image, raw)}: ${describeBox(corners, image)}`)
    if (box === undefined) continue
    if (image.objects.length > 1) {
      const key = `${raw.label} ${box.join(' ')}`
      if (seen.has(key)) problems.add('box-repeated', () => `${placeOf(image, raw)}: ${describeBox(corners, image)}`)
      seen.add(key)
    }
    objects.push(placedObject(raw, box, image))
  }
  return objects
}

function placedObject(raw: RawObject, box: PixelBox, image: RawImage): DatasetObject {
  const { label, area, crowd, difficult, segmentation, annotationId } = raw
  const mask = image.relative === true ? scaledPolygons(segmentation, image.width!, image.height!) : segmentation
  return {
    label,
    box,
    ...(area === undefined ? {} : { area }),
    ...(crowd === true ? { crowd } : {}),
    ...(difficult === true ? { difficult } : {}),
    ...(mask === undefined ? {} : { segmentation: mask }),
    ...(annotationId === undefined ? {} : { annotationId }),
  }
}

/** `annotations/train.json: annotation 17 (photo.jpg)`. */
export function placeOf(image: RawImage, object: RawObject): string {
  const { annotationFile, file } = image
  return `${annotationFile}: ${object.place}${annotationFile === file ? '' : ` (${file})`}`
}

function describeBox(corners: readonly number[], { width, height }: RawImage): string {
  const size = width === undefined || height === undefined ? '' : ` in ${width}×${height}`
  return `${corners.map((edge) => Number(edge.toFixed(2))).join(', ')}${size}`
}

/**
 * A coordinate without the noise of binary fractions: 10.130000000000001 is 10.13. What differs by less than 1e-9 of a
 * pixel is equal for every use, and a data set that goes through several formats comes back as it was.
 */
export function tidy(value: number): number {
  return Number.isFinite(value) && Math.abs(value) < 1e6 ? Number(value.toFixed(9)) : value
}

function scaled([xmin, ymin, xmax, ymax]: RawObject['corners'], width: number, height: number): RawObject['corners'] {
  return [tidy(xmin * width), tidy(ymin * height), tidy(xmax * width), tidy(ymax * height)]
}

function scaledPolygons(mask: Segmentation | undefined, width: number, height: number): Segmentation | undefined {
  if (mask === undefined || !('length' in mask)) return mask
  return mask.map((polygon) => polygon.map((value, i) => tidy(value * (i % 2 === 0 ? width : height))))
}
