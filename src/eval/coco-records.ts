/**
 * @file Plain records of COCO's formats, as JSON holds them: ground truth with photos, classes and annotations, and
 * lists of detections. Format: https://cocodataset.org/#format-data and #format-results.
 */

/** A photo's id: a whole number, or text where all photos of a file have text. */
export type CocoImageId = number | string

/** `[x, y, width, height]` in pixels; (x, y) is the upper left corner, and pixel (0, 0) covers 0..1. */
export type CocoBox = readonly [x: number, y: number, width: number, height: number]

/** Run lengths in column-major order, background first, as whole numbers or in COCO's compressed text. */
export interface CocoRle {
  readonly size: readonly [height: number, width: number]
  readonly counts: string | readonly number[]
}

/** A mask: polygons `[x1, y1, x2, y2, …]` whose union counts, or run lengths. */
export type CocoSegmentation = readonly (readonly number[])[] | CocoRle

export interface CocoImage {
  readonly id: CocoImageId
  /** Pixels; needed where masks are polygons. */
  readonly width?: number
  readonly height?: number
  readonly file_name?: string
}

export interface CocoCategory {
  readonly id: number
  readonly name: string
}

/** One labelled object. */
export interface CocoAnnotation {
  /** From 1; pycocotools takes 0 for "no match". */
  readonly id: number
  readonly image_id: CocoImageId
  readonly category_id: number
  /** Needed where boxes are compared. */
  readonly bbox?: CocoBox
  /** Needed where masks are compared. */
  readonly segmentation?: CocoSegmentation
  /** Square pixels of the mask, by which an object counts as small, medium or large; that of box or mask where absent. */
  readonly area?: number
  /** 1 for a region of many objects that may match any number of detections and is counted in no way; 0 where absent. */
  readonly iscrowd?: 0 | 1 | boolean
}

export interface CocoGroundTruth {
  readonly images: readonly CocoImage[]
  readonly annotations: readonly CocoAnnotation[]
  readonly categories: readonly CocoCategory[]
}

/** One found object; it has `bbox`, `segmentation` or both. */
export interface CocoDetection {
  readonly image_id: CocoImageId
  readonly category_id: number
  readonly score: number
  readonly bbox?: CocoBox
  readonly segmentation?: CocoSegmentation
}

/** What is compared: boxes or masks. */
export type CocoRegionType = 'bbox' | 'segm'
