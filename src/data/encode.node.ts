/** @file RGB pixels to a PNG, JPEG or WebP file. */
import { ConfigError, ImageError } from '../tensor/index.js'
import type { RgbImage } from './image.js'
import { loadSharp } from './sharp.node.js'

/** Formats that can be written. */
export type EncodedFormat = 'png' | 'jpeg' | 'webp'

const FORMATS: readonly EncodedFormat[] = ['png', 'jpeg', 'webp']

/**
 * The bytes of an image file. PNG is lossless.
 * @param quality 1 to 100, for JPEG and WebP; 90 when left out.
 * @throws ImageError when the data does not fit the image's size, or a side is longer than the format allows.
 * @throws ConfigError when the format is not known, or the quality out of range or given for PNG.
 */
export async function encodeImage(image: RgbImage, format: EncodedFormat, quality?: number): Promise<Uint8Array> {
  checkArguments(image, format, quality)
  const sharp = loadSharp()
  const { width, height } = image
  const raw = sharp(image.data, { raw: { width, height, channels: 3 }, limitInputPixels: false })
  try {
    const file =
      format === 'png'
        ? raw.png({ compressionLevel: 6 })
        : format === 'jpeg'
          ? raw.jpeg({ quality: quality ?? 90 })
          : raw.webp({ quality: quality ?? 90 })
    return await file.toBuffer()
  } catch (error) {
    const got = error instanceof Error ? error.message.split('\n')[0]! : String(error)
    throw new ImageError({ where: 'encodeImage', expected: `an image that fits ${format}`, got, cause: error })
  }
}

function checkArguments(image: RgbImage, format: EncodedFormat, quality: number | undefined): void {
  if (!FORMATS.includes(format)) {
    throw new ConfigError({ where: 'encodeImage.format', expected: FORMATS.join(', '), got: String(format) })
  }
  if (quality !== undefined && format === 'png') {
    throw new ConfigError({
      where: 'encodeImage.quality',
      expected: 'none for PNG, which is lossless',
      got: `${quality}`,
    })
  }
  if (quality !== undefined && !(Number.isInteger(quality) && quality >= 1 && quality <= 100)) {
    throw new ConfigError({ where: 'encodeImage.quality', expected: 'an integer from 1 to 100', got: `${quality}` })
  }
  const bytes = image.width * image.height * 3
  if (!(bytes > 0) || image.data.length !== bytes) {
    throw new ImageError({
      where: 'encodeImage',
      expected: `${bytes} bytes for ${image.width}×${image.height} RGB`,
      got: `${image.data.length}`,
    })
  }
}
