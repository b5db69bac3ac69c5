/** @file From an image file, or a page of a document, to the pixels that a detector takes: decode, then resize. */
import { ImageError } from '../tensor/index.js'
import { type DecodeOptions, decodeImage } from './decode.node.js'
import type { ImageSize, RgbImage } from './image.js'
import { type PdfSource, withPdf } from './open-pdf.node.js'
import { type PdfPageSize, splitPages } from './pdf-page.js'
import { resizeBilinear } from './resize.js'
import { type ResizeRule, targetSize } from './resize-rule.js'

/** An image ready for a model. */
export interface PreparedImage {
  readonly resized: RgbImage
  /** Size of the upright image before resizing; boxes are reported in its pixels. */
  readonly original: ImageSize
  /** Size in points, where the image is a page of a document. */
  readonly page?: PdfPageSize
}

/** A page to be rendered by the thread's open document; its other fields are those of `PdfPage`. */
export interface OpenPdfPage {
  readonly pdf: PdfSource
  readonly page: number
  readonly dpi?: number | undefined
}

/** What `readPixels` gives. */
export interface ReadPixels {
  readonly image: RgbImage
  readonly page?: PdfPageSize
}

/**
 * Decodes an image file or renders a page, on the calling thread; pixels are given back.
 * @throws FileError, ImageError as `decodeImage` and `PdfDocument`; ConfigError when PDFium is not installed.
 */
export async function readPixels(
  source: Uint8Array | string | OpenPdfPage | RgbImage,
  options: DecodeOptions = {},
): Promise<ReadPixels> {
  if (typeof source === 'object' && 'data' in source) return { image: source }
  if (typeof source === 'string' || !('pdf' in source)) return { image: await decodeImage(source, options) }
  const { pdf, page, ...resolution } = source
  const { where = typeof pdf === 'string' ? pdf : 'PDF', maxPixels } = options
  const rendered = await withPdf(pdf, splitPages(where).name, (open) => open.render(page, { ...resolution, maxPixels }))
  return { image: rendered.image, page: rendered.size }
}

/**
 * Decodes or renders one image and resizes it, on the calling thread.
 * @throws what `readPixels` throws; ImageError when the rule makes no sense.
 */
export async function prepareImage(
  source: Uint8Array | string | OpenPdfPage | RgbImage,
  rule: ResizeRule,
  options: DecodeOptions = {},
): Promise<PreparedImage> {
  const { image, ...page } = await readPixels(source, options)
  const original = { height: image.height, width: image.width }
  try {
    return { resized: resizeBilinear(image, targetSize(original, rule)), original, ...page }
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
