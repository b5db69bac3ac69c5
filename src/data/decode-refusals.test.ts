import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { deflateSync } from 'node:zlib'
import { chunk, gif, PALETTE, picture, png, tiff } from '../../test/support/image-files.js'
import { FileError, ImageError } from '../tensor/index.js'
import { type DecodeOptions, decodeImage } from './decode.node.js'
import { encodeImage } from './encode.node.js'
import type { RgbImage } from './image.js'
import { loadSharp } from './sharp.node.js'

const folder = mkdtempSync(join(tmpdir(), 'detrs-decode-'))
after(() => rmSync(folder, { recursive: true, force: true }))

function raw(image: RgbImage): ReturnType<ReturnType<typeof loadSharp>> {
  const { width, height, data } = image
  return loadSharp()(data, { raw: { width, height, channels: 3 } })
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

test('a TIFF of which strips are missing, or in colours or a packing that nobody reads, is refused', async () => {
  const data = Array.from({ length: 480 }, (_, i) => (i * 7) & 255)
  assert.deepEqual(await pixels(tiff(2, 1, data)), data)
  await refuses(tiff(2, 1, data).subarray(0, -1), /a TIFF that does not decode/)
  await refuses(tiff(2, 1, data).subarray(0, -300), /a TIFF that does not decode/)
  await refuses(tiff(2, 50000, data), /a TIFF that does not decode/)
  await refuses(tiff(6, 1, data), /a TIFF in YCbCr colours/)
  await refuses(tiff(8, 1, data), /a TIFF in CIE L\*a\*b\* colours/)
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
  const wide = gif({ canvas: [65535, 65535], frame: [0, 0, 1, 1], palette: PALETTE, indices: [0] })
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
    ['[{"file_name": 1}]', /got a JSON document/],
    ['[anchors]\nsizes = 32', /got a text file/],
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
