/**
 * @file The first frame of a GIF, as Pillow shows it: palette colours as they are, transparent pixels included, and
 * what the frame leaves bare filled with the transparent colour (or colour 0). General image libraries paint
 * transparent pixels black instead. On a ground, what is transparent or bare shows the ground.
 */
import type { Ground } from './ground.js'
import type { RgbImage } from './image.js'

/** Thrown for a broken file; the caller makes a sentence of it. */
export class GifFault extends Error {}

const WHITE = 255

interface Frame {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
  readonly interlaced: boolean
  readonly palette: Uint8Array | undefined
  readonly transparent: number | undefined
  readonly minimumCodeSize: number
  /** Where the first data block begins. */
  readonly dataStart: number
  readonly canvasWidth: number
  readonly canvasHeight: number
}

/**
 * Decodes the first frame.
 * @param admit Called with the canvas's width and height before anything is allocated; throws to refuse.
 * @throws GifFault when the file is broken or ends early.
 */
export function decodeGif(
  bytes: Uint8Array,
  admit: (width: number, height: number) => void,
  ground?: Ground,
): RgbImage {
  const frame = readFrame(bytes)
  const { canvasWidth: width, canvasHeight: height } = frame
  if (frame.width === 0 || frame.height === 0) throw new GifFault('a GIF whose first frame has no pixels')
  admit(width, height)
  const indices = readIndices(bytes, frame)
  const colours = colourTable(frame.palette)
  const data = new Uint8Array(width * height * 3)
  const covered = frame.width === width && frame.height === height
  if (!covered) fill(data, colours, frame.transparent ?? 0)
  if (ground !== undefined) {
    if (frame.transparent !== undefined) colours.fill(WHITE, 3 * frame.transparent, 3 * frame.transparent + 3)
    if (!covered) data.fill(WHITE)
  }
  const rows = frame.interlaced ? interlacedRows(frame.height) : undefined
  for (let y = 0; y < frame.height; y++) {
    const target = frame.top + (rows === undefined ? y : rows[y]!)
    let o = (target * width + frame.left) * 3
    for (let i = y * frame.width; i < (y + 1) * frame.width; i++, o += 3) {
      const colour = indices[i]! * 3
      data[o] = colours[colour]!
      data[o + 1] = colours[colour + 1]!
      data[o + 2] = colours[colour + 2]!
    }
  }
  return { width, height, data }
}

/** Walks the blocks up to the first image descriptor. */
function readFrame(bytes: Uint8Array): Frame {
  const byte = (at: number): number => {
    const value = bytes[at]
    if (value === undefined) throw new GifFault('a GIF that ends before its first frame')
    return value
  }
  const short = (at: number): number => byte(at) | (byte(at + 1) << 8)
  const paletteAt = (at: number, flags: number): Uint8Array => {
    const length = 3 << ((flags & 7) + 1)
    byte(at + length - 1)
    return bytes.subarray(at, at + length)
  }
  let palette: Uint8Array | undefined
  let transparent: number | undefined
  let at = 13
  if (byte(10) & 0x80) {
    palette = paletteAt(at, byte(10))
    at += palette.length
  }
  for (;;) {
    const kind = byte(at++)
    if (kind === 0x21) {
      const label = byte(at++)
      if (label === 0xf9 && byte(at) >= 4 && byte(at + 1) & 1) transparent = byte(at + 4)
      while (byte(at) !== 0) at += byte(at) + 1
      at++
    } else if (kind === 0x2c) {
      const [left, top, width, height, flags] = [short(at), short(at + 2), short(at + 4), short(at + 6), byte(at + 8)]
      at += 9
      if (flags & 0x80) {
        palette = paletteAt(at, flags)
        at += palette.length
      }
      return {
        left,
        top,
        width,
        height,
        interlaced: (flags & 0x40) !== 0,
        palette,
        transparent,
        minimumCodeSize: byte(at),
        dataStart: at + 1,
        canvasWidth: Math.max(short(6), left + width),
        canvasHeight: Math.max(short(8), top + height),
      }
    } else if (kind === 0x3b) {
      throw new GifFault('a GIF without a frame')
    }
  }
}

/** LZW: variable-length codes, least significant bit first, in blocks of at most 255 bytes. */
function readIndices(bytes: Uint8Array, frame: Frame): Uint8Array {
  const minimum = frame.minimumCodeSize
  if (minimum < 1 || minimum > 8) throw new GifFault(`a GIF with codes of ${minimum} bits`)
  const clear = 1 << minimum
  const end = clear + 1
  const prefix = new Uint16Array(4096)
  const suffix = new Uint8Array(4096)
  const stack = new Uint8Array(4097)
  for (let i = 0; i < clear; i++) suffix[i] = i
  const output = new Uint8Array(frame.width * frame.height)
  let written = 0
  let size = minimum + 1
  let next = clear + 2
  let previous = -1
  let first = 0
  let bits = 0
  let bitCount = 0
  let at = frame.dataStart
  let blockEnd = at
  while (written < output.length) {
    while (bitCount < size) {
      if (at === blockEnd) {
        // A block that is cut short is refused whole, as in Pillow.
        const length = bytes[at++] ?? 0
        blockEnd = at + length
        if (length === 0 || blockEnd > bytes.length) throw new GifFault('a truncated GIF')
      }
      bits |= bytes[at++]! << bitCount
      bitCount += 8
    }
    const code = bits & ((1 << size) - 1)
    bits >>>= size
    bitCount -= size
    if (code === clear) {
      size = minimum + 1
      next = clear + 2
      previous = -1
      continue
    }
    if (code === end) throw new GifFault('a truncated GIF')
    if (code > next || (code === next && previous < 0) || (previous < 0 && code > end)) {
      throw new GifFault('a GIF with corrupt data')
    }
    let depth = 0
    let walk = code
    if (code === next) {
      // The code that is being defined by this very step: the previous string and its own first byte.
      stack[depth++] = first
      walk = previous
    }
    while (walk > end) {
      stack[depth++] = suffix[walk]!
      walk = prefix[walk]!
    }
    first = suffix[walk]!
    stack[depth++] = first
    while (depth > 0 && written < output.length) output[written++] = stack[--depth]!
    if (previous >= 0 && next < 4096) {
      prefix[next] = previous
      suffix[next] = first
      next++
      if (next === 1 << size && size < 12) size++
    }
    previous = code
  }
  return output
}

/** 256 colours; without a palette an index is a grey value, and indices past the palette are black. */
function colourTable(palette: Uint8Array | undefined): Uint8Array {
  const table = new Uint8Array(768)
  if (palette !== undefined) table.set(palette)
  else for (let i = 0; i < 768; i++) table[i] = Math.trunc(i / 3)
  return table
}

function fill(data: Uint8Array, colours: Uint8Array, index: number): void {
  const colour = colours.subarray(index * 3, index * 3 + 3)
  for (let i = 0; i < data.length; i += 3) data.set(colour, i)
}

/** Image row of each stored row: every 8th from 0, every 8th from 4, every 4th from 2, every 2nd from 1. */
function interlacedRows(height: number): Int32Array {
  const rows = new Int32Array(height)
  let i = 0
  for (const [first, step] of [
    [0, 8],
    [4, 8],
    [2, 4],
    [1, 2],
  ] as const) {
    for (let y = first; y < height; y += step) rows[i++] = y
  }
  return rows
}
