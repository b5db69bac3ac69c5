import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { crc32, deflateSync } from 'node:zlib'
import { FileError, ImageError } from '../tensor/index.js'
import { type DecodeOptions, decodeImage } from './decode.node.js'
import { encodeImage } from './encode.node.js'
import type { RgbImage } from './image.js'
import { loadSharp } from './sharp.node.js'

const folder = mkdtempSync(join(tmpdir(), 'detrs-decode-'))
after(() => rmSync(folder, { recursive: true, force: true }))

/** Pixel (x, y) of every test picture: all values differ, so that any turn or swap shows. */
function picture(width: number, height: number): RgbImage {
  const data = new Uint8Array(width * height * 3)
  for (let i = 0; i < width * height; i++) data.set([(i * 37) & 255, (i * 11 + 90) & 255, 255 - ((i * 5) & 255)], 3 * i)
  return { width, height, data }
}

function raw(image: RgbImage): ReturnType<ReturnType<typeof loadSharp>> {
  const { width, height, data } = image
  return loadSharp()(data, { raw: { width, height, channels: 3 } })
}

// --- PNG files by hand ------------------------------------------------------------------------------------------------

function u32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length)
  values.forEach((value, i) => {
    bytes.writeUInt32BE(value, 4 * i)
  })
  return bytes
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  return Buffer.concat([u32(data.length), body, u32(crc32(body))])
}

interface PngParts {
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

function png({ width, height, depth, colourType, rows, extra = [], late = [] }: PngParts): Buffer {
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

function rgbPng(image: RgbImage, extra: readonly Buffer[]): Buffer {
  const rows = Array.from({ length: image.height }, (_, y) => [
    ...image.data.subarray(y * image.width * 3, (y + 1) * image.width * 3),
  ])
  return png({ width: image.width, height: image.height, depth: 8, colourType: 2, rows, extra })
}

async function pixels(source: Uint8Array, options?: DecodeOptions): Promise<number[]> {
  return [...(await decodeImage(source, options)).data]
}

async function refuses(
  source: Uint8Array | string,
  message: RegExp,
  kind: typeof ImageError | typeof FileError = ImageError,
  options: DecodeOptions = typeof source === 'string' ? {} : { where: 'some-photo' },
): Promise<void> {
  await assert.rejects(
    () => decodeImage(source, options),
    (error: unknown) => {
      assert.ok(error instanceof kind, `${error}`)
      assert.match(error.message, message)
      assert.ok(error.message.startsWith(`${options.where ?? source}: expected `), error.message)
      assert.ok(!error.message.includes('\n'), 'one sentence')
      return true
    },
  )
}

// --- orientation ------------------------------------------------------------------------------------------------------

/** Where the stored pixel of upright (x, y) lies, by EXIF's own words: what the first row and the first column are. */
const STORED: Readonly<Record<number, (x: number, y: number, w: number, h: number) => [number, number]>> = {
  1: (x, y) => [x, y],
  2: (x, y, w) => [w - 1 - x, y],
  3: (x, y, w, h) => [w - 1 - x, h - 1 - y],
  4: (x, y, _w, h) => [x, h - 1 - y],
  5: (x, y) => [y, x],
  6: (x, y, _w, h) => [y, h - 1 - x],
  7: (x, y, w, h) => [w - 1 - y, h - 1 - x],
  8: (x, y, w) => [w - 1 - y, x],
}

function upright(stored: RgbImage, orientation: number): RgbImage {
  const { width: w, height: h } = stored
  const [width, height] = orientation >= 5 ? [h, w] : [w, h]
  const data = new Uint8Array(stored.data.length)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [sx, sy] = STORED[orientation]!(x, y, w, h)
      data.set(stored.data.subarray((sy * w + sx) * 3, (sy * w + sx) * 3 + 3), (y * width + x) * 3)
    }
  }
  return { width, height, data }
}

const XMP = (orientation: number): Buffer =>
  chunk('iTXt', Buffer.from(`XML:com.adobe.xmp\0\0\0\0\0<x tiff:Orientation="${orientation}"/>`, 'latin1'))

for (let orientation = 1; orientation <= 8; orientation++) {
  test(`orientation ${orientation} is applied, from EXIF, XMP and ImageMagick's text`, async () => {
    const stored = picture(5, 3)
    const expected = upright(stored, orientation)
    const marked = raw(stored).withMetadata({ orientation })
    assert.deepEqual(await decodeImage(await marked.clone().png().toBuffer()), expected, 'PNG')
    assert.deepEqual(await decodeImage(await marked.clone().webp({ lossless: true }).toBuffer()), expected, 'WebP')
    assert.deepEqual(await decodeImage(await marked.clone().tiff({ compression: 'lzw' }).toBuffer()), expected, 'TIFF')
    assert.deepEqual(await decodeImage(rgbPng(stored, [XMP(orientation)])), expected, 'XMP')
    const exif = `4578696600004d4d002a000000080001011200030000000100${orientation.toString(16).padStart(2, '0')}000000000000`
    const text = `Raw profile type exif\0\0`
    const profile = deflateSync(Buffer.from(`\nexif\n      34\n${exif}\n`, 'latin1'))
    const hidden = chunk('zTXt', Buffer.concat([Buffer.from(text, 'latin1'), profile]))
    assert.deepEqual(await decodeImage(rgbPng(stored, [hidden])), expected, 'ImageMagick')
    const jpeg = await decodeImage(await marked.clone().jpeg({ quality: 100, chromaSubsampling: '4:4:4' }).toBuffer())
    assert.deepEqual([jpeg.width, jpeg.height], [expected.width, expected.height])
    const plain = await decodeImage(await raw(stored).jpeg({ quality: 100, chromaSubsampling: '4:4:4' }).toBuffer())
    assert.deepEqual(jpeg, upright(plain, orientation), 'JPEG')
  })
}

test('EXIF goes before XMP, and an orientation that does not exist counts for nothing', async () => {
  const stored = picture(5, 3)
  const both = await raw(stored).withMetadata({ orientation: 3 }).png().toBuffer()
  const withXmp = Buffer.concat([both.subarray(0, 33), XMP(6), both.subarray(33)])
  assert.deepEqual(await decodeImage(withXmp), upright(stored, 3))
  assert.deepEqual(await decodeImage(rgbPng(stored, [XMP(9)])), stored)
  assert.deepEqual(await decodeImage(rgbPng(stored, [chunk('eXIf', Buffer.from('MM\0*\xff\xff\xff\xff'))])), stored)
})

// --- colours ----------------------------------------------------------------------------------------------------------

test('the pixels of lossless formats are those that were stored', async () => {
  const image = picture(19, 13)
  for (const file of [
    await raw(image).png().toBuffer(),
    await raw(image).png({ progressive: true }).toBuffer(),
    await raw(image).webp({ lossless: true }).toBuffer(),
    await raw(image).tiff({ compression: 'deflate' }).toBuffer(),
    await raw(image).tiff({ compression: 'none' }).toBuffer(),
    rgbPng(image, []),
  ]) {
    assert.deepEqual(await decodeImage(file), image)
  }
})

test('JPEG, AVIF and lossy WebP come out near what was stored', async () => {
  const flat = {
    width: 40,
    height: 24,
    data: Uint8Array.from({ length: 40 * 24 * 3 }, (_, i) => [200, 90, 30][i % 3]!),
  }
  for (const file of [
    await raw(flat).jpeg({ quality: 95 }).toBuffer(),
    await raw(flat).jpeg({ quality: 95, progressive: true }).toBuffer(),
    await raw(flat).avif({ quality: 90 }).toBuffer(),
    await raw(flat).webp({ quality: 95 }).toBuffer(),
  ]) {
    const { width, height, data } = await decodeImage(file)
    assert.deepEqual([width, height], [40, 24])
    assert.ok(data.every((value, i) => Math.abs(value - flat.data[i]!) <= 4))
  }
})

test('a colour profile changes nothing', async () => {
  const image = picture(4, 3)
  const { icc } = await loadSharp()(await raw(image).withIccProfile('p3').png().toBuffer()).metadata()
  const profile = Buffer.concat([Buffer.from('p3\0\0', 'latin1'), deflateSync(icc!)])
  assert.deepEqual(await decodeImage(rgbPng(image, [chunk('iCCP', profile)])), image)
})

test('grey, 1-bit, palette and alpha PNGs convert as in Pillow: alpha is dropped, not blended', async () => {
  const palette = chunk('PLTE', Buffer.from([1, 2, 3, 40, 50, 60, 200, 100, 0]))
  const files: [PngParts, number[]][] = [
    [{ width: 2, height: 1, depth: 8, colourType: 0, rows: [[7, 250]] }, [7, 7, 7, 250, 250, 250]],
    [{ width: 2, height: 1, depth: 1, colourType: 0, rows: [[0b01000000]] }, [0, 0, 0, 255, 255, 255]],
    [{ width: 2, height: 1, depth: 4, colourType: 0, rows: [[0x1f]] }, [17, 17, 17, 255, 255, 255]],
    [{ width: 2, height: 1, depth: 8, colourType: 3, rows: [[2, 1]], extra: [palette] }, [200, 100, 0, 40, 50, 60]],
    [{ width: 2, height: 1, depth: 8, colourType: 4, rows: [[9, 0, 80, 128]] }, [9, 9, 9, 80, 80, 80]],
    [{ width: 2, height: 1, depth: 8, colourType: 6, rows: [[1, 2, 3, 0, 4, 5, 6, 128]] }, [1, 2, 3, 4, 5, 6]],
    [
      {
        width: 2,
        height: 1,
        depth: 8,
        colourType: 3,
        rows: [[0, 1]],
        extra: [palette, chunk('tRNS', Buffer.from([0]))],
      },
      [1, 2, 3, 40, 50, 60],
    ],
    [
      {
        width: 2,
        height: 1,
        depth: 8,
        colourType: 2,
        rows: [[1, 2, 3, 9, 9, 9]],
        extra: [chunk('tRNS', Buffer.from([0, 1, 0, 2, 0, 3]))],
      },
      [1, 2, 3, 9, 9, 9],
    ],
  ]
  for (const [parts, expected] of files) assert.deepEqual(await pixels(png(parts)), expected)
})

test('16-bit grey is scaled by 1/257, 16-bit colour and grey with alpha keep their high bytes', async () => {
  const grey = { width: 4, height: 1, depth: 16, colourType: 0, rows: [[0, 0, 1, 1, 0x80, 0xff, 255, 255]] }
  const scaled = [0, 1, Math.round(0x80ff / 257), 255].flatMap((value) => [value, value, value])
  assert.deepEqual(await pixels(png(grey)), scaled)
  assert.deepEqual(await pixels(png({ ...grey, extra: [chunk('tRNS', Buffer.from([0, 0]))] })), scaled)
  assert.deepEqual(
    await pixels(png({ width: 1, height: 1, depth: 16, colourType: 2, rows: [[10, 255, 20, 0, 30, 128]] })),
    [10, 20, 30],
  )
  assert.deepEqual(
    await pixels(png({ width: 1, height: 1, depth: 16, colourType: 4, rows: [[77, 255, 0, 9]] })),
    [77, 77, 77],
  )
})

/** A JPEG of one flat 8×8 block with four components, as stored. `adobe`: its marker's transform, 0 CMYK or 2 YCCK. */
function cmykJpeg(stored: readonly number[], adobe?: 0 | 2): Buffer {
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

test("CMYK and YCCK JPEGs follow Pillow's formula; both are stored inverted, with Adobe's marker and without", async () => {
  // Cyan 200, magenta 100, yellow 30, black 55: light is 200, and each ink takes its share of it.
  const rgb = [200, 100, 30].map((ink) => 200 - Math.round((ink * 200) / 255))
  assert.deepEqual(rgb, [43, 122, 176])
  const corner = async (file: Buffer): Promise<number[]> => (await pixels(file)).slice(0, 3)
  assert.deepEqual(await corner(cmykJpeg([55, 155, 225, 200])), rgb)
  assert.deepEqual(await corner(cmykJpeg([55, 155, 225, 200], 0)), rgb)
  // YCCK holds the YCbCr of the inks as they are: 255 − 155 = 100 is stored, which is the ink 155.
  const dark = 200 - Math.round((155 * 200) / 255)
  assert.deepEqual(await corner(cmykJpeg([155, 128, 128, 200], 2)), [dark, dark, dark])
})

test('a CMYK JPEG is turned upright, too', async () => {
  const stored = await raw(picture(16, 8)).toColourspace('cmyk').jpeg({ quality: 100 }).toBuffer()
  const turned = await loadSharp()(stored)
    .pipelineColourspace('cmyk')
    .toColourspace('cmyk')
    .withMetadata({ orientation: 6 })
    .jpeg({ quality: 100 })
    .toBuffer()
  const image = await decodeImage(turned)
  assert.deepEqual([image.width, image.height], [8, 16])
})

// --- animations and GIF -----------------------------------------------------------------------------------------------

/** A GIF frame whose data is its indices (below 128) as they are: a fresh code table every 100 pixels. */
function gif(parts: {
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

const RGBW = [255, 0, 0, 0, 255, 0, 0, 0, 255, 250, 251, 252]

test('a GIF shows its transparent pixels and fills what its first frame leaves bare, as Pillow does', async () => {
  const colour = (index: number): number[] => RGBW.slice(3 * index, 3 * index + 3)
  const part = { canvas: [3, 2], frame: [1, 0, 2, 1], palette: RGBW, indices: [2, 1] } as const
  assert.deepEqual(await pixels(gif(part)), [0, 2, 1, 0, 0, 0].flatMap(colour))
  assert.deepEqual(await pixels(gif({ ...part, transparent: 3 })), [3, 2, 1, 3, 3, 3].flatMap(colour))
  const shown = { canvas: [2, 1], frame: [0, 0, 2, 1], palette: RGBW, indices: [1, 2], transparent: 1 } as const
  assert.deepEqual(await pixels(gif(shown)), [1, 2].flatMap(colour))
  const larger = await decodeImage(gif({ ...shown, canvas: [1, 1] }))
  assert.deepEqual([larger.width, larger.height], [2, 1], 'a canvas smaller than its frame grows')
})

test('an interlaced GIF and one with more codes than its table holds decode like the PNG of the same pixels', async () => {
  const rows = [0, 8, 4, 2, 6, 1, 3, 5, 7]
  const interlaced = gif({
    canvas: [1, 9],
    frame: [0, 0, 1, 9],
    palette: RGBW,
    indices: rows.map((row) => row % 4),
    interlaced: true,
  })
  assert.deepEqual(
    await pixels(interlaced),
    [0, 1, 2, 3, 0, 1, 2, 3, 0].flatMap((index) => RGBW.slice(3 * index, 3 * index + 3)),
  )
  // Noise from few colours, large enough to fill the table of 4096 codes many times over.
  const noise = Uint8Array.from(
    { length: 200 * 150 * 3 },
    (_, i) => (Math.imul(Math.trunc(i / 3), 0x9e3779b1) >>> 27) * 8,
  )
  const image = { width: 200, height: 150, data: noise }
  const file = await raw(image).gif({ dither: 0, effort: 1 }).toBuffer()
  const byVips = await loadSharp()(file).removeAlpha().raw().toBuffer()
  assert.deepEqual(Buffer.from((await decodeImage(file)).data), byVips)
})

test('of an animation, the first frame is taken', async () => {
  const first = picture(6, 4)
  const data = new Uint8Array(first.data.length * 2).fill(255)
  data.set(first.data)
  const film = loadSharp()(data, { raw: { width: 6, height: 8, channels: 3, pageHeight: 4 } })
  assert.deepEqual(await decodeImage(await film.clone().webp({ lossless: true }).toBuffer()), first)
  const gifFile = await decodeImage(await film.clone().gif().toBuffer())
  assert.deepEqual([gifFile.width, gifFile.height], [6, 4])
  assert.ok(gifFile.data.every((value, i) => Math.abs(value - first.data[i]!) < 40))
})

// --- what is refused --------------------------------------------------------------------------------------------------

test('truncated files are refused', async () => {
  const image = picture(160, 120)
  for (const [name, file] of Object.entries({
    JPEG: await raw(image).jpeg().toBuffer(),
    PNG: await raw(image).png().toBuffer(),
    WebP: await raw(image).webp().toBuffer(),
    AVIF: await raw(image).avif({ effort: 0 }).toBuffer(),
    GIF: await raw(image).gif().toBuffer(),
    'TIFF, packed': await raw(image).tiff({ compression: 'lzw' }).toBuffer(),
    'TIFF, plain': await raw(image).tiff({ compression: 'none' }).toBuffer(),
  })) {
    for (const share of [0.02, 0.3, 0.6, 0.9]) {
      await assert.rejects(
        decodeImage(file.subarray(0, Math.floor(file.length * share)), { where: 'photo' }),
        (error: unknown) => error instanceof ImageError && error.message.startsWith('photo: expected'),
        `${name} cut at ${share}`,
      )
    }
  }
})

test('damage anywhere in a file gives an image or an ImageError, never anything else', async () => {
  const image = picture(40, 30)
  for (const file of [
    await raw(image).jpeg().toBuffer(),
    await raw(image).png().toBuffer(),
    await raw(image).gif().toBuffer(),
    await raw(image).tiff({ compression: 'lzw' }).toBuffer(),
    await raw(image).webp().toBuffer(),
  ]) {
    for (let round = 0; round < 60; round++) {
      const damaged = Buffer.from(file)
      const at = 8 + ((Math.imul(round + 1, 0x9e3779b1) >>> 8) % (file.length - 8))
      damaged[at] = damaged[at]! ^ (1 << (round % 8))
      try {
        const { width, height, data } = await decodeImage(damaged, { maxPixels: 1e6 })
        assert.equal(data.length, width * height * 3)
      } catch (error) {
        assert.ok(error instanceof ImageError, `${error}`)
      }
    }
  }
})

test('the pixel limit holds for every format, from the header alone', async () => {
  const bomb = png({ width: 30000, height: 30000, depth: 8, colourType: 2, rows: [[0]] })
  await refuses(bomb, /expected at most 178956970 pixels, got 30000×30000 = 900000000/)
  const image = picture(20, 10)
  const jpeg = await raw(image).jpeg().toBuffer()
  const frame = jpeg.indexOf(Buffer.from([0xff, 0xc0]))
  jpeg.writeUInt16BE(65000, frame + 5)
  jpeg.writeUInt16BE(65000, frame + 7)
  await refuses(jpeg, /got 65000×65000/)
  const wide = gif({ canvas: [65535, 65535], frame: [0, 0, 1, 1], palette: RGBW, indices: [0] })
  await refuses(wide, /got 65535×65535/)
  const small = { where: 'photo', maxPixels: 199 }
  for (const file of [
    await raw(image).png().toBuffer(),
    await raw(image).webp().toBuffer(),
    await raw(image).avif().toBuffer(),
    await raw(image).tiff().toBuffer(),
    await raw(image).gif().toBuffer(),
    await raw(image).jpeg().toBuffer(),
  ]) {
    await refuses(file, /expected at most 199 pixels, got 20×10 = 200/, ImageError, small)
    assert.equal((await decodeImage(file, { maxPixels: 200 })).width, 20)
  }
})

test('PNG text and profile bombs are refused, before and after the pixels', async () => {
  const one = { width: 1, height: 1, depth: 8, colourType: 0, rows: [[0]] } as const
  const packed = deflateSync(Buffer.alloc(2 ** 20 + 1))
  const bombs = [
    chunk('zTXt', Buffer.concat([Buffer.from('a\0\0', 'latin1'), packed])),
    chunk('iCCP', Buffer.concat([Buffer.from('a\0\0', 'latin1'), packed])),
    chunk('iTXt', Buffer.concat([Buffer.from('a\0\x01\0\0\0', 'latin1'), packed])),
  ]
  for (const bomb of bombs) {
    await refuses(png({ ...one, extra: [bomb] }), /unpacks to more than 1 MiB/)
    await refuses(png({ ...one, late: [bomb] }), /unpacks to more than 1 MiB/)
  }
  const harmless = chunk('zTXt', Buffer.concat([Buffer.from('a\0\0', 'latin1'), deflateSync(Buffer.alloc(2 ** 20))]))
  assert.deepEqual(await pixels(png({ ...one, extra: [harmless] })), [0, 0, 0])
  await refuses(png({ ...one, extra: new Array<Buffer>(65).fill(harmless) }), /more than 64 MiB of text/)
})

test('a PNG with a wrong checksum or an impossible header is refused', async () => {
  const file = png({ width: 1, height: 1, depth: 8, colourType: 0, rows: [[0]] })
  const wrong = Buffer.from(file)
  wrong[29] = wrong[29]! ^ 1
  await refuses(wrong, /wrong checksum in its IHDR chunk/)
  await refuses(png({ width: 1, height: 1, depth: 8, colourType: 5, rows: [[0]] }), /impossible colour type 5/)
  await refuses(png({ width: 0, height: 1, depth: 8, colourType: 0, rows: [[]] }), /does not decode/)
})

test('what is no image is named for what it is', async () => {
  const kinds: [string, RegExp][] = [
    ['', /got an empty file/],
    ['<svg xmlns="http://www.w3.org/2000/svg"/>', /got an SVG drawing/],
    ['<?xml version="1.0"?>\n<svg/>', /got an SVG drawing/],
    ['<!DOCTYPE html><html></html>', /got an HTML page/],
    ['%PDF-1.7', /got a PDF document/],
    ['\0\0\0\x18ftypheic\0\0\0\0mif1heic', /got a HEIC image/],
    ['\0\0\0\x18ftypisom\0\0\0\0isommp42', /got an MP4 video/],
    ['RIFF\0\0\0\0AVI LIST', /got an AVI video/],
    ['BM\0\0', /got a BMP image/],
    ['hello', /got a text file/],
    ['\x01\x02\x03', /no known image format/],
    ['{"images": []}', /got a JSON document/],
  ]
  for (const [text, message] of kinds) await refuses(Buffer.from(text, 'latin1'), message)
})

test('a format that is announced and not held is refused', async () => {
  for (const head of ['\xff\xd8\xff', 'II*\0', 'GIF89a', 'RIFF\x04\0\0\0WEBP', '\0\0\0\x10ftypavif\0\0\0\0']) {
    await refuses(Buffer.from(head, 'latin1'), /expected an intact image/)
    await refuses(Buffer.from(head + '\xff'.repeat(500), 'latin1'), /expected an intact image/)
  }
})

test('paths that are no readable file are refused at once', async () => {
  const missing = join(folder, 'missing.jpg')
  await refuses(missing, /got no such file/, FileError)
  await refuses(join(missing, 'x.jpg'), /got no such file/, FileError)
  await refuses(folder, /got a folder/, FileError)
  await refuses(join(folder, 'x'.repeat(5000)), /name that is too long/, FileError)
  const huge = join(folder, 'huge.tif')
  writeFileSync(huge, '')
  truncateSync(huge, 2 ** 30 + 1)
  await refuses(huge, /expected at most 1073741824 bytes/, FileError)
  const empty = join(folder, 'empty.jpg')
  writeFileSync(empty, '')
  await refuses(empty, /got an empty file/)
})

test('FIFOs and devices are refused without waiting for them', { skip: process.platform === 'win32' }, async () => {
  const fifo = join(folder, 'fifo.jpg')
  execFileSync('mkfifo', [fifo])
  await refuses(fifo, /got a named pipe/, FileError)
  await refuses('/dev/zero', /got a device/, FileError)
})

test('a file without permission is refused', {
  skip: process.getuid?.() === 0 ? 'root may read all' : false,
}, async () => {
  const secret = join(folder, 'secret.jpg')
  writeFileSync(secret, 'x')
  chmodSync(secret, 0)
  await refuses(secret, /got no permission to read it/, FileError)
})

test('a path is decoded like its bytes, and errors name it', async () => {
  const path = join(folder, 'photo of 東京.png')
  const image = picture(7, 5)
  writeFileSync(path, await encodeImage(image, 'png'))
  assert.deepEqual(await decodeImage(path), image)
  await refuses(path, /at most 1 pixels/, ImageError, { where: 'photo 3', maxPixels: 1 })
})

test('encoding keeps pixels in PNG, comes near in JPEG and WebP, and refuses nonsense', async () => {
  const image = picture(31, 17)
  assert.deepEqual(await decodeImage(await encodeImage(image, 'png')), image)
  const flat = { width: 8, height: 8, data: new Uint8Array(192).fill(100) }
  for (const format of ['jpeg', 'webp'] as const) {
    const back = await decodeImage(await encodeImage(flat, format, 95))
    assert.ok(back.data.every((value) => Math.abs(value - 100) <= 2))
    const large = await encodeImage(image, format, 100)
    assert.ok((await encodeImage(image, format, 10)).length < large.length)
  }
  await assert.rejects(encodeImage(image, 'png', 90), /none for PNG/)
  await assert.rejects(encodeImage(image, 'jpeg', 0), /an integer from 1 to 100/)
  await assert.rejects(encodeImage(image, 'bmp' as 'png'), /expected png, jpeg, webp, got bmp/)
  await assert.rejects(encodeImage({ ...image, width: 30 }, 'png'), /expected 1530 bytes for 30×17 RGB, got 1581/)
  const long = { width: 20000, height: 1, data: new Uint8Array(60000) }
  await assert.rejects(encodeImage(long, 'webp'), (error: unknown) => error instanceof ImageError)
})
