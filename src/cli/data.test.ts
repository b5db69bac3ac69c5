/** @file `detrs data`: what it prints, writes and answers, on small sets made here. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { decodeImage, encodeImage } from '../data/index.node.js'
import { classColor } from '../draw/index.js'
import { runCommandLine } from './run.js'

interface Answer {
  readonly code: number
  readonly out: string
  readonly err: string
}

async function detrs(...words: string[]): Promise<Answer> {
  let [out, err] = ['', '']
  const terminal = { env: {}, interactive: false, colors: false, columns: 80 }
  const code = await runCommandLine(['data', ...words], {
    ...terminal,
    out: (text) => {
      out += text
    },
    err: (text) => {
      err += text
    },
  })
  return { code, out, err }
}

/** A YOLO set of two photos and two splits; `rows` are the labels of the first. */
async function yoloSet(t: TestContext, rows: string, more: Readonly<Record<string, string>> = {}): Promise<string> {
  const folder = join(mkdtempSync(join(tmpdir(), 'detrs-data-')), 'pets')
  t.after(() => rmSync(dirname(folder), { recursive: true, force: true }))
  const grey = (value: number) => encodeImage({ width: 40, height: 30, data: new Uint8Array(3600).fill(value) }, 'png')
  const files = {
    'data.yaml': 'train: images/train\nval: images/val\nnames: [cat, "dog\\e[31m"]\n',
    'images/train/a.png': await grey(200),
    'images/val/b.png': await grey(90),
    'labels/train/a.txt': rows,
    'labels/val/b.txt': '1 .5 .5 .5 .5\n',
    ...more,
  }
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
  return folder
}

const GOOD = '0 .5 .5 .5 .5\n1 .25 .25 .25 .25\n'

test('check: figures and warnings, exit code 0', async (t) => {
  const { code, out } = await detrs('check', await yoloSet(t, GOOD), '--rare', '1')
  assert.equal(code, 0)
  assert.match(out, /^pets: YOLO \(data\.yaml\), 2 classes\n/)
  assert.match(out, /\ntrain {7}1 {6}0 {8}2/)
  assert.match(out, /\ncat +0 +1 +0\n/)
  assert.match(out, /photos from 40×30 to 40×30: 2 png/)
  assert.match(out, /\n0 errors, 0 warnings, 0 notes\n$/)
  assert.ok(!out.includes('\x1b'), 'control characters of class names must not reach the terminal')
})

test('check: errors with examples, exit code 1; the same as JSON', async (t) => {
  const folder = await yoloSet(t, `${GOOD}7 .5 .5 .5 .5\n`, { 'images/val/c.jpg': 'x' })
  const { code, out } = await detrs('check', folder)
  assert.equal(code, 1)
  assert.match(out, /\nerrors\n {2}1 {2}photos that cannot be read\n {7}images\/val\/c\.jpg: expected a JPEG/)
  assert.match(
    out,
    / 1 {2}rows whose class is not a number of the list of classes; dropped\n {7}labels\/train\/a\.txt: line 3/,
  )
  assert.match(out, /\n2 errors, 2 warnings, 1 note\n$/)
  const json = await detrs('check', folder, '--json')
  assert.equal(json.code, 1)
  const report = JSON.parse(json.out)
  assert.deepEqual([report.format, report.errors, report.warnings], ['yolo', 2, 2])
  assert.deepEqual(report.classes[0], { label: 0, id: 0, name: 'cat', objects: { train: 1, val: 0 } })
  assert.equal(report.splits[0].objects, 2)
  assert.equal(report.problems[0].kind, 'image-unreadable')
})

test('check says what training would do about missing validation photos', async (t) => {
  const folder = await yoloSet(t, GOOD, { 'data.yaml': 'train: [images/train, images/val]\nnames: [cat, dog]\n' })
  assert.match((await detrs('check', folder)).out, /no validation photos: training would hold out a fifth/)
})

test('convert: another form in a new folder; what is lost is said', async (t) => {
  const folder = await yoloSet(t, GOOD)
  const out = join(dirname(folder), 'voc')
  const answer = await detrs('convert', folder, out, '--to', 'voc')
  assert.deepEqual([answer.code, answer.out], [0, `${out}: 2 photos, 3 objects\n`])
  assert.match(answer.err, /note: The category ids are counted from 1/)
  assert.match(readFileSync(join(out, 'Annotations/a.xml'), 'utf8'), /<xmin>11<\/xmin>/)
  assert.deepEqual(readdirSync(join(out, 'ImageSets/Main')), ['train.txt', 'val.txt'])
  const again = await detrs('convert', folder, out, '--to', 'coco')
  assert.deepEqual([again.code, again.out], [1, ''])
  assert.match(again.err, /expected a new or empty folder/)
})

test('show: a picture with the photos, and a word for those that cannot be read', async (t) => {
  const folder = await yoloSet(t, GOOD)
  const out = join(dirname(folder), 'sheet.png')
  const answer = await detrs('show', folder, '--out', out, '--split', 'train')
  assert.deepEqual([answer.code, answer.out], [0, `${out}: 1 of 1 photos\n`])
  const picture = await decodeImage(out)
  assert.ok(picture.width > 480 && picture.height > 360)
  const colours = new Set<number>()
  for (let i = 0; i < picture.data.length; i += 3)
    colours.add((picture.data[i]! << 16) | (picture.data[i + 1]! << 8) | picture.data[i + 2]!)
  assert.ok(colours.has(0xc8c8c8), 'the photo is on the sheet')
  const [red, green, blue] = classColor(1)
  assert.ok(colours.has((red << 16) | (green << 8) | blue), 'boxes are drawn in the colour of their class')
  const broken = await detrs(
    'show',
    await yoloSet(t, GOOD, { 'images/val/c.jpg': 'x' }),
    '-o',
    join(dirname(folder), 'b.jpg'),
  )
  assert.equal(broken.code, 1)
  assert.match(broken.err, /c\.jpg: expected a JPEG/)
  assert.match(broken.out, /3 of 3 photos/)
})

test('words that make no sense are answered with a sentence and 2', async (t) => {
  const folder = await yoloSet(t, GOOD)
  const cases: [string[], RegExp][] = [
    [[], /expected check, convert, show, got nothing\. See detrs data --help/],
    [['chek', folder], /got 'chek'\. Did you mean check/],
    [['check'], /detrs data check: expected DIR, got nothing/],
    [['check', folder, 'more'], /expected DIR, got/],
    [['check', folder, '--to', 'voc'], /detrs data check: expected only --json, --decode, --rare, .* got --to/],
    [['check', folder, '--format', 'tf'], /--format: expected coco, voc, yolo, csv, got 'tf'/],
    [['convert', folder, 'x'], /expected --to coco\|voc\|yolo\|csv, got none/],
    [['show', folder], /expected --out FILE\.png or \.jpg, got none/],
    [['show', folder, '--out', 'x.gif'], /got x\.gif/],
    [['show', folder, '--out', 'x.png', '--count', '0'], /--count/],
    [['show', folder, '--out', 'x.png', '--split', 'dev'], /--split: expected train, val, test, got 'dev'/],
  ]
  for (const [words, message] of cases) {
    const { code, err } = await detrs(...words)
    assert.equal(code, 2, words.join(' '))
    assert.match(err, message)
  }
  assert.ok(!existsSync('x.png'))
  const test = await detrs('show', folder, '--out', join(dirname(folder), 'x.png'), '--split', 'test')
  assert.deepEqual([test.code, test.err.includes('expected test photos, got only train and val')], [1, true])
})
