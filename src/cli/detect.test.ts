import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { run, temporaryFolder, writePicture } from '../../test/support/cli.js'

const folder = temporaryFolder()
const at = (name: string): string => join(folder, name)
// Were they looked for, their absence would be the error.
const weights = at('none.safetensors')

before(async () => {
  mkdirSync(at('empty'))
  await writePicture(at('2.jpg'), 90, 60, 1)
  writeFileSync(at('notes.txt'), 'no image')
})

describe('options that mean nothing are refused before any work', () => {
  const refusals: readonly (readonly [words: string, sentence: string])[] = [
    ['--threshold 1.5', "--threshold: expected a number from 0 to 1, got '1.5'."],
    ['--threshold -1', "--threshold: expected a number from 0 to 1, got '-1'."],
    ['--threshold half', "--threshold: expected a number from 0 to 1, got 'half'."],
    ['--top-k 0', "--top-k: expected a whole number from 1 up, got '0'."],
    ['--batch 0', "--batch: expected a whole number from 1 to 1024, got '0'."],
    ['--batch 2.5', "--batch: expected a whole number from 1 to 1024, got '2.5'."],
    ['--threads 0', "--threads: expected a whole number from 1 to 1024, got '0'."],
    ['--max-pixels 0', "--max-pixels: expected a whole number from 1 up, got '0'."],
    ['--pages 0', "--pages: expected pages, counted from 1, such as 3 or 1-3,7 or 5-, got '0'."],
    ['--pages 2', '--pages: expected a PDF document among the inputs, got none.'],
    ['--dpi 200', '--dpi: expected a PDF document among the inputs, got none.'],
    ['--dpi 5', "--dpi: expected a number from 10 to 2400, got '5'."],
    ['--classes ,', '--classes: expected at least one name, got none.'],
  ]
  for (const [words, sentence] of refusals) {
    test(words, async () => {
      const { code, err } = await run(['detect', '-m', weights, at('2.jpg'), ...words.split(' ')])
      assert.equal(code, 2)
      assert.equal(err, `detrs: ${sentence}\n`)
    })
  }
})

describe('places that cannot be written are refused before any work', () => {
  const cases: readonly (readonly [option: string, place: string, got: string])[] = [
    ['--out', 'notes.txt', 'a file where a folder is needed'],
    ['--out', 'notes.txt/below', 'a file where a folder is needed'],
    ['--coco', 'notes.txt/x.json', 'a file where a folder is needed'],
    ['--coco', 'nowhere/x.json', 'no such folder'],
    ['--coco', 'empty', 'a folder'],
  ]
  for (const [option, place, got] of cases) {
    test(`${option} ${place}`, async () => {
      const { code, out, err } = await run(['detect', at('2.jpg'), '-m', weights, option, at(place)])
      assert.deepEqual([code, out], [1, ''])
      assert.match(err, new RegExp(`^detrs: .*, got ${got}\\..*\n$`))
      assert.ok(err.startsWith(`detrs: ${at(place)}: `))
    })
  }
})

test('neither does a picture take the place of a photo, nor do two photos share an id', async () => {
  const words = ['detect', '-m', weights, at('2.jpg')]
  const own = await run([...words, '--out', join(folder, 'empty', '..')])
  assert.equal(own.code, 2)
  assert.match(
    own.err,
    /^detrs: --out: expected a folder where no picture replaces a photo, got .*, the folder of .*2\.jpg\./,
  )
  await writePicture(at('empty/2.png'), 9, 9)
  const twice = await run([...words, at('empty/2.png'), '--coco', at('twice.json')])
  assert.equal(twice.code, 2)
  assert.match(twice.err, /^detrs: --coco: expected photos whose names differ, .*, got .*2\.jpg and .*2\.png\.\n$/)
})
