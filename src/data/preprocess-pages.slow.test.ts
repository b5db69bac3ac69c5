import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { endlessPdf, pdfFile, WITHOUT_PDFIUM } from '../../test/support/pdf-files.js'
import { ImageError } from '../tensor/index.js'
import { PdfDocument } from './pdf.node.js'
import { createPreprocessor, type PreprocessJob } from './preprocess.node.js'
import { resizeBilinear } from './resize.js'

const folder = mkdtempSync(join(tmpdir(), 'detrs-preprocess-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const options = { skip: WITHOUT_PDFIUM }
const rule = { kind: 'stretch' as const, width: 16, height: 16 }

/** Pages of different greys, so that none is taken for another. */
function greys(count: number, first = 0): Buffer {
  return pdfFile({ pages: Array.from({ length: count }, (_, i) => `${(first + i) / 255} g 0 0 72 36 re f`) })
}

test('workers render and resize pages, from paths and from bytes, and give their size in points', options, async () => {
  const preprocessor = createPreprocessor({ workers: 2 })
  const file = greys(4)
  const path = join(folder, 'greys.pdf')
  writeFileSync(path, file)
  const { image } = (await PdfDocument.open(file)).render(3, { dpi: 90 })
  for (const pdf of [path, file]) {
    assert.equal(await preprocessor.countPages(pdf, 'greys'), 4)
    assert.deepEqual(await preprocessor.load({ pdf, page: 3, dpi: 90 }, 'greys#page=3', rule), {
      resized: resizeBilinear(image, rule),
      original: { width: 90, height: 45 },
      page: { widthPoints: 72, heightPoints: 36 },
    })
    assert.deepEqual(await preprocessor.decode({ pdf, page: 3, dpi: 90 }, 'greys#page=3'), image)
  }
  await preprocessor.close()
})

test(
  'pages of several documents do not get mixed, and a document that is replaced is read again',
  options,
  async () => {
    const preprocessor = createPreprocessor({ workers: 2 })
    const paths = ['a.pdf', 'b.pdf'].map((name) => join(folder, name))
    const files = [greys(20), greys(20, 100)]
    paths.forEach((path, i) => {
      writeFileSync(path, files[i]!)
    })
    async function* jobs(): AsyncGenerator<PreprocessJob & { readonly grey: number }> {
      for (let page = 1; page <= 20; page++) {
        for (const [i, first] of [0, 100].entries()) {
          const pdf = page % 2 === 0 ? paths[i]! : files[i]!
          yield { source: { pdf, page }, where: `${'ab'[i]}.pdf#page=${page}`, rule, grey: first + page - 1 }
        }
      }
    }
    for await (const { job, image } of preprocessor.loadAll(jobs())) {
      assert.equal(image?.resized.data[0], job.grey, job.where)
    }
    writeFileSync(paths[0]!, greys(20, 200))
    const { mtimeMs } = statSync(paths[0]!)
    utimesSync(paths[0]!, mtimeMs / 1000, mtimeMs / 1000 + 5)
    const { data } = await preprocessor.decode({ pdf: paths[0]!, page: 2 }, 'a.pdf#page=2')
    assert.equal(data[0], 201)
    await preprocessor.close()
  },
)

test('a page that would take years is given up, and the others go on', options, async () => {
  const preprocessor = createPreprocessor({ workers: 1, pageLimitMs: 3000 })
  const good = greys(2, 7)
  const [endless, page, count] = await Promise.allSettled([
    preprocessor.load({ pdf: endlessPdf(), page: 1 }, 'endless.pdf#page=1', rule),
    preprocessor.load({ pdf: good, page: 2 }, 'good.pdf#page=2', rule),
    preprocessor.countPages(good, 'good.pdf'),
  ])
  assert.ok(endless.status === 'rejected' && endless.reason instanceof ImageError)
  assert.match(endless.reason.message, /^endless\.pdf#page=1: expected .* \(it took longer than 3 seconds\)\.$/)
  assert.ok(page.status === 'fulfilled' && page.value.resized.data[0] === 8)
  assert.ok(count.status === 'fulfilled' && count.value === 2)
  await preprocessor.close()
  await assert.rejects(preprocessor.countPages(good, 'good.pdf'), /^ImageError: good\.pdf: .*got a closed one/)
})
