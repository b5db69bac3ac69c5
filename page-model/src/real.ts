/**
 * @file The command that draws the real pages whose labels are in `real/pages.json`, from documents that Debian packages hold.
 * The pages are their authors' and stay out of this repository; the boxes are ours, set by hand.
 */
import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { gunzipSync } from 'node:zlib'
import sharp from 'sharp'
import { type PageRecord, writeCoco } from './dataset.js'
import { rasterised } from './print.js'

/** A page of a document, and its boxes: class index, left, top, width, height in pixels of the page at 150 dpi, which `detrs detect` renders. */
interface RealPage {
  readonly package: string
  readonly version: string
  /** The document inside the package, unpacked where it is `.gz` there. */
  readonly file: string
  /** Counted from 1. */
  readonly page: number
  /** Of the unpacked document. */
  readonly sha256: string
  readonly width: number
  readonly height: number
  readonly objects: PageRecord['objects']
}

const USAGE = `node dist/src/real.js --from DIR --out DIR

Draws the labelled real pages (real/pages.json) and writes a COCO data set of one split, val.

  --from   folder with a folder per Debian package, named like it: apt-get download NAME, dpkg-deb -x FILE.deb DIR/NAME
  --out    the folder of the data set`

async function documentOf(folder: string, page: RealPage): Promise<Uint8Array> {
  const path = join(folder, page.package, page.file)
  const plain = await readFile(path).catch(() => undefined)
  const packed = plain ?? (await readFile(`${path}.gz`).catch(() => undefined))
  if (packed === undefined)
    throw new Error(`${path}: missing. Unpack the package ${page.package} ${page.version} there.`)
  const bytes = plain ?? gunzipSync(packed)
  const digest = createHash('sha256').update(bytes).digest('hex')
  if (digest === page.sha256) return bytes
  throw new Error(`${path}: another document than was labelled. Expected ${page.package} ${page.version}.`)
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { from: { type: 'string' }, out: { type: 'string' }, help: { type: 'boolean' } },
  })
  if (values.help || values.from === undefined || values.out === undefined) {
    console.log(USAGE)
    process.exitCode = values.help ? 0 : 2
    return
  }
  const pages = JSON.parse(await readFile(new URL('../../real/pages.json', import.meta.url), 'utf8')) as RealPage[]
  await mkdir(join(values.out, 'val'), { recursive: true })
  await mkdir(join(values.out, 'annotations'), { recursive: true })
  const records = []
  for (const page of pages) {
    const { width, height } = page
    const raster = await rasterised(await documentOf(values.from, page), page.page, { width, height })
    const file = `${page.package}-${page.page}.png`
    const image = sharp(raster.data, { raw: { width, height, channels: 3 } }).png({ compressionLevel: 7 })
    await writeFile(join(values.out, 'val', file), await image.toBuffer())
    records.push({ ...page, file })
  }
  await writeCoco(join(values.out, 'annotations', 'instances_val.json'), records)
  console.log(
    `${pages.length} pages, ${records.reduce((sum, { objects }) => sum + objects.length, 0)} boxes in ${values.out}`,
  )
}

main().catch((fault: unknown) => {
  console.error(fault instanceof Error ? fault.message : fault)
  process.exitCode = 1
})
