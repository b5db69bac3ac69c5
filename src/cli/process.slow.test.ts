import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { type Found, runProcess, temporaryFolder, writePicture, writeWeights } from '../../test/support/cli.js'
import { pdfFile, WITHOUT_PDFIUM } from '../../test/support/pdf-files.js'
import { findModel } from '../models/index.js'

// Full-size weights. Pictures are thin: a side of 1333 pixels and one of a few is a hundredth of a photo's work.
const folder = temporaryFolder()
const model = ['--model', 'r50.safetensors'] as const

before(async () => {
  writeWeights(join(folder, 'r50.safetensors'), findModel('detr-r50'))
  await writePicture(join(folder, 'a.png'), 640, 8, 1)
  await writePicture(join(folder, 'b.png'), 640, 8, 2)
  await writePicture(join(folder, '-m.png'), 8, 320, 3)
  writeFileSync(join(folder, 'ünï写真.jpg'), 'no photo')
  mkdirSync(join(folder, 'named'))
})

describe('the process of detrs detect', () => {
  test('reads a PDF document from standard input, and says when it is none', { skip: WITHOUT_PDFIUM }, async () => {
    const words = ['detect', '-', '--json', '--dpi', '72', '--pages', '2', '--threshold', '0', '--top-k', '5', ...model]
    const file = pdfFile({ pages: ['', '0 0 9 9 re f'], box: '0 0 640 8' })
    const { code, out, err } = await runProcess(words, { cwd: folder, stdin: file })
    assert.equal(code, 0, err)
    assert.deepEqual(
      (JSON.parse(out) as Found[]).map(({ file, width, height, page }) => [file, width, height, page?.['number']]),
      [['standard input#page=2', 640, 8, 2]],
    )
    const cut = await runProcess(words, { cwd: folder, stdin: file.subarray(0, 50) })
    assert.deepEqual([cut.code, cut.out], [1, '[]\n'])
    assert.match(
      cut.err,
      /^detrs: standard input: expected an intact PDF document, got one that is damaged or cut off\.$/m,
    )
  })

  test('reads standard input, and a file whose name looks like an option', async () => {
    const words = ['detect', '-', './-m.png', 'ünï写真.jpg', '--json', '--threshold', '0', '--top-k', '5', ...model]
    const stdin = readFileSync(join(folder, 'a.png'))
    const { code, out, err } = await runProcess(words, { cwd: folder, stdin })
    assert.equal(code, 1)
    const found = JSON.parse(out) as Found[]
    assert.deepEqual(
      found.map(({ file, width, height, detections }) => [file, width, height, detections.length]),
      [
        ['standard input', 640, 8, 5],
        ['./-m.png', 8, 320, 5],
      ],
    )
    assert.match(
      err,
      /^note: r50\.safetensors is taken for detr-r50; detr-r50-dc5 has weights of the same names and shapes/,
    )
    assert.match(err, /^detrs: ünï写真\.jpg: expected .*, got a text file\./m)
  })

  test('without standard input says so', async () => {
    const { code, out, err } = await runProcess(['detect', '-', '--json', ...model], { cwd: folder })
    assert.deepEqual([code, out], [1, '[]\n'])
    assert.match(err, /^detrs: standard input: expected an image, got no bytes\.$/m)
  })

  test('gives the same for a batch of one size as for photos one by one', async () => {
    const words = ['detect', 'a.png', 'b.png', '--json', '--threshold', '0.05', ...model]
    const [single, batched] = await Promise.all([
      runProcess(words, { cwd: folder }),
      runProcess([...words, '--batch', '2', '--threads', '1'], { cwd: folder }),
    ])
    assert.deepEqual([single.code, batched.code], [0, 0])
    const [one, two] = [single, batched].map(({ out }) => JSON.parse(out) as Found[])
    assert.ok(one![0]!.detections.length > 0)
    for (const [i, { detections }] of one!.entries()) {
      assert.equal(two![i]!.detections.length, detections.length)
      detections.forEach(({ score, box }, k) => {
        const other = two![i]!.detections[k]!
        assert.ok(Math.abs(score - other.score) < 1e-3)
        assert.ok(Math.abs(box.xmin - other.box.xmin) < 0.5)
      })
    }
  })

  test('ends quietly when nobody reads on', async () => {
    const words = ['detect', 'a.png', 'b.png', '-m.png', '--threshold', '0', ...model]
    const { code, out, err } = await runProcess(words.toSpliced(3, 1, './-m.png'), { cwd: folder, closeAfter: 1 })
    assert.equal(code, 0)
    assert.match(out, /^detr-r50 \(DETR, ResNet-50\), weights r50\.safetensors\n/)
    assert.doesNotMatch(err, /Error|EPIPE|at /)
  })
})
