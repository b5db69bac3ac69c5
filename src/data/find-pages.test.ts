import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { after, test } from 'node:test'
import { ImageError } from '../tensor/index.js'
import { findImages, type ImageSource } from './find-images.node.js'
import { type FindPagesOptions, findPages } from './find-pages.node.js'
import { parsePages } from './pdf-page.js'

const folder = mkdtempSync(join(tmpdir(), 'detrs-pages-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const at = (name: string): string => join(folder, name)
mkdirSync(at('mixed'))
for (const name of ['report.pdf', 'no-extension', 'mixed/2.pdf', 'odd#page=2', 'bad.pdf'])
  writeFileSync(at(name), '%PDF-')
for (const name of ['a.png', 'mixed/1.png', 'mixed/notes.txt', 'false.pdf']) writeFileSync(at(name), 'x')

/** Documents have three pages, but for those that are called bad. */
const options: FindPagesOptions = {
  countPages: (_, where) =>
    where.includes('bad')
      ? Promise.reject(new ImageError({ where, expected: 'a good one', got: 'a bad one' }))
      : Promise.resolve(3),
}

function shown(source: ImageSource): string {
  const name = source.name.replace(`${folder}/`, '').replace(`${folder}\\`, '').replaceAll('\\', '/')
  return source.kind === 'unreadable' ? `${name} ✗ ${source.error.message.slice(source.error.path.length + 2)}` : name
}

async function find(inputs: readonly string[], more: Partial<FindPagesOptions> = {}): Promise<string[]> {
  const { images } = await findImages(inputs.map((input) => (/^-$|^http/.test(input) ? input : at(input))))
  return (await findPages(images, { ...options, ...more })).images.map(shown)
}

test('a document stands for its pages, told by its first bytes; images and others stay', async () => {
  assert.deepEqual(await find(['a.png', 'report.pdf', 'false.pdf', 'no-extension']), [
    'a.png',
    'report.pdf#page=1',
    'report.pdf#page=2',
    'report.pdf#page=3',
    'false.pdf',
    'no-extension#page=1',
    'no-extension#page=2',
    'no-extension#page=3',
  ])
  const { images } = await findImages([at('report.pdf')])
  const found = await findPages(images, { ...options, dpi: 99 })
  assert.equal(found.pdfs, 1)
  assert.deepEqual(found.images[1], {
    kind: 'page',
    name: `${at('report.pdf')}#page=2`,
    pdf: at('report.pdf'),
    content: { pdf: at('report.pdf'), page: 2, dpi: 99 },
  })
})

test('folders and patterns hold documents as well', async () => {
  const pages = ['mixed/1.png', 'mixed/2.pdf#page=1', 'mixed/2.pdf#page=2', 'mixed/2.pdf#page=3']
  assert.deepEqual(await find(['mixed']), pages)
  assert.deepEqual(await find(['**/2.*']), pages.slice(1))
  assert.deepEqual(await find(['mixed/*.pdf#page=2']), ['mixed/2.pdf#page=2'])
})

test('pages are chosen behind the name, or for all, and come once each', async () => {
  assert.deepEqual(await find(['report.pdf#page=3', 'report.pdf#page=1-2', 'report.pdf']), [
    'report.pdf#page=3',
    'report.pdf#page=1',
    'report.pdf#page=2',
  ])
  const pages = parsePages('2-', 'x')
  assert.deepEqual(await find(['report.pdf', 'no-extension#page=1', 'a.png'], { pages }), [
    'report.pdf#page=2',
    'report.pdf#page=3',
    'no-extension#page=1',
    'a.png',
  ])
})

test('a name that exists is whole, whatever it looks like', async () => {
  assert.deepEqual(await find(['odd#page=2', 'odd#page=2#page=1']), [
    'odd#page=2#page=1',
    'odd#page=2#page=2',
    'odd#page=2#page=3',
  ])
})

test('what is wrong with one input is told of it alone', async () => {
  assert.deepEqual(await find(['bad.pdf', 'report.pdf#page=2,9', 'report.pdf#page=0', 'report.pdf#page=', 'a.png']), [
    'bad.pdf ✗ expected a good one, got a bad one.',
    'report.pdf#page=2',
    'report.pdf#page=9 ✗ expected a page from 1 to 3, got 9.',
    "report.pdf ✗ expected pages, counted from 1, such as 3 or 1-3,7 or 5-, got '0'.",
    "report.pdf ✗ expected pages, counted from 1, such as 3 or 1-3,7 or 5-, got ''.",
    'a.png',
  ])
  const many = (): Promise<number> => Promise.resolve(1_000_000)
  const [refused, last] = await find(['report.pdf', 'no-extension#page=1000000'], { countPages: many })
  assert.match(refused!, /^report\.pdf ✗ expected at most 20000 pages, got more/)
  assert.equal(last, 'no-extension#page=1000000')
})

test('standard input may be a document, and is read once if it is none', async () => {
  const stdin = (text: string): { stdin: Readable } => ({ stdin: Readable.from([Buffer.from(text)]) })
  assert.deepEqual(await find(['-'], { ...stdin('%PDF-'), pages: parsePages('3', 'x') }), ['standard input#page=3'])
  const { images } = await findPages([{ kind: 'stdin', name: 'standard input' }], { ...options, ...stdin('GIF') })
  assert.deepEqual(images, [{ kind: 'bytes', name: 'standard input', bytes: Buffer.from('GIF') }])
  assert.deepEqual(await find(['-'], stdin('')), ['standard input ✗ expected an image, got no bytes.'])
})

test('addresses are fetched early where they end in .pdf or pages are asked for', async (t) => {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url!)
    if (request.url?.startsWith('/none')) response.writeHead(404).end()
    else response.end(request.url === '/photo' ? 'x' : '%PDF-')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const of = async (paths: readonly string[], more: Partial<FindPagesOptions> = {}): Promise<string[]> =>
    (
      await find(
        paths.map((path) => host + path),
        more,
      )
    ).map((name) => name.replace(host, ''))
  assert.deepEqual(await of(['/photo', '/a.PDF?x#page=2', '/paper#page=1', '/none.pdf']), [
    '/photo',
    '/a.PDF?x#page=2',
    '/paper#page=1',
    '/none.pdf ✗ expected an image, got the answer 404 Not Found.',
  ])
  assert.deepEqual(asked.sort(), ['/a.PDF?x', '/none.pdf', '/paper'])
  assert.deepEqual(await of(['/photo', '/paper'], { pages: parsePages('2', 'x') }), ['/photo', '/paper#page=2'])
})
