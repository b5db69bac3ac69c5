/**
 * @file The chunks of a PNG file, checked as strictly as Pillow checks them before any pixel is decoded: checksums up
 * to the image data, known modes, whole chunks, and no text or colour profile that unpacks to more than 1 MiB. The
 * pixel decoder of sharp lets all of these pass.
 */
import { crc32, inflateSync } from 'node:zlib'

/** Largest unpacked text or profile, bytes (Pillow's MAX_TEXT_CHUNK), and of all texts together. */
const MAX_TEXT = 1 << 20
const MAX_ALL_TEXT = 64 * MAX_TEXT

/** Bit depths that each colour type allows. */
const DEPTHS: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
}

/** Shortest legal length of a chunk that is read. */
const SHORTEST: Readonly<Record<string, number>> = { IHDR: 13, gAMA: 4, cHRM: 32, sRGB: 1, pHYs: 9, acTL: 8, fcTL: 26 }

/** What the header says. */
export interface PngHeader {
  readonly width: number
  readonly height: number
  readonly depth: number
  /** 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA. */
  readonly colourType: number
}

/** Thrown for a broken or hostile file; the caller makes a sentence of it. */
export class PngFault extends Error {}

/**
 * Walks all chunks of a PNG file (its signature is known to be right).
 * @throws PngFault when the file is broken, ends early, or unpacks to too much text.
 */
export function readPngStructure(bytes: Uint8Array): PngHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let header: PngHeader | undefined
  let seenData = false
  let textLeft = MAX_ALL_TEXT
  let at = 8
  while (at + 8 <= bytes.length) {
    const length = view.getUint32(at)
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8))
    if (!/^\w{4}$/.test(type)) {
      if (seenData) break
      throw new PngFault('a PNG with a broken chunk')
    }
    if (type === 'IEND') break
    const end = at + 8 + length
    if (end > bytes.length) throw new PngFault(`a truncated PNG (its ${type} chunk is cut off)`)
    const data = bytes.subarray(at + 8, end)
    if (type === 'IDAT') {
      seenData = true
    } else {
      if (length < (SHORTEST[type] ?? 0)) throw new PngFault(`a PNG with a short ${type} chunk`)
      if (type === 'IHDR') header = readHeader(data, view.getUint32(at + 8), view.getUint32(at + 12))
      else textLeft -= unpackedText(type, data)
      if (textLeft < 0) throw new PngFault('a PNG with more than 64 MiB of text')
      if (!seenData) checkSum(view, at, end, type)
    }
    at = end + 4
  }
  if (header === undefined) throw new PngFault('a PNG without a header')
  if (!seenData) throw new PngFault('a PNG without image data')
  return header
}

function readHeader(data: Uint8Array, width: number, height: number): PngHeader {
  const depth = data[8]!
  const colourType = data[9]!
  if (!DEPTHS[colourType]?.includes(depth)) {
    throw new PngFault(`a PNG with the impossible colour type ${colourType} at ${depth} bits`)
  }
  if (data[11] !== 0) throw new PngFault('a PNG with an unknown filter method')
  return { width, height, depth, colourType }
}

function checkSum(view: DataView, at: number, end: number, type: string): void {
  const body = new Uint8Array(view.buffer, view.byteOffset + at + 4, end - at - 4)
  if (end + 4 > view.byteLength || view.getUint32(end) !== crc32(body)) {
    throw new PngFault(`a PNG with a wrong checksum in its ${type} chunk`)
  }
}

/** Length of the text that a chunk holds, once unpacked; 0 for chunks of other kinds. */
function unpackedText(type: string, data: Uint8Array): number {
  if (type === 'tEXt') return data.length
  const afterName = data.indexOf(0) + 1
  if (type === 'zTXt' || type === 'iCCP') {
    if (afterName === 0) return 0
    if ((data[afterName] ?? 0) !== 0)
      throw new PngFault(`a PNG with an unknown compression method in its ${type} chunk`)
    return unpackedLength(data.subarray(afterName + 1), type)
  }
  if (type !== 'iTXt' || afterName === 0) return 0
  if (data[afterName] === 0) return data.length
  // Compressed flag, method, then language and translated name, each ended by a zero byte.
  const language = data.indexOf(0, afterName + 2)
  const translated = language < 0 ? -1 : data.indexOf(0, language + 1)
  if (data[afterName + 1] !== 0 || translated < 0) return 0
  return unpackedLength(data.subarray(translated + 1), type)
}

function unpackedLength(packed: Uint8Array, type: string): number {
  try {
    return inflateSync(packed, { maxOutputLength: MAX_TEXT }).length
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new PngFault(`a PNG whose ${type} chunk unpacks to more than 1 MiB`)
    }
    // Broken packed data in a text is no reason to refuse the pixels; but it counts in full, or a file could hold a
    // million texts that break after a mebibyte each.
    return MAX_TEXT
  }
}
