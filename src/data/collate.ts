/** @file Images of different sizes as one batch: padded with zeros on the right and at the bottom, as DETR does. */
import { ImageError, type TensorData, tensorData } from '../tensor/index.js'
import type { RgbImage } from './image.js'

/** A batch of images. */
export interface ImageBatch {
  /** `[batch, height, width, 3]`, 0..255; zero outside each image's own size. */
  readonly pixels: TensorData<'uint8'>
  /** `[batch, 2]`: height and width of the valid part of each image, pixels. */
  readonly sizes: TensorData<'int32'>
}

/**
 * Puts images into one batch of the largest height and the largest width among them.
 *
 * The padding is raw black; a model that normalises must mask by `sizes` afterwards, since DETR pads after normalising.
 * @param multipleOf Height and width of the batch are rounded up to multiples of it, pixels: batches of many sizes then
 *   share a few shapes.
 * @throws ImageError when there is no image, or one whose data does not fit its size.
 */
export function collate(images: readonly RgbImage[], multipleOf = 1): ImageBatch {
  if (images.length === 0) throw new ImageError({ where: 'collate', expected: 'at least one image', got: 'none' })
  let height = 0
  let width = 0
  images.forEach((image, i) => {
    if (!(image.width > 0 && image.height > 0) || image.data.length !== image.width * image.height * 3) {
      throw new ImageError({
        where: `collate.images[${i}]`,
        expected: `${image.width}×${image.height}×3 bytes`,
        got: `${image.data.length}`,
      })
    }
    height = Math.max(height, image.height)
    width = Math.max(width, image.width)
  })
  height = Math.ceil(height / multipleOf) * multipleOf
  width = Math.ceil(width / multipleOf) * multipleOf
  const pixels = new Uint8Array(images.length * height * width * 3)
  const sizes = new Int32Array(images.length * 2)
  images.forEach((image, i) => {
    const start = i * height * width * 3
    const rowBytes = image.width * 3
    if (image.width === width) {
      pixels.set(image.data, start)
    } else {
      for (let y = 0; y < image.height; y++) {
        pixels.set(image.data.subarray(y * rowBytes, (y + 1) * rowBytes), start + y * width * 3)
      }
    }
    sizes[2 * i] = image.height
    sizes[2 * i + 1] = image.width
  })
  return {
    pixels: tensorData('uint8', [images.length, height, width, 3], pixels),
    sizes: tensorData('int32', [images.length, 2], sizes),
  }
}
