/** @file A decoded image: 8-bit RGB on the host. */

/** 8-bit RGB pixels, row-major, three bytes a pixel, upright (the file's orientation is already applied). */
export interface RgbImage {
  readonly width: number
  readonly height: number
  /** `height × width × 3` bytes, each 0..255. */
  readonly data: Uint8Array
}

/** Height and width in pixels. */
export interface ImageSize {
  readonly height: number
  readonly width: number
}

/** A rectangle of whole pixels; (x, y) is its first column and row. */
export interface Region {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}
