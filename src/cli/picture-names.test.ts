import assert from 'node:assert/strict'
import { test } from 'node:test'
import { comparable, pictureNames } from './picture-names.js'

test('a picture is named like its photo, as JPEG or without loss', () => {
  assert.deepEqual(pictureNames(['a/dog.JPG', 'cat.png', 'scan.tiff', 'x.gif', 'y.avif', 'raw', 'standard input']), [
    'dog.jpg',
    'cat.png',
    'scan.png',
    'x.png',
    'y.jpg',
    'raw.jpg',
    'standard input.jpg',
  ])
})

test('pictures of one name are numbered, whatever the file system takes for the same', () => {
  assert.deepEqual(pictureNames(['a/1.jpg', 'b/1.jpeg', 'c/1.JPG', 'a/1-2.jpg', 'a/1.png']), [
    '1.jpg',
    '1-2.jpg',
    '1-3.jpg',
    '1-2-2.jpg',
    '1.png',
  ])
  assert.deepEqual(pictureNames(['\u00e9.png', 'b/e\u0301.png']), ['\u00e9.png', 'e\u0301-2.png'])
  assert.equal(comparable('\u00c9'), comparable('e\u0301'))
})

test('names of other alphabets stay, and characters that no file may have go', () => {
  assert.deepEqual(pictureNames(['写真 ☃ é.jpg', 'a:b*c?"<d>|.png', 'x\ny.jpg']), [
    '写真 ☃ é.jpg',
    'a_b_c___d__.png',
    'x_y.jpg',
  ])
})

test('web addresses give the last part of their path', () => {
  assert.deepEqual(
    pictureNames([
      'https://host/a/my%20photo.png?size=9#x',
      'https://host/',
      'http://host/%zz.jpg',
      'https://host/a%2Fb.jpg',
    ]),
    ['my photo.png', 'photo.jpg', '%zz.jpg', 'b.jpg'],
  )
})

test('a page has its number in the name, and is kept without loss', () => {
  assert.deepEqual(
    pictureNames([
      'a/report.pdf#page=2',
      'b/report.pdf#page=2',
      'report-page-2.png',
      'standard input#page=1',
      'https://host/paper.pdf?x#page=12',
      `${'写'.repeat(80)}.pdf#page=3`,
    ]),
    [
      'report-page-2.png',
      'report-page-2-2.png',
      'report-page-2-3.png',
      'standard input-page-1.png',
      'paper-page-12.png',
      `${'写'.repeat(66)}-page-3.png`,
    ],
  )
})

test('long names are cut between characters, and stay apart', () => {
  const long = '写'.repeat(80)
  const [first, second] = pictureNames([`a/${long}.jpg`, `b/${long}.jpg`])
  assert.equal(first, `${'写'.repeat(66)}.jpg`)
  assert.equal(second, `${'写'.repeat(66)}-2.jpg`)
})
