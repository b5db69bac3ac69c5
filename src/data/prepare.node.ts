/** @file From an image file to the pixels that a detector takes: decode, then resize by the model's own rule. */
import { ImageError } from '../tensor/index.js'
import { type DecodeOptions, decodeImage } from './decode.node.js'
import type { ImageSize, RgbImage } from './image.js'
import { resizeBilinear, resizeShortestEdge } from './resize.js'

/**
 * How a model wants its input sized: by the shorter and longer side with the ratio kept, or stretched to one size.
 * All in pixels.
 */
export type Sizing = { readonly shortest: number; readonly longest?: number } | { readonly stretch: ImageSize }

/** An image ready for a model. */
export interface PreparedImage {
  readonly resized: RgbImage
  /** Size of the upright image before resizing; boxes are reported in its pixels. */
  readonly original: ImageSize
}

/** The size that `sizing` asks for, for an image of `size`. */
export function targetSize(size: ImageSize, sizing: Sizing): ImageSize {
  if ('stretch' in sizing) return sizing.stretch
  return resizeShortestEdge(size, sizing.shortest, sizing.longest)
}

/**
 * Decodes and resizes one image on the calling thread.
 * @throws FileError, ImageError as `decodeImage`; ImageError when the sizing makes no sense.
 */
export async function prepareImage(
  source: Uint8Array | string,
  sizing: Sizing,
  options: DecodeOptions = {},
): Promise<PreparedImage> {
  const image = await decodeImage(source, options)
  const original = { height: image.height, width: image.width }
  try {
    return { resized: resizeBilinear(image, targetSize(original, sizing)), original }
  } catch (error) {
    if (!(error instanceof ImageError) || options.where === undefined) throw error
    throw new ImageError({
      where: options.where,
      expected: 'an image that resizes',
      got: `${image.width}×${image.height}`,
      next: error.message,
      cause: error,
    })
  }
}
