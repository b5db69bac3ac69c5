import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateSync } from 'node:zlib'
import { chunk, cmykJpeg, gif, PALETTE, type PngParts, picture, png, rgbPng } from '../../test/support/image-files.js'
import { ImageError } from '../tensor/index.js'
import { type DecodeOptions, decodeImage } from './decode.node.js'
import { encodeImage } from './encode.node.js'
import type { RgbImage } from './image.js'
import { loadSharp } from './sharp.node.js'

function raw(image: RgbImage): ReturnType<ReturnType<typeof loadSharp>> {
  const { width, height, data } = image
  return loadSharp()(data, { raw: { width, height, channels: 3 } })
}

async function pixels(source: Uint8Array, options?: DecodeOptions): Promise<number[]> {
  return [...(await decodeImage(source, options)).data]
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
  const grey = { width: 4, height: 1, depth: 16, colourType: 0, rows: [[0, 255, 1, 1, 0x80, 0x7f, 255, 255]] }
  const scaled = [1, 1, 128, 255].flatMap((value) => [value, value, value])
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

test('a GIF shows its transparent pixels and fills what its first frame leaves bare, as Pillow does', async () => {
  const colour = (index: number): number[] => PALETTE.slice(3 * index, 3 * index + 3)
  const part = { canvas: [3, 2], frame: [1, 0, 2, 1], palette: PALETTE, indices: [2, 1] } as const
  assert.deepEqual(await pixels(gif(part)), [0, 2, 1, 0, 0, 0].flatMap(colour))
  assert.deepEqual(await pixels(gif({ ...part, transparent: 3 })), [3, 2, 1, 3, 3, 3].flatMap(colour))
  const shown = { canvas: [2, 1], frame: [0, 0, 2, 1], palette: PALETTE, indices: [1, 2], transparent: 1 } as const
  assert.deepEqual(await pixels(gif(shown)), [1, 2].flatMap(colour))
  const larger = await decodeImage(gif({ ...shown, canvas: [1, 1] }))
  assert.deepEqual([larger.width, larger.height], [2, 1], 'a canvas smaller than its frame grows')
})

test('an interlaced GIF and one with more codes than its table holds decode like the PNG of the same pixels', async () => {
  const rows = [0, 8, 4, 2, 6, 1, 3, 5, 7]
  const interlaced = gif({
    canvas: [1, 9],
    frame: [0, 0, 1, 9],
    palette: PALETTE,
    indices: rows.map((row) => row % 4),
    interlaced: true,
  })
  assert.deepEqual(
    await pixels(interlaced),
    [0, 1, 2, 3, 0, 1, 2, 3, 0].flatMap((index) => PALETTE.slice(3 * index, 3 * index + 3)),
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

// --- transparency -----------------------------------------------------------------------------------------------------

/** Red at four opacities, over white: 255 − alpha of the other two colours. */
const OPACITIES = [0, 64, 128, 255]
const RED_ON_WHITE = OPACITIES.flatMap((alpha) => [255, 255 - alpha, 255 - alpha])
const INK_ON_WHITE = OPACITIES.flatMap((alpha) => [255 - alpha, 255 - alpha, 255 - alpha])

test('on a white ground, alpha shows the ground; without one it is dropped, as in Pillow', async () => {
  const row = (depth: number, colourType: number, ...values: number[]): PngParts => ({
    width: 4,
    height: 1,
    depth,
    colourType,
    rows: [values],
  })
  const rgba = png(row(8, 6, ...OPACITIES.flatMap((alpha) => [255, 0, 0, alpha])))
  const greyAlpha = png(row(8, 4, ...OPACITIES.flatMap((alpha) => [0, alpha])))
  const deep = png(row(16, 6, ...OPACITIES.flatMap((alpha) => [255, 255, 0, 0, 0, 0, alpha, alpha])))
  const deepGrey = png(row(16, 4, ...OPACITIES.flatMap((alpha) => [0, 0, alpha, alpha])))
  const palette = [chunk('PLTE', Buffer.from([0, 0, 0])), chunk('tRNS', Buffer.from([0]))]
  const webp = await loadSharp()(rgba).webp({ lossless: true, exact: true }).toBuffer()
  const white = { ground: 'white' } as const
  for (const [name, file] of Object.entries({ rgba, deep, webp })) {
    assert.deepEqual(await pixels(file, white), RED_ON_WHITE, name)
    assert.deepEqual(await pixels(file), [255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0], name)
  }
  for (const [name, file] of Object.entries({ greyAlpha, deepGrey })) {
    assert.deepEqual(await pixels(file, white), INK_ON_WHITE, name)
    assert.deepEqual(await pixels(file), new Array<number>(12).fill(0), name)
  }
  const one = png({ width: 1, height: 1, depth: 8, colourType: 3, rows: [[0]], extra: palette })
  assert.deepEqual([await pixels(one, white), await pixels(one)], [Array(3).fill(255), Array(3).fill(0)])
  const key = (colourType: number, ...value: number[]): Buffer =>
    png({ width: 1, height: 1, depth: 8, colourType, rows: [value], extra: [chunk('tRNS', keyOf(value))] })
  const keyOf = (value: readonly number[]): Buffer => Buffer.from(value.flatMap((byte) => [0, byte]))
  for (const file of [key(2, 1, 2, 3), key(0, 7)]) assert.deepEqual(await pixels(file, white), Array(3).fill(255))
  const opaque = picture(5, 3)
  assert.deepEqual(await decodeImage(rgbPng(opaque, []), white), opaque)
  assert.deepEqual(await pixels(cmykJpeg([55, 155, 225, 200]), white), await pixels(cmykJpeg([55, 155, 225, 200])))
})

test('on a white ground, the transparent and the bare parts of a GIF are white', async () => {
  const part = { canvas: [3, 2], frame: [1, 0, 2, 1], palette: PALETTE, indices: [2, 1] } as const
  const [green, blue, white] = [PALETTE.slice(3, 6), PALETTE.slice(6, 9), [255, 255, 255]]
  const rows = (first: readonly number[]): number[] => [white, first, green, white, white, white].flat() as number[]
  assert.deepEqual(await pixels(gif(part), { ground: 'white' }), rows(blue))
  assert.deepEqual(await pixels(gif({ ...part, transparent: 2 }), { ground: 'white' }), rows(white))
})
