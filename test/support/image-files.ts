/** @file Image files made by hand, for what no encoder at hand writes: odd depths, bombs, CMYK, bare GIF frames. */
import { crc32, deflateSync } from 'node:zlib'
import type { RgbImage } from '../../src/data/index.js'

/** Pixel (x, y) of every test picture: all values differ, so that any turn or swap shows. */
export function picture(width: number, height: number): RgbImage {
  const data = new Uint8Array(width * height * 3)
  for (let i = 0; i < width * height; i++) data.set([(i * 37) & 255, (i * 11 + 90) & 255, 255 - ((i * 5) & 255)], 3 * i)
  return { width, height, data }
}

/** 32-bit integers, most significant byte first. */
export function u32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length)
  values.forEach((value, i) => {
    bytes.writeUInt32BE(value, 4 * i)
  })
  return bytes
}

/** A PNG chunk with its checksum. */
export function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  return Buffer.concat([u32(data.length), body, u32(crc32(body))])
}

/** What `png` puts together. */
export interface PngParts {
  readonly width: number
  readonly height: number
  readonly depth: number
  readonly colourType: number
  /** Rows of stored bytes, without filter bytes. */
  readonly rows: readonly (readonly number[])[]
  /** Chunks between header and data. */
  readonly extra?: readonly Buffer[]
  /** Chunks between data and end. */
  readonly late?: readonly Buffer[]
}

/** A PNG file. */
export function png({ width, height, depth, colourType, rows, extra = [], late = [] }: PngParts): Buffer {
  const header = Buffer.concat([u32(width, height), Buffer.from([depth, colourType, 0, 0, 0])])
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    ...extra,
    chunk('IDAT', deflateSync(Uint8Array.from(rows.flatMap((row) => [0, ...row])))),
    ...late,
    chunk('IEND', new Uint8Array()),
  ])
}

/** An 8-bit RGB PNG with chunks between header and data. */
export function rgbPng(image: RgbImage, extra: readonly Buffer[]): Buffer {
  const rows = Array.from({ length: image.height }, (_, y) => [
    ...image.data.subarray(y * image.width * 3, (y + 1) * image.width * 3),
  ])
  return png({ width: image.width, height: image.height, depth: 8, colourType: 2, rows, extra })
}

/** A JPEG of one flat 8×8 block with four components, as stored. `adobe`: its marker's transform, 0 CMYK or 2 YCCK. */
export function cmykJpeg(stored: readonly number[], adobe?: 0 | 2): Buffer {
  const segment = (marker: number, ...data: number[]): number[] => [
    0xff,
    marker,
    (data.length + 2) >> 8,
    (data.length + 2) & 255,
    ...data,
  ]
  let bits = ''
  for (const value of stored) {
    // Quantised by 1, a flat block has the single coefficient 8·(value − 128): its size in four bits, its bits, the end.
    const coefficient = 8 * (value - 128)
    const size = coefficient === 0 ? 0 : Math.floor(Math.log2(Math.abs(coefficient))) + 1
    const code = coefficient < 0 ? coefficient + 2 ** size - 1 : coefficient
    bits += `${size.toString(2).padStart(4, '0')}${size === 0 ? '' : code.toString(2).padStart(size, '0')}0`
  }
  bits = bits.padEnd(Math.ceil(bits.length / 8) * 8, '1')
  const scan = bits.match(/.{8}/g)!.flatMap((byte) => (byte === '11111111' ? [255, 0] : [Number.parseInt(byte, 2)]))
  return Buffer.from([
    0xff,
    0xd8,
    ...(adobe === undefined ? [] : segment(0xee, ...Buffer.from('Adobe'), 0, 100, 0, 0, 0, 0, adobe)),
    ...segment(0xdb, 0, ...new Array<number>(64).fill(1)),
    ...segment(0xc0, 8, 0, 8, 0, 8, 4, ...[1, 2, 3, 4].flatMap((id) => [id, 0x11, 0])),
    ...segment(0xc4, 0x00, 0, 0, 0, 12, ...new Array<number>(12).fill(0), ...Array.from({ length: 12 }, (_, i) => i)),
    ...segment(0xc4, 0x10, 1, ...new Array<number>(15).fill(0), 0),
    ...segment(0xda, 4, ...[1, 2, 3, 4].flatMap((id) => [id, 0]), 0, 63, 0),
    ...scan,
    0xff,
    0xd9,
  ])
}

/** Red, green, blue and nearly white, for `gif`. */
export const PALETTE: readonly number[] = [255, 0, 0, 0, 255, 0, 0, 0, 255, 250, 251, 252]

/** A GIF frame whose data is its indices (below 128) as they are: a fresh code table every 100 pixels. */
export function gif(parts: {
  canvas: readonly [number, number]
  frame: readonly [number, number, number, number]
  palette: readonly number[]
  indices: readonly number[]
  transparent?: number
  interlaced?: boolean
}): Buffer {
  const short = (value: number): number[] => [value & 255, value >> 8]
  const codes: number[] = []
  parts.indices.forEach((index, i) => {
    if (i % 100 === 0) codes.push(128)
    codes.push(index)
  })
  codes.push(129)
  const blocks: number[] = []
  for (let i = 0; i < codes.length; i += 255) blocks.push(Math.min(255, codes.length - i), ...codes.slice(i, i + 255))
  const palette = [...parts.palette, ...new Array<number>(12).fill(0)].slice(0, 12)
  return Buffer.from([
    ...Buffer.from('GIF89a'),
    ...parts.canvas.flatMap(short),
    0x81,
    0,
    0,
    ...palette,
    ...(parts.transparent === undefined ? [] : [0x21, 0xf9, 4, 1, 0, 0, parts.transparent, 0]),
    0x2c,
    ...parts.frame.flatMap(short),
    parts.interlaced ? 0x40 : 0,
    7,
    ...blocks,
    0,
    0x3b,
  ])
}

/** An uncompressed TIFF whose directory comes before its pixels, as scanners write it. */
export function tiff(photometric: number, compression: number, data: readonly number[]): Buffer {
  const entries = [
    [256, 1, 4],
    [257, 1, data.length / 12],
    [258, 1, 8],
    [259, 1, compression],
    [262, 1, photometric],
    [273, 1, 8 + 2 + 9 * 12 + 4],
    [277, 1, 3],
    [278, 1, data.length / 12],
    [279, 1, data.length],
  ] as const
  const file = Buffer.alloc(8 + 2 + entries.length * 12 + 4)
  file.write('II*\0')
  file.writeUInt32LE(8, 4)
  file.writeUInt16LE(entries.length, 8)
  entries.forEach(([tag, count, value], i) => {
    file.writeUInt16LE(tag, 10 + 12 * i)
    file.writeUInt16LE(3, 12 + 12 * i)
    file.writeUInt32LE(count, 14 + 12 * i)
    file.writeUInt32LE(value, 18 + 12 * i)
  })
  return Buffer.concat([file, Buffer.from(data)])
}
