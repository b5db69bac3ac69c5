/** @file PDF documents written as text. */
import { createPdfium } from '../../src/data/index.node.js'

/** What `pdfFile` writes. */
export interface PdfParts {
  /** Drawing commands of each page. */
  readonly pages: readonly string[]
  /** Left, bottom, right and top of all pages, points; 72×36 unless said. */
  readonly box?: string
  /** More entries of each page's dictionary. */
  readonly pageEntries?: string
  /** More entries of the trailer. */
  readonly trailer?: string
  /** Objects beside the pages: number and text. */
  readonly objects?: readonly (readonly [number: number, text: string])[]
  /** Number of pages that the document claims to have. */
  readonly count?: number
}

/** A document with a table of its objects, as it should be. */
export function pdfFile({
  pages,
  box = '0 0 72 36',
  pageEntries = '',
  trailer = '',
  objects = [],
  count = pages.length,
}: PdfParts): Buffer {
  const kids = pages.map((_, i) => `${3 + 2 * i} 0 R`).join(' ')
  const all: [number, string][] = [
    [1, '<</Type/Catalog/Pages 2 0 R>>'],
    [2, `<</Type/Pages/Kids[${kids}]/Count ${count}>>`],
  ]
  pages.forEach((content, i) => {
    const contents = 4 + 2 * i
    all.push([contents - 1, `<</Type/Page/Parent 2 0 R/MediaBox[${box}]/Contents ${contents} 0 R${pageEntries}>>`])
    all.push([contents, stream('', content)])
  })
  for (const [number, text] of objects) all.push([number, text])
  let file = '%PDF-1.4\n'
  const table = all.map(([number, text]) => {
    const entry = `${number} 1\n${String(file.length).padStart(10, '0')} 00000 n \n`
    file += `${number} 0 obj\n${text}\nendobj\n`
    return entry
  })
  const size = Math.max(...all.map(([number]) => number)) + 1
  file += `xref\n0 1\n0000000000 65535 f \n${table.join('')}trailer\n<</Root 1 0 R/Size ${size}${trailer}>>\n`
  return Buffer.from(`${file}startxref\n${file.indexOf('xref\n')}\n%%EOF\n`, 'latin1')
}

/** A stream with its length. */
export function stream(entries: string, content: string): string {
  return `<<${entries}/Length ${content.length}>>stream\n${content}\nendstream`
}

/** An `/Encrypt` entry whose keys fit no password. */
export const ENCRYPTED: string = `/ID[<00><00>]/Encrypt<</Filter/Standard/V 1/R 2/P -4/O<${'00'.repeat(32)}>/U<${'00'.repeat(32)}>>>`

/** A document whose one page fills tiles with tiles with tiles: it would be drawn for years. */
export function endlessPdf(): Buffer {
  const tiles = (i: number): [number, string] => [
    90 + i,
    stream(
      `/Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 700 800]/XStep 3/YStep 3/Resources<</Pattern<</P ${91 + i} 0 R>>>>`,
      '/Pattern cs /P scn 0 0 700 800 re f',
    ),
  ]
  return pdfFile({
    pages: ['/Pattern cs /P scn 0 0 612 792 re f'],
    box: '0 0 612 792',
    pageEntries: '/Resources<</Pattern<</P 90 0 R>>>>',
    objects: Array.from({ length: 10 }, (_, i) => tiles(i)),
  })
}

/** Whether tests that render pages are passed over, and why. */
export const WITHOUT_PDFIUM: string | false = await createPdfium().then(
  () => false as const,
  () => 'the optional package @hyzyla/pdfium is not installed',
)
