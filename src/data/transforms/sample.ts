/** @file A photo with its objects, as transforms take and give it. */
import type { PixelBox } from '../formats/dataset.js'
import type { RgbImage } from '../image.js'

/** A mask as one byte a pixel, row-major, 0 = background; of the photo's size. */
export interface Bitmap {
  readonly width: number
  readonly height: number
  readonly data: Uint8Array
}

/** Which pixels are the object's: outlines as lists x, y, x, y … in float pixels, or a bitmap. */
export type ObjectMask = { readonly polygons: readonly (readonly number[])[] } | { readonly bitmap: Bitmap }

/** One object of a photo. */
export interface SampleObject {
  readonly label: number
  /** xmin, ymin, xmax, ymax in float pixels of the photo. */
  readonly box: PixelBox
  /** Square pixels; the box's own where left out. */
  readonly area?: number
  readonly mask?: ObjectMask
}

/** A photo with its objects; none for a photo of background alone. */
export interface Sample {
  readonly image: RgbImage
  readonly objects: readonly SampleObject[]
}

/** Width × height of a box, square pixels. */
export function boxArea([xmin, ymin, xmax, ymax]: PixelBox): number {
  return (xmax - xmin) * (ymax - ymin)
}

/** True when the box encloses any area. */
export function hasArea([xmin, ymin, xmax, ymax]: PixelBox): boolean {
  return xmax > xmin && ymax > ymin
}

/** The part of the box inside 0..width × 0..height; without area where there is none. */
export function clampBox([xmin, ymin, xmax, ymax]: PixelBox, width: number, height: number): PixelBox {
  const inside = (value: number, limit: number): number => Math.max(0, Math.min(value, limit))
  return [inside(xmin, width), inside(ymin, height), inside(xmax, width), inside(ymax, height)]
}
