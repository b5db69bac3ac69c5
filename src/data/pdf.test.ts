import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { ENCRYPTED, pdfFile, stream, WITHOUT_PDFIUM } from '../../test/support/pdf-files.js'
import { ConfigError, FileError, ImageError } from '../tensor/index.js'
import { PdfDocument } from './pdf.node.js'

const folder = mkdtempSync(join(tmpdir(), 'detrs-pdf-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const options = { skip: WITHOUT_PDFIUM }

/** Red in the lower left quarter of 72×36 points, blue in the upper right. */
const QUARTERS = '1 0 0 rg 0 0 36 18 re f 0 0 1 rg 36 18 36 18 re f'

/** The page as a letter per pixel: red, blue, white or something else. */
async function letters(file: Uint8Array, dpi: number, page = 1): Promise<string[]> {
  const { image } = (await PdfDocument.open(file)).render(page, { dpi })
  const names: Readonly<Record<string, string>> = { '255,0,0': 'R', '0,0,255': 'B', '255,255,255': '.' }
  return Array.from({ length: image.height }, (_, y) =>
    Array.from({ length: image.width }, (_, x) => {
      const at = 3 * (y * image.width + x)
      return names[image.data.slice(at, at + 3).join()] ?? '?'
    }).join(''),
  )
}

function refusal(message: RegExp, kind: typeof ImageError | typeof FileError | typeof ConfigError = ImageError) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof kind, `${error}`)
    assert.match(error.message, message)
    assert.ok(!error.message.includes('\n'), 'one sentence')
    return true
  }
}

test('a page is rendered in RGB on white, its first row on top', options, async () => {
  const file = pdfFile({ pages: [QUARTERS, '0 0 1 rg 0 0 72 36 re f'] })
  assert.deepEqual(await letters(file, 8), ['....BBBB', '....BBBB', 'RRRR....', 'RRRR....'])
  assert.deepEqual(await letters(file, 4, 2), ['BBBB', 'BBBB'])
})

test('pages are turned and cropped as they say', options, async () => {
  const turned = pdfFile({ pages: [QUARTERS], pageEntries: '/Rotate 90' })
  assert.deepEqual(await letters(turned, 4), ['R.', 'R.', '.B', '.B'])
  const cropped = pdfFile({ pages: [QUARTERS], pageEntries: '/CropBox[36 0 72 36]' })
  assert.deepEqual(await letters(cropped, 4), ['BB', '..'])
})

test('annotations are drawn', options, async () => {
  const form = stream('/Type/XObject/Subtype/Form/BBox[0 0 36 18]', '1 0 0 rg 0 0 36 18 re f')
  const stamp = '<</Type/Annot/Subtype/Stamp/Rect[0 0 36 18]/F 4/AP<</N 91 0 R>>>>'
  const file = pdfFile({
    pages: [''],
    pageEntries: '/Annots[90 0 R]',
    objects: [
      [90, stamp],
      [91, form],
    ],
  })
  assert.deepEqual(await letters(file, 4), ['....', 'RR..'])
})

test('a page has 150 pixels per inch unless told otherwise, rounded, and at least one', options, async () => {
  const pdf = await PdfDocument.open(pdfFile({ pages: [''], box: '0 0 595.28 841.89' }))
  const { image, size } = pdf.render(1)
  assert.deepEqual([image.width, image.height, image.data.length], [1240, 1754, 1240 * 1754 * 3])
  assert.ok(Math.abs(size.widthPoints - 595.28) < 1e-4 && Math.abs(size.heightPoints - 841.89) < 1e-4)
  assert.deepEqual(pdf.pageSize(1), size)
  const tiny = (await PdfDocument.open(pdfFile({ pages: [''], box: '0 0 0.1 0.1' }))).render(1)
  assert.deepEqual([tiny.image.width, tiny.image.height], [1, 1])
  for (const dpi of [0, -1, Number.NaN, 10_001]) {
    assert.throws(() => pdf.render(1, { dpi }), refusal(/^dpi: expected a number from 1 to 10000/, ConfigError))
  }
})

test('pages of absurd size are refused before a pixel is allocated', options, async () => {
  const vast = await PdfDocument.open(pdfFile({ pages: ['', ''], box: '0 0 20000 20000' }), 'vast.pdf')
  assert.throws(
    () => vast.render(2),
    refusal(/^vast\.pdf#page=2: expected at most 178956970 pixels, got 41667×41667 = \d+ at 150 dpi\. Render/),
  )
  assert.equal(vast.render(1, { dpi: 1, maxPixels: 278 ** 2 }).image.width, 278)
  const small = await PdfDocument.open(pdfFile({ pages: [''] }))
  assert.throws(() => small.render(1, { dpi: 72, maxPixels: 72 * 36 - 1 }), refusal(/got 72×36 = 2592 at 72 dpi/))
  assert.equal(small.render(1, { dpi: 72, maxPixels: 72 * 36 }).image.width, 72)
})

test('pages that are not there are refused', options, async () => {
  const three = await PdfDocument.open(pdfFile({ pages: ['', '', ''] }), 'x.pdf')
  for (const page of [0, 4, -1, 1.5, Number.NaN]) {
    assert.throws(() => three.render(page), refusal(/^x\.pdf#page=.*: expected a page from 1 to 3, got /))
  }
  const claims = await PdfDocument.open(pdfFile({ pages: [''], count: 1_000_000 }))
  assert.equal(claims.pageCount, 1_000_000)
  assert.throws(() => claims.render(900_000), refusal(/expected a page that can be read, got a damaged one/))
})

test('what is no readable document is refused in a sentence', options, async () => {
  const good = pdfFile({ pages: [QUARTERS] })
  const cases: readonly (readonly [string, Uint8Array, RegExp])[] = [
    [
      'encrypted',
      pdfFile({ pages: [''], trailer: ENCRYPTED }),
      /without a password, got an encrypted one\. Save a copy/,
    ],
    ['empty', new Uint8Array(0), /expected a PDF document, got an empty file/],
    ['header only', good.subarray(0, 9), /got one that is damaged or cut off/],
    ['cut off', good.subarray(0, 120), /got one that is damaged or cut off/],
    ['zero pages', pdfFile({ pages: [] }), /expected a PDF document with pages, got one without\./],
    ['a text', Buffer.from('hello'), /got a text file/],
    ['a picture', Buffer.from('\xff\xd8\xff', 'latin1'), /got a JPEG image/],
  ]
  for (const [name, bytes, message] of cases) {
    await assert.rejects(PdfDocument.open(bytes, name), refusal(message), name)
    const path = join(folder, `${name}.pdf`)
    writeFileSync(path, bytes)
    await assert.rejects(PdfDocument.open(path), refusal(message), path)
  }
  await assert.rejects(PdfDocument.open(join(folder, 'none.pdf')), refusal(/none\.pdf: .*got no such file/, FileError))
  await assert.rejects(PdfDocument.open(folder), refusal(/got a folder/, FileError))
})

test('damage anywhere in a file gives pixels or an ImageError, never anything else', options, async () => {
  const file = pdfFile({ pages: [QUARTERS, 'q 1 0 0 1 5 5 cm BT /F 9 Tf (text) Tj ET Q'] })
  for (let round = 0; round < 150; round++) {
    const damaged = Buffer.from(file)
    for (let i = 0; i < 3; i++) {
      const at = 4 + ((Math.imul(3 * round + i + 1, 0x9e3779b1) >>> 8) % (file.length - 4))
      damaged[at] = damaged[at]! ^ (1 << ((round + i) % 8))
    }
    try {
      const pdf = await PdfDocument.open(damaged)
      for (let page = 1; page <= Math.min(pdf.pageCount, 2); page++) {
        const { image } = pdf.render(page, { dpi: 10, maxPixels: 1e6 })
        assert.equal(image.data.length, image.width * image.height * 3)
      }
    } catch (error) {
      assert.ok(error instanceof ImageError, `${error}`)
    }
  }
})

test('a closed document says so', options, async () => {
  const pdf = await PdfDocument.open(pdfFile({ pages: [''] }), 'x.pdf')
  assert.equal(pdf.closed, false)
  pdf.close()
  assert.equal(pdf.closed, true)
  assert.throws(() => pdf.render(1), refusal(/^x\.pdf#page=1: expected an open document, got one that is closed/))
})
