/**
 * @file A sample while transforms are applied: one resize and the crops after it are written down and computed together,
 * so that only those pixels are computed that are wanted. A strip of 1 × 5000 pixels that is resized to a shorter side
 * of 400 and then cropped never exists at its 800 million pixels.
 */
import type { ImageSize, Region, RgbImage } from '../image.js'
import { resizeBilinear } from '../resize.js'
import { cutGrid, type PixelGrid, resizeNearest } from './pixel-grid.js'
import { type Placement, placement, placeObject } from './placement.js'
import { clipPolygon } from './polygon-clip.js'
import { boxArea, clampBox, hasArea, type ObjectMask, type Sample, type SampleObject } from './sample.js'

/** A photo that is to be resized to `scaled` and cut to `window`. */
export interface Draft {
  readonly source: RgbImage
  readonly scaled: ImageSize
  /** A part of the scaled photo. */
  readonly window: Region
  /** Boxes and outlines are in pixels of the window, bitmaps still in those of the source. */
  readonly objects: readonly SampleObject[]
}

/** The sample with nothing to be done to it. */
export function draftOf({ image, objects }: Sample): Draft {
  const { width, height } = image
  return { source: image, scaled: { width, height }, window: { x: 0, y: 0, width, height }, objects }
}

/** The sample with everything done. */
export function settle(draft: Draft): Sample {
  const { source, scaled, window } = draft
  if (isWhole(draft)) return { image: source, objects: draft.objects }
  const { width, height } = window
  const image = isScaled(draft) ? resizeBilinear(source, scaled, window) : cut(source, 3, window)
  const objects = draft.objects.map((object) =>
    withBitmap(object, (bitmap) => ({ width, height, data: resizeNearest(bitmap, scaled, window) })),
  )
  return { image, objects }
}

/** Resizes to `size`, each axis by its own factor. */
export function resizeDraft(draft: Draft, size: ImageSize): Draft {
  const { window } = draft
  if (size.width === window.width && size.height === window.height) return draft
  const { image, objects } = isWhole(draft) ? { image: draft.source, objects: draft.objects } : settle(draft)
  const place = placement({ scaleX: size.width / window.width, scaleY: size.height / window.height })
  return {
    source: image,
    scaled: size,
    window: { x: 0, y: 0, width: size.width, height: size.height },
    objects: objects.map((object) => placeObject(object, place)),
  }
}

/**
 * Cuts the region out. Boxes and outlines are cut with it, objects of which no box is left are removed, and areas become
 * those of the boxes: what DETR does.
 */
export function cropDraft(draft: Draft, region: Region): Draft {
  const { width, height } = region
  const place = placement({ shiftX: -region.x, shiftY: -region.y })
  const objects: SampleObject[] = []
  for (const object of draft.objects) {
    const placed = placeObject(object, place)
    const box = clampBox(placed.box, width, height)
    if (hasArea(box)) objects.push({ ...placed, box, area: boxArea(box), ...clippedMask(placed.mask, width, height) })
  }
  const window = { x: draft.window.x + region.x, y: draft.window.y + region.y, width, height }
  return { ...draft, window, objects }
}

/** What `repaint` makes of pixels: `channels` is 3 for a photo, 1 for a mask. */
export type Repaint = (grid: PixelGrid, channels: number) => Uint8Array

/** Moves pixels, boxes and masks alike; the result is of `size`. */
export function moveDraft(draft: Draft, size: ImageSize, place: Placement, repaint: Repaint): Draft {
  const { image, objects } = settle(draft)
  const { width, height } = size
  return draftOf({
    image: { width, height, data: repaint(image, 3) },
    objects: objects.map((object) =>
      withBitmap(placeObject(object, place), (bitmap) => ({ width, height, data: repaint(bitmap, 1) })),
    ),
  })
}

function isScaled({ source, scaled }: Draft): boolean {
  return scaled.width !== source.width || scaled.height !== source.height
}

function isWhole(draft: Draft): boolean {
  const { source, window } = draft
  return !isScaled(draft) && window.width === source.width && window.height === source.height
}

function cut(grid: PixelGrid, channels: number, region: Region): PixelGrid {
  return { width: region.width, height: region.height, data: cutGrid(grid, channels, region) }
}

function withBitmap(object: SampleObject, change: (bitmap: PixelGrid) => PixelGrid): SampleObject {
  if (object.mask === undefined || !('bitmap' in object.mask)) return object
  return { ...object, mask: { bitmap: change(object.mask.bitmap) } }
}

function clippedMask(mask: ObjectMask | undefined, width: number, height: number): { mask?: ObjectMask } {
  if (mask === undefined || !('polygons' in mask)) return {}
  const polygons = mask.polygons.flatMap((polygon) => {
    const clipped = clipPolygon(polygon, width, height)
    return clipped === undefined ? [] : [clipped]
  })
  return { mask: { polygons } }
}
