/**
 * @file The pixels of what web pages call an image. Files are decoded by the browser, colours as stored and upright, as
 * `decodeImage` does in Node.
 */
import { type Ground, MAX_PIXELS, type RgbImage, scaleByte } from '../data/index.js'
import { ImageError } from '../tensor/index.js'

/** A file (Blob, File), an element (`img`, `canvas`, `video`), an ImageBitmap, ImageData or OffscreenCanvas, or RGB pixels. */
export type PageImage = RgbImage | ImageBitmapSource

/** How pixels are read. */
export interface PageImageOptions {
  /** Largest width × height that is read; Pillow's own limit unless said. */
  readonly maxPixels?: number | undefined
  /**
   * What transparent pixels are laid over. Unless said alpha is dropped: what shows are the colours that the browser still has
   * (canvases keep none of what is fully transparent, which becomes black).
   */
  readonly ground?: Ground | undefined
}

/**
 * Reads the pixels of an image.
 * @throws ImageError for what is no image, cannot be decoded, may not be read (another origin's), or is too large.
 */
export async function readPageImage(source: PageImage, options: PageImageOptions = {}): Promise<RgbImage> {
  if (typeof source !== 'object' || source === null) {
    const next = typeof source === 'string' ? { next: 'Fetch it: await (await fetch(address)).blob().' } : {}
    throw new ImageError({ where: 'image', expected: IMAGES, got: source === null ? 'null' : typeof source, ...next })
  }
  if ('data' in source) return pixelsOf(source, options)
  const where = nameOf(source)
  if (isBitmap(source)) return drawn(source, where, options)
  const bitmap = await decode(source, where)
  try {
    return drawn(bitmap, where, options)
  } finally {
    bitmap.close()
  }
}

const IMAGES = 'a Blob, ImageBitmap, ImageData, image or canvas element, or RGB pixels'

/** Pixels that are read from a canvas at once: 16 MiB, within the limits of every browser. */
const STRIP_PIXELS = 2 ** 22

/** ImageData has four bytes a pixel, an RgbImage three. */
function pixelsOf(image: RgbImage | ImageData, options: PageImageOptions): RgbImage {
  const { width, height } = image
  const data: unknown = image.data
  if (!(data instanceof Uint8Array || data instanceof Uint8ClampedArray)) {
    throw new ImageError({ where: 'image', expected: 'pixels of 8 bits', got: Object.prototype.toString.call(data) })
  }
  if (data instanceof Uint8ClampedArray && data.length === 4 * width * height) {
    admit(width, height, 'image', options)
    const rgb = new Uint8Array(width * height * 3)
    writeRgb(rgb, 0, data, options.ground === 'white')
    return { width, height, data: rgb }
  }
  return { width, height, data: new Uint8Array(data.buffer, data.byteOffset, data.length) }
}

/** Drops alpha, or blends with white. */
function writeRgb(rgb: Uint8Array, at: number, rgba: Uint8ClampedArray | Uint8Array, onWhite: boolean): void {
  for (let i = 0, o = at; i < rgba.length; i += 4, o += 3) {
    const alpha = onWhite ? rgba[i + 3]! : 255
    for (let c = 0; c < 3; c++) rgb[o + c] = 255 - alpha + scaleByte(rgba[i + c]!, alpha)
  }
}

async function decode(source: Exclude<PageImage, RgbImage>, where: string): Promise<ImageBitmap> {
  try {
    // An element that is still loading has no pixels yet.
    if ('decode' in source) await source.decode()
    return await createImageBitmap(source, { colorSpaceConversion: 'none' })
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new ImageError({ where, expected: IMAGES, got: `${kindOf(source)} that does not decode (${reason})`, cause })
  }
}

function drawn(bitmap: ImageBitmap, where: string, options: PageImageOptions): RgbImage {
  const { width, height } = bitmap
  admit(width, height, where, options)
  const rows = Math.min(height, Math.max(1, Math.floor(STRIP_PIXELS / width)))
  const context = canvasOf(width, rows, where)
  const data = new Uint8Array(width * height * 3)
  for (let y = 0; y < height; y += rows) {
    const strip = Math.min(rows, height - y)
    context.clearRect(0, 0, width, rows)
    context.drawImage(bitmap, 0, y, width, strip, 0, 0, width, strip)
    writeRgb(data, y * width * 3, readStrip(context, width, strip, where), options.ground === 'white')
  }
  return { width, height, data }
}

type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D

function canvasOf(width: number, height: number, where: string): Context {
  const canvas =
    typeof OffscreenCanvas === 'undefined'
      ? Object.assign(document.createElement('canvas'), { width, height })
      : new OffscreenCanvas(width, height)
  const context = canvas.getContext('2d', { willReadFrequently: true }) as Context | null
  if (context !== null) return context
  throw new ImageError({ where, expected: 'a size that this browser can draw', got: `${width} pixels in a row` })
}

function readStrip(context: Context, width: number, height: number, where: string): Uint8ClampedArray {
  try {
    return context.getImageData(0, 0, width, height).data
  } catch (cause) {
    throw new ImageError({
      where,
      expected: 'an image that this page may read',
      got: 'one of another origin',
      next: 'Its server must allow it by the header Access-Control-Allow-Origin, and an element needs crossorigin="anonymous".',
      cause,
    })
  }
}

/** Refuses an image without pixels, or with too many. */
function admit(width: number, height: number, where: string, { maxPixels = MAX_PIXELS }: PageImageOptions): void {
  const got = `${width}×${height} = ${width * height}`
  if (width * height > maxPixels) {
    const next = 'Shrink the image, or raise the limit on pixels if its source is trusted.'
    throw new ImageError({ where, expected: `at most ${maxPixels} pixels`, got, next })
  }
  if (!(width * height >= 1)) {
    const next = 'An ImageBitmap that was closed or given to another thread has none.'
    throw new ImageError({ where, expected: 'an image with pixels', got, next })
  }
}

function isBitmap(source: object): source is ImageBitmap {
  return typeof ImageBitmap !== 'undefined' && source instanceof ImageBitmap
}

/** "a Blob", "an HTMLImageElement". */
function kindOf(source: object): string {
  const kind = Object.prototype.toString.call(source).slice('[object '.length, -1)
  return `${/^(?:[AEIOU]|HTML)/.test(kind) ? 'an' : 'a'} ${kind}`
}

/** A file's own name, or the last part of an element's address. */
function nameOf(source: object): string {
  const { name, currentSrc } = source as { readonly name?: unknown; readonly currentSrc?: unknown }
  if (typeof name === 'string' && name !== '') return name
  const address = typeof currentSrc === 'string' ? currentSrc.replace(/[?#].*$/s, '') : ''
  return address.slice(address.lastIndexOf('/') + 1, address.lastIndexOf('/') + 101) || 'image'
}
