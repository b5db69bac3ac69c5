/** @file All that may be called an image in Node, and what is said about the rest. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { picture } from '../../test/support/image-files.js'
import { pdfFile, WITHOUT_PDFIUM } from '../../test/support/pdf-files.js'
import { encodeImage, type RgbImage } from '../data/index.node.js'
import type { ImageFile, PreparedImage } from './detector.js'
import { createFilePreprocessor } from './image-file.node.js'

const folder = mkdtempSync(join(tmpdir(), 'detrs-image-'))
const path = join(folder, 'photo.png')
const pdf = join(folder, 'report.pdf')
const photo: RgbImage = picture(12, 7)
const preprocessor = createFilePreprocessor({ workers: 1 })
const rule = { kind: 'stretch', width: 12, height: 7 } as const
const prepare = (source: unknown): Promise<PreparedImage> => preprocessor.prepare(source as ImageFile, rule)

describe('an image in Node', () => {
  before(async () => {
    writeFileSync(path, await encodeImage(photo, 'png'))
    writeFileSync(pdf, pdfFile({ pages: ['0 0 9 9 re f'] }))
  })
  after(async () => {
    await preprocessor.close()
    rmSync(folder, { recursive: true, force: true })
  })

  test('is a path, a URL, bytes with a name or without, or pixels', async () => {
    const bytes = readFileSync(path)
    const buffer = Uint8Array.from(bytes).buffer
    const sources: ImageFile[] = [
      path,
      pathToFileURL(path),
      bytes,
      { name: 'a', bytes },
      { name: 'a', bytes: buffer },
      photo,
    ]
    for (const source of sources) {
      assert.deepEqual(await prepare(source), { resized: photo, original: { width: 12, height: 7 } })
    }
    // Those of the caller are still there.
    assert.deepEqual([photo.data.length, buffer.byteLength], [12 * 7 * 3, bytes.length])
    const view = { ...photo, data: new Uint8Array([1, ...photo.data]).subarray(1) }
    assert.deepEqual((await prepare(view)).resized, photo)
  })

  test('is a page of a document, also by the name that it has on the command line', {
    skip: WITHOUT_PDFIUM,
  }, async () => {
    const expected = await prepare({ pdf, page: 1 })
    assert.ok(expected.original.width > 12)
    for (const source of [
      `${pdf}#page=1`,
      new URL(`${pathToFileURL(pdf)}#page=1`),
      { pdf: readFileSync(pdf), page: 1 },
    ]) {
      assert.deepEqual(await prepare(source), expected)
    }
    writeFileSync(`${path}#page=1`, readFileSync(path))
    assert.deepEqual((await prepare(`${path}#page=1`)).resized, photo, 'a file of that very name goes before')
  })

  const forms =
    /^image: expected a path, a file: URL, .*\{ name, bytes \}, \{ pdf, page \} or .*\{ width, height, data \}, got /
  const refusals: [unknown, RegExp, string?][] = [
    [{}, forms],
    [undefined, forms],
    [null, forms],
    [7, forms],
    ['', forms],
    [['a.png'], forms],
    [{ width: 1, height: 1 }, /got an object with width, height\.$/],
    [new URL('https://example.org/a.jpg'), /a web address\. Download it, and give its bytes\.$/],
    ['https://example.org/a.jpg', /a web address\. Download it, and give its bytes\.$/],
    [{ bytes: new Uint8Array(1) }, /^image\.name: expected a name for errors, got undefined\.$/],
    [{ name: 'a', bytes: 'text' }, /^a, bytes: expected .*Uint8Array or ArrayBuffer.*, got 'text'\.$/],
    [{ name: 'a', bytes: undefined }, /^a, bytes: .* got undefined\.$/],
    [{ pdf: 'a.pdf' }, /^a\.pdf, page: expected the number of a page, counted from 1, got undefined\.$/],
    [{ pdf: 'a.pdf', page: '1' }, /^a\.pdf, page: .* got '1'\.$/],
    [{ pdf: 'a.pdf', page: 0 }, /^a\.pdf, page: .* got 0\.$/],
    [{ pdf: 'a.pdf', page: 1, dpi: '72' }, /^a\.pdf, dpi: .* got '72'\.$/],
    [{ pdf: undefined, page: 1 }, /^image\.pdf: expected the path or the bytes .* got undefined\.$/],
    [{ ...photo, width: '12' }, /^image\.width: expected a number of pixels, got '12'\.$/],
    [{ ...photo, height: 8 }, /^image\.data: expected 12×8 pixels of RGB .* got Uint8Array of 252 bytes\.$/],
    [
      { width: 1, height: 1, data: new Uint8ClampedArray(4) },
      /got Uint8ClampedArray of 4 bytes\. Leave out .* alpha\.$/,
    ],
    [{ width: 1, height: 1, data: [1, 2, 3] }, /^image\.data: .* got a list\.$/],
    ['report.pdf#page=1-2', /^report\.pdf#page=1-2: expected one page, got '1-2'\. .*'report\.pdf#page=1'\.$/],
    ['report.pdf#page=x', /expected pages, counted from 1/],
    [
      pdf,
      /\{ pdf: '.*report\.pdf', page: 1 \} in code, '.*report\.pdf#page=1' on the command line too\.$/,
      'ImageError',
    ],
  ]
  test('is nothing else, and the error says what it may be', async () => {
    for (const [source, message, name = 'ConfigError'] of refusals) {
      await assert.rejects(prepare(source), { name, message }, String(message))
    }
  })
})
