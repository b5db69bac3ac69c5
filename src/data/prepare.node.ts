/** @file From an image file to the pixels that a detector takes: decode, then resize by the model's own rule. */
import { ImageError } from '../tensor/index.js'
import { type DecodeOptions, decodeImage } from './decode.node.js'
import type { ImageSize, RgbImage } from './image.js'
import { resizeBilinear } from './resize.js'
import { type ResizeRule, targetSize } from './resize-rule.js'

/** An image ready for a model. */
export interface PreparedImage {
  readonly resized: RgbImage
  /** Size of the upright image before resizing; boxes are reported in its pixels. */
  readonly original: ImageSize
}

/**
 * Decodes and resizes one image on the calling thread.
 * @throws FileError, ImageError as `decodeImage`; ImageError when the rule makes no sense.
 */
export async function prepareImage(
  source: Uint8Array | string,
  rule: ResizeRule,
  options: DecodeOptions = {},
): Promise<PreparedImage> {
  const image = await decodeImage(source, options)
  const original = { height: image.height, width: image.width }
  try {
    return { resized: resizeBilinear(image, targetSize(original, rule)), original }
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
