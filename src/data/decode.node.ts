/**
 * @file Image files to upright 8-bit RGB, pixel for pixel what Pillow's `exif_transpose` and `convert('RGB')` give:
 * colours as stored (no colour management), alpha dropped without blending unless a ground is named, CMYK by Pillow's own
 * formula. Differences that remain: 16-bit grey is scaled by 1/257 (Pillow clips it), and AVIF chroma is interpolated in another way.
 */
import { ImageError } from '../tensor/index.js'
import { decodeGif, GifFault } from './gif.js'
import { type Ground, layOnWhite, scaleByte } from './ground.js'
import type { RgbImage } from './image.js'
import { MAX_PIXELS } from './limits.js'
import { type Orientation, orientationOf, rawProfileBytes } from './orientation.js'
import { pageName } from './pdf-page.js'
import { PngFault, readPngStructure } from './png-structure.node.js'
import { readRegularFile } from './read-file.node.js'
import { loadSharp, type SharpFactory } from './sharp.node.js'
import { DECODABLE, type ImageFormat, isPdf, sniffImage } from './sniff.js'
import { unsupportedTiffColours } from './tiff-structure.js'

/** Options of `decodeImage`. */
export interface DecodeOptions {
  /** Largest width × height that is decoded; Pillow's own limit when left out. */
  readonly maxPixels?: number | undefined
  /** Name for error sentences; the path when left out. */
  readonly where?: string | undefined
  /** What transparent pixels are laid over; when left out alpha is dropped, as in Pillow. */
  readonly ground?: Ground | undefined
}

/**
 * Decodes a JPEG, PNG, WebP, AVIF or TIFF image, or the first frame of a GIF or animated WebP.
 * @param source The file's bytes, or its path; a path is read once, whole.
 * @throws FileError when the path is missing, unreadable, or no regular file.
 * @throws ImageError when the bytes are no such image, are damaged or end early, or hold more than `maxPixels` pixels;
 *   the size is checked from the header, before pixels are allocated.
 */
export async function decodeImage(source: Uint8Array | string, options: DecodeOptions = {}): Promise<RgbImage> {
  const where = options.where ?? (typeof source === 'string' ? source : 'image')
  const maxPixels = options.maxPixels ?? MAX_PIXELS
  const bytes = typeof source === 'string' ? await readRegularFile(source, where) : source
  const sniffed = sniffImage(bytes)
  if (sniffed.format === undefined) {
    throw new ImageError({
      where,
      expected: DECODABLE,
      got: sniffed.other,
      next: isPdf(bytes) ? pagesOf(where) : 'Convert it to one of these formats.',
    })
  }
  const file: ImageFile = { bytes, format: sniffed.format, where, maxPixels, ground: options.ground }
  try {
    if (file.format === 'gif') return decodeGif(bytes, (width, height) => admit(file, width, height), file.ground)
    return await decodeWithSharp(file)
  } catch (error) {
    if (error instanceof GifFault || error instanceof PngFault) throw broken(file, error.message)
    throw error
  }
}

/** What to do with a document, in code and on the command line. */
function pagesOf(document: string): string {
  return `Each of its pages is an image: { pdf: '${document}', page: 1 } in code, '${pageName(document, 1)}' on the command line too.`
}

interface ImageFile {
  readonly bytes: Uint8Array
  readonly format: ImageFormat
  readonly where: string
  readonly maxPixels: number
  readonly ground: Ground | undefined
}

async function decodeWithSharp(file: ImageFile): Promise<RgbImage> {
  const png = file.format === 'png' ? readPngStructure(file.bytes) : undefined
  if (png !== undefined) admit(file, png.width, png.height)
  const colours = file.format === 'tiff' ? unsupportedTiffColours(file.bytes) : undefined
  if (colours !== undefined) throw broken(file, `a TIFF in ${colours}`)
  const sharp = loadSharp()
  // 'truncated' is as strict as Pillow: what ends early is refused, recoverable oddities inside are not. In a TIFF it
  // would let missing strips and unknown compressions pass as black.
  const failOn = file.format === 'tiff' ? 'error' : 'truncated'
  const open = (): Pipeline =>
    sharp(file.bytes, { failOn, ignoreIcc: true, limitInputPixels: false, sequentialRead: true })
  try {
    const header = await open().metadata()
    admit(file, header.width, header.height)
    const upright = orient(open(), headerOrientation(file.format, header))
    if (header.space === 'cmyk') {
      const raw = await upright
        .pipelineColourspace('cmyk')
        .toColourspace('cmyk')
        .raw()
        .toBuffer({ resolveWithObject: true })
      return rgbFromCmyk(raw.data, raw.info.width, raw.info.height, raw.info.channels)
    }
    if (file.ground !== undefined && header.hasAlpha) {
      const { data, info } = await upright.toColourspace('srgb').raw().toBuffer({ resolveWithObject: true })
      if (info.channels !== 4) throw broken(file, `an image of ${info.channels} channels`)
      return layOnWhite(data, info.width, info.height)
    }
    const opaque = upright.removeAlpha()
    // Grey with alpha is not 16-bit for Pillow either: it takes the high bytes, and so does the line below.
    if (header.space === 'grey16' && (png === undefined ? header.channels === 1 : png.colourType === 0)) {
      const raw = await opaque.toColourspace('grey16').raw({ depth: 'ushort' }).toBuffer({ resolveWithObject: true })
      return rgbFromGrey16(raw.data, raw.info.width, raw.info.height)
    }
    const { data, info } = await opaque.toColourspace('srgb').raw().toBuffer({ resolveWithObject: true })
    if (info.channels !== 3) throw broken(file, `an image of ${info.channels} channels`)
    return { width: info.width, height: info.height, data: plainBytes(data) }
  } catch (error) {
    if (error instanceof ImageError) throw error
    throw broken(file, `${NAMES[file.format]} that does not decode (${lastLine(error)})`, error)
  }
}

const NAMES: Readonly<Record<ImageFormat, string>> = {
  jpeg: 'a JPEG',
  png: 'a PNG',
  webp: 'a WebP',
  avif: 'an AVIF',
  tiff: 'a TIFF',
  gif: 'a GIF',
}

type Pipeline = ReturnType<SharpFactory>
type Header = Awaited<ReturnType<Pipeline['metadata']>>

/** Refuses an image that is too large, before pixels are allocated. */
function admit(file: ImageFile, width: number, height: number): void {
  if (width * height > file.maxPixels) {
    throw new ImageError({
      where: file.where,
      expected: `at most ${file.maxPixels} pixels`,
      got: `${width}×${height} = ${width * height}`,
      next: 'Shrink the image, or raise the limit on pixels if its source is trusted.',
    })
  }
}

function broken(file: ImageFile, got: string, cause?: unknown): ImageError {
  return new ImageError({
    where: file.where,
    expected: 'an intact image',
    got,
    ...(cause === undefined ? {} : { cause }),
  })
}

/** The last line of a decoder's message, which is where it gave up, without the functions' names before it. */
function lastLine(error: unknown): string {
  const lines = (error instanceof Error ? error.message : String(error))
    .split('\n')
    .filter((line) => line.trim() !== '')
  return (lines.at(-1) ?? 'unknown error').replace(/^(?:[\w ]+: )+/, '').trim()
}

/** Orientation that the header asks for. An AVIF file's own rotation is applied by its decoder and its EXIF is void. */
function headerOrientation(format: ImageFormat, header: Header): Orientation {
  if (format === 'avif') return 1
  if (format === 'tiff') return (header.orientation ?? 1) as Orientation
  const profile = header.comments?.find(({ keyword }) => keyword === 'Raw profile type exif')
  return orientationOf(header.exif ?? (profile && rawProfileBytes(profile.text)), header.xmpAsString)
}

/** Turns and mirrors pixels upright; sharp mirrors first and turns after, whatever the order of the calls. */
function orient(image: Pipeline, orientation: Orientation): Pipeline {
  switch (orientation) {
    case 1:
      return image
    case 2:
      return image.flop()
    case 3:
      return image.rotate(180)
    case 4:
      return image.flip()
    case 5:
      return image.flop().rotate(270)
    case 6:
      return image.rotate(90)
    case 7:
      return image.flop().rotate(90)
    case 8:
      return image.rotate(270)
  }
}

/** Pillow's conversion of CMYK, which is the naive formula: (255 − K) − C·(255 − K)/255. */
function rgbFromCmyk(cmyk: Uint8Array, width: number, height: number, channels: number): RgbImage {
  const data = new Uint8Array(width * height * 3)
  for (let i = 0, o = 0; o < data.length; i += channels, o += 3) {
    const light = 255 - cmyk[i + 3]!
    data[o] = light - scaleByte(cmyk[i]!, light)
    data[o + 1] = light - scaleByte(cmyk[i + 1]!, light)
    data[o + 2] = light - scaleByte(cmyk[i + 2]!, light)
  }
  return { width, height, data }
}

function rgbFromGrey16(bytes: Uint8Array, width: number, height: number): RgbImage {
  const data = new Uint8Array(width * height * 3)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let i = 0; i < width * height; i++) {
    data.fill(Math.round(view.getUint16(2 * i, LITTLE_ENDIAN) / 257), 3 * i, 3 * i + 3)
  }
  return { width, height, data }
}

/** sharp writes 16-bit values in the machine's own byte order. */
const LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

/** A Buffer's bytes as a plain Uint8Array over the same memory. */
function plainBytes(buffer: Uint8Array): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)
}
