import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { Readable } from 'node:stream'
import { after, test } from 'node:test'
import { ConfigError, FileError } from '../tensor/index.js'
import { findImages } from './find-images.node.js'
import { expandBraces, isPattern, matchesName } from './glob.js'
import { readImageSource } from './image-source.node.js'

const folder = mkdtempSync(join(tmpdir(), 'detrs-find-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const FILES = [
  'photos/10.jpg',
  'photos/2.JPG',
  'photos/1.png',
  'photos/notes.txt',
  'photos/.hidden.jpg',
  'photos/a/b/deep.webp',
  'photos/a/near.tiff',
  'photos/.git/no.jpg',
  'photo[1].jpg',
  'a{b,c}.jpg',
  'photo.data',
  'texts/readme.md',
]
for (const file of FILES) {
  mkdirSync(join(folder, file, '..'), { recursive: true })
  writeFileSync(join(folder, file), 'x')
}
mkdirSync(join(folder, 'empty'))

async function find(...inputs: string[]): Promise<string[]> {
  const { images } = await findImages(inputs.map((input) => join(folder, input)))
  return images.map((image) => {
    assert.equal(image.kind, 'file')
    return relative(folder, image.name).replaceAll('\\', '/')
  })
}

test('a folder stands for the images in it, in the order in which people count', async () => {
  assert.deepEqual(await find('photos'), ['photos/1.png', 'photos/2.JPG', 'photos/10.jpg'])
  assert.equal((await findImages([join(folder, 'photos')])).passedOver, 1)
})

test('patterns find files at any depth, leave hidden ones, and end at links in circles', async () => {
  assert.deepEqual(await find('photos/*.{jpg,png}'), ['photos/1.png', 'photos/10.jpg'])
  assert.deepEqual(await find('photos/?.*'), ['photos/1.png', 'photos/2.JPG'])
  assert.deepEqual(await find('photos/**/*.{webp,tiff}'), ['photos/a/b/deep.webp', 'photos/a/near.tiff'])
  assert.deepEqual(await find('**/deep.webp'), ['photos/a/b/deep.webp'])
  assert.deepEqual(await find('photos/a/**'), ['photos/a/b/deep.webp', 'photos/a/near.tiff'])
  assert.deepEqual(await find('photos/**/**/near.*'), ['photos/a/near.tiff'])
  assert.deepEqual(await find('photos/.h*'), ['photos/.hidden.jpg'])
  assert.equal((await findImages([join(folder, 'photos/*')])).passedOver, 1)
  if (process.platform === 'win32') return
  symlinkSync(folder, join(folder, 'photos/a/circle'))
  assert.deepEqual(await find('**/deep.webp'), ['photos/a/b/deep.webp'])
})

test('a name that exists is never read as a pattern, and is taken whatever its extension', async () => {
  assert.deepEqual(await find('photo[1].jpg', 'a{b,c}.jpg', 'photo.data'), ['photo[1].jpg', 'a{b,c}.jpg', 'photo.data'])
})

test('a file that is named twice comes once, at its first place', async () => {
  assert.deepEqual(await find('photos/10.jpg', 'photos', 'photos/./1.png'), [
    'photos/10.jpg',
    'photos/1.png',
    'photos/2.JPG',
  ])
})

test('standard input and web addresses are listed, not read', async () => {
  const { images } = await findImages(['-', 'https://example.org/a.jpg?size=1', '-'])
  assert.deepEqual(images, [
    { kind: 'stdin', name: 'standard input' },
    { kind: 'url', name: 'https://example.org/a.jpg?size=1', url: 'https://example.org/a.jpg?size=1' },
  ])
})

test('what holds no image is refused in a sentence', async () => {
  const refused: [string, RegExp][] = [
    ['empty', /empty: expected a folder with images, got no other files and no subfolders\.$/],
    ['texts', /texts: expected a folder with images, got 1 other file and no subfolders\.$/],
    ['missing.jpg', /missing\.jpg: expected a file, a folder, a pattern, a web address or -, got no such file/],
    ['missing/*.jpg', /missing\/\*\.jpg: expected images that fit the pattern, got no file/],
    ['texts/*', /texts\/\*: expected images that fit the pattern, got only 1 other file/],
  ]
  for (const [input, message] of refused) {
    await assert.rejects(
      findImages([`${folder}/${input}`]),
      (error: unknown) => error instanceof FileError && message.test(error.message),
      input,
    )
  }
  await assert.rejects(findImages([folder, '']), /got an empty name|folder with images/)
  await assert.rejects(findImages([join(folder, 'photos/a/b/..', '..', '..', 'photos', '{a,b}{a,b}')]), FileError)
})

test('a folder of folders says how to go deeper', async () => {
  const outer = join(folder, 'outer')
  mkdirSync(join(outer, 'inner'), { recursive: true })
  await assert.rejects(
    findImages([outer]),
    /got no other files and 1 subfolder\. For the images in its subfolders, use '/,
  )
})

test('backslashes separate folders on Windows', async () => {
  const pattern = `${folder.replaceAll('/', '\\')}\\photos\\*.PNG`
  const { images } = await findImages([pattern], { windows: true })
  assert.deepEqual(
    images.map(({ name }) => relative(folder, name).replaceAll('\\', '/')),
    ['photos/1.png'],
  )
})

test('names are matched as patterns say', () => {
  const cases: [string, string, boolean][] = [
    ['a.jpg', '*.jpg', true],
    ['a.jpg', '*', true],
    ['.a', '*', false],
    ['.a', '.*', true],
    ['abc', 'a?c', true],
    ['ac', 'a?c', false],
    ['東京.jpg', '??.jpg', true],
    ['aXbXc', 'a*X*c', true],
    ['aXbX', 'a*X*c', false],
    ['a', '', false],
    ['', '*', true],
    ['a+b', 'a+b', true],
    ['A.JPG', '*.jpg', false],
  ]
  for (const [name, pattern, expected] of cases)
    assert.equal(matchesName(name, pattern), expected, `${name} ${pattern}`)
  assert.equal(matchesName('A.JPG', '*.jpg', true), true)
  assert.equal(matchesName('a'.repeat(5000), `${'a*'.repeat(500)}b`), false)
})

test('braces expand, nested and side by side', () => {
  assert.deepEqual(expandBraces('a{b,c{d,e}}'), ['ab', 'acd', 'ace'])
  assert.deepEqual(expandBraces('{a,b}{c,d}'), ['ac', 'ad', 'bc', 'bd'])
  assert.deepEqual(expandBraces('a{b}c{d'), ['a{b}c{d'])
  assert.deepEqual(expandBraces('{a}{,b}'), ['{a}', '{a}b'])
  assert.throws(() => expandBraces('{a,b}'.repeat(20)), ConfigError)
  assert.deepEqual(['a*', 'a?', '{a,b}', '{a}', '[a]', 'a'].map(isPattern), [true, true, true, false, false, false])
})

test('standard input is read to its end, within bounds, and not from a terminal', async () => {
  const source = { kind: 'stdin', name: 'standard input' } as const
  const read = (...chunks: string[]): Readable => Readable.from(chunks.map((chunk) => Buffer.from(chunk)))
  assert.equal(`${await readImageSource(source, { stdin: read('ab', 'c') })}`, 'abc')
  await assert.rejects(
    readImageSource(source, { stdin: read('abc'), maxBytes: 2 }),
    /expected at most 2 bytes, got more/,
  )
  await assert.rejects(readImageSource(source, { stdin: read() }), /expected an image, got no bytes/)
  const terminal = Object.assign(read('a'), { isTTY: true })
  await assert.rejects(readImageSource(source, { stdin: terminal }), /got a terminal/)
  assert.equal(await readImageSource({ kind: 'file', name: 'a', path: '/a' }), '/a')
})
