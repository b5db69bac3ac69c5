/** @file The augmentations that papers train with, as lists of transforms. */
import type { ImageSize } from '../image.js'
import { dropSmall } from './drop-small.js'
import { either } from './either.js'
import { horizontalFlip } from './flip.js'
import { iouCrop } from './iou-crop.js'
import { photometric } from './photometric.js'
import { randomCrop } from './random-crop.js'
import { resizeShortest } from './resize-shortest.js'
import { stretch } from './stretch.js'
import type { Transform } from './transform.js'
import { zoomOut } from './zoom-out.js'

/** Sizes of `detrAugmentation`, all in pixels. */
export interface DetrAugmentationOptions {
  /** Shorter sides to choose from; 480 to 800 in steps of 32. */
  readonly shortest?: readonly number[]
  /** Upper limit of the longer side; 1333. */
  readonly longest?: number
  /** Shorter sides to choose from before the crop; 400, 500 and 600. */
  readonly beforeCrop?: readonly number[]
  /** Smallest and largest side of the crop; 384 and 600. */
  readonly crop?: readonly [number, number]
}

/**
 * What DETR and its kin are trained with: a flip, then a resize, or for half of the photos a resize, a crop and another
 * resize.
 * @see make_coco_transforms in facebookresearch/detr, datasets/coco.py
 */
export function detrAugmentation(options: DetrAugmentationOptions = {}): Transform[] {
  const shortest = options.shortest ?? Array.from({ length: 11 }, (_, i) => 480 + 32 * i)
  const resize = resizeShortest({ shortest, longest: options.longest ?? 1333 })
  const before = resizeShortest({ shortest: options.beforeCrop ?? [400, 500, 600] })
  const crop = randomCrop(options.crop === undefined ? {} : { sides: options.crop })
  return [horizontalFlip(), either(0.5, [resize], [before, crop, resize])]
}

/**
 * What RT-DETR and its kin are trained with: SSD's distortions of colour, zoom-out and crop, a flip, and one size for all
 * photos of a batch.
 * @param options.sizes to choose from for each batch, pixels; 640 × 640 alone when left out.
 */
export function rtdetrAugmentation(options: { readonly sizes?: readonly ImageSize[] } = {}): Transform[] {
  const sizes = options.sizes ?? [{ height: 640, width: 640 }]
  return [
    photometric(),
    zoomOut(),
    either(0.8, [iouCrop()]),
    dropSmall(),
    horizontalFlip(),
    stretch({ sizes }),
    dropSmall(),
  ]
}
