import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { type Found, tinyDetection, writePicture } from '../../test/support/cli.js'
import { ENCRYPTED, pdfFile, WITHOUT_PDFIUM } from '../../test/support/pdf-files.js'
import { decodeImage } from '../data/index.node.js'

const { folder, at, detect } = tinyDetection('-t', '0')
const options = { skip: WITHOUT_PDFIUM }

before(async () => {
  await writePicture(at('photo.png'), 60, 40)
  const pages = ['0 0 36 18 re f', '1 0 0 rg 36 18 36 18 re f', '']
  writeFileSync(at('report.pdf'), pdfFile({ pages }))
  writeFileSync(at('vast.pdf'), pdfFile({ pages: [''], box: '0 0 20000 20000' }))
  writeFileSync(at('secret.pdf'), pdfFile({ pages: [''], trailer: ENCRYPTED }))
  writeFileSync(at('cut.pdf'), pdfFile({ pages }).subarray(0, 100))
  writeFileSync(at('none.pdf'), pdfFile({ pages: [] }))
  writeFileSync(at('empty.pdf'), '')
})

test('every page is an image of its own, which the JSON, the COCO results and the pictures name', options, async () => {
  const [coco, out] = [at('results.json'), at('annotated')]
  const words = ['--json', '--coco', coco, '--out', out, '--dpi', '300', '--top-k', '2']
  const { code, out: json, err } = await detect(at('report.pdf'), at('photo.png'), ...words)
  assert.equal(code, 0, err)
  const found = JSON.parse(json) as Found[]
  const { detections, ...second } = found[1]!
  assert.equal(detections.length, 2)
  assert.deepEqual(second, {
    file: `${at('report.pdf')}#page=2`,
    width: 300,
    height: 150,
    page: { document: at('report.pdf'), number: 2, dpi: 300, widthPoints: 72, heightPoints: 36 },
  })
  assert.deepEqual(
    found.map(({ page }) => page?.['number']),
    [1, 2, 3, undefined],
  )
  const results = JSON.parse(readFileSync(coco, 'utf8')) as { readonly image_id: string }[]
  const ids = ['report#page=1', 'report#page=2', 'report#page=3', 'photo']
  assert.deepEqual(
    results.map(({ image_id }) => image_id),
    ids.flatMap((id) => [id, id]),
  )
  assert.deepEqual(readdirSync(out).sort(), [
    'photo.png',
    'report-page-1.png',
    'report-page-2.png',
    'report-page-3.png',
  ])
  const { width, height } = await decodeImage(join(out, 'report-page-2.png'))
  assert.equal(width / height, 2)
})

test('pages are chosen by name or option, and the table says at what resolution', options, async () => {
  const { code, out } = await detect(`${at('report.pdf')}#page=3`, at('report.pdf'), '--pages', '2-9', '--top-k', '1')
  assert.equal(code, 0)
  const lines = out.split('\n').filter((line) => line.startsWith(folder))
  assert.deepEqual(
    lines,
    [3, 2].map((page) => `${at('report.pdf')}#page=${page}  150×75 at 150 dpi  1 object`),
  )
})

test('documents that are none are named one by one, and the others go on', options, async () => {
  const bad = ['vast.pdf', 'secret.pdf', 'cut.pdf', 'none.pdf', 'empty.pdf', 'report.pdf#page=9', 'photo.png#page=1']
  const { code, out, err } = await detect('--json', ...bad.map(at), at('report.pdf'), '--pages', '1', at('photo.png'))
  assert.equal(code, 1)
  const files = (JSON.parse(out) as Found[]).map(({ file }) => file)
  assert.deepEqual(files, [`${at('report.pdf')}#page=1`, at('photo.png')])
  const lines = err.trimEnd().split('\n')
  const reasons: readonly (readonly [string, RegExp])[] = [
    ['vast.pdf#page=1', /expected at most 178956970 pixels, got 41667×41667/],
    ['secret.pdf', /expected a PDF document that opens without a password, got an encrypted one/],
    ['cut.pdf', /expected an intact PDF document, got one that is damaged or cut off/],
    ['none.pdf', /expected a PDF document with pages, got one without/],
    ['empty.pdf', /got an empty file/],
    ['report.pdf#page=9', /expected a page from 1 to 3, got 9/],
    ['photo.png', /expected a PDF document, got a PNG image/],
  ]
  for (const [i, [name, reason]] of reasons.entries()) {
    assert.ok(lines[i]!.startsWith(`detrs: ${at(name)}: `), lines[i])
    assert.match(lines[i]!, reason)
  }
  assert.equal(lines.at(-1), 'detrs: 7 of 9 photos failed')
})
