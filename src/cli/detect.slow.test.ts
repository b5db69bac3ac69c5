import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { deflateSync } from 'node:zlib'
import { type Found, run, tinyDetection, writePicture } from '../../test/support/cli.js'
import { chunk, u32 } from '../../test/support/image-files.js'
import { TINY_CLASSES } from '../../test/support/tiny-model.js'

const { folder, at, weights, detect } = tinyDetection()

async function detectJson(...words: string[]): Promise<Found[]> {
  const { code, out, err } = await detect('--json', ...words)
  assert.equal(code, 0, err)
  return JSON.parse(out) as Found[]
}

before(async () => {
  mkdirSync(at('sub'))
  mkdirSync(at('empty'))
  await writePicture(at('2.jpg'), 90, 60, 1)
  await writePicture(at('10.png'), 64, 128, 2)
  await writePicture(at('sub/写真 ü.webp'), 70, 70, 3)
  writeFileSync(at('notes.txt'), 'no image')
})

describe('detrs detect --json', () => {
  test('is an array of file, width, height and detections with label, score and box', async () => {
    const found = await detectJson(at('2.jpg'), at('10.png'), '--threshold', '0')
    assert.equal(found.length, 2)
    for (const image of found) {
      assert.deepEqual(Object.keys(image), ['file', 'width', 'height', 'detections'])
      assert.equal(image.detections.length, 12)
      for (const detection of image.detections) {
        assert.deepEqual(Object.keys(detection), ['label', 'score', 'box'])
        assert.deepEqual(Object.keys(detection.box), ['xmin', 'ymin', 'xmax', 'ymax'])
        assert.ok([...TINY_CLASSES, 'class 2'].includes(detection.label))
        assert.ok(detection.score > 0 && detection.score <= 1)
        assert.ok(Object.values(detection.box).every(Number.isFinite))
      }
      const scores = image.detections.map(({ score }) => score)
      assert.deepEqual(
        scores,
        scores.toSorted((a, b) => b - a),
      )
      assert.ok(
        image.detections.some(({ box }) => !Number.isInteger(box.xmin)),
        'pixels are not rounded',
      )
    }
    const shown = found.map(({ file, width, height }) => [file, width, height])
    assert.deepEqual(shown, [
      [at('2.jpg'), 90, 60],
      [at('10.png'), 64, 128],
    ])
  })

  test('is an empty list of detections where nothing is found', async () => {
    const found = await detectJson(at('2.jpg'), '--threshold', '1')
    assert.deepEqual(found, [{ file: at('2.jpg'), width: 90, height: 60, detections: [] }])
  })

  test('ends every write with a line end, so that a progress bar cannot fall into it', async () => {
    const writes: string[] = []
    const out = (text: string): void => {
      writes.push(text)
    }
    const words = ['detect', at('2.jpg'), at('10.png'), '-m', weights, '--architecture', 'tiny', '--json']
    await run(words, { out, interactive: true })
    assert.ok(writes.length >= 3 && writes.every((text) => text.endsWith('\n')))
    assert.equal(JSON.parse(writes.join('')).length, 2)
  })
})

describe('detrs detect chooses', () => {
  test('by threshold, class and number', async () => {
    const [all] = await detectJson(at('2.jpg'), '-t', '0')
    const middle = all!.detections[5]!.score
    const [some] = await detectJson(at('2.jpg'), '-t', String(middle))
    assert.deepEqual(some!.detections, all!.detections.slice(0, 6))
    const [three] = await detectJson(at('2.jpg'), '-t', '0', '--top-k', '3')
    assert.deepEqual(three!.detections, all!.detections.slice(0, 3))
    const [circles] = await detectJson(at('2.jpg'), '-t', '0', '--classes', 'circle')
    assert.deepEqual(
      circles!.detections,
      all!.detections.filter(({ label }) => label === 'circle'),
    )
    const [either] = await detectJson(at('2.jpg'), '-t', '0', '--classes', 'circle, square', '--classes', 'circle')
    assert.deepEqual(
      either!.detections,
      all!.detections.filter(({ label }) => label === 'circle' || label === 'square'),
    )
  })
})

test('a class that the model does not have is refused, with the nearest', async () => {
  const { code, err } = await detect(at('2.jpg'), '--classes', 'squere')
  assert.equal(code, 2)
  assert.equal(err, "detrs: classes: expected one of the model's 2 class names, got 'squere'. Did you mean square?\n")
})

describe('detrs detect takes', () => {
  test('files, folders and patterns, each photo once, in the order of people', async () => {
    const inputs = [folder, join(folder, '**', '*.webp'), at('2.jpg')]
    const { code, out, err } = await detect('--json', '-t', '1', ...inputs)
    assert.equal(code, 0)
    const files = (JSON.parse(out) as Found[]).map(({ file }) => file)
    assert.deepEqual(files, [at('2.jpg'), at('10.png'), at('sub/写真 ü.webp')])
    assert.match(err, /^note: \d+ files that are not images were passed over$/m)
    assert.match(err, /^detect 3\/3 photos · [\d.]+ photos\/s · 0 s left$/m)
  })

  test('web addresses', async (t) => {
    const image = readFileSync(at('2.jpg'))
    const server = createServer((request, response) => {
      if (request.url?.startsWith('/a%20photo.jpg')) response.end(image)
      else response.writeHead(404).end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    t.after(() => server.close())
    const host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const [good, bad] = [`${host}/a%20photo.jpg?key=1`, `${host}/none.jpg?key=1`]
    const { code, out, err } = await detect('--json', good, bad, '--out', at('from-web'))
    assert.equal(code, 1)
    const shown = (JSON.parse(out) as Found[]).map(({ file, width }) => [file, width])
    assert.deepEqual(shown, [[good, 90]])
    assert.ok(err.startsWith(`detrs: ${host}/none.jpg: expected an image, got the answer 404 Not Found.\n`), err)
    assert.deepEqual(readdirSync(at('from-web')), ['a photo.jpg'])
  })

  const refusals: readonly (readonly [input: string, sentence: string])[] = [
    ['empty', 'expected a folder with images, got '],
    ['none.jpg', 'expected a file, a folder, a pattern, a web address or -, got no such file.'],
    ['*.gif', 'expected images that fit the pattern, got no file.'],
  ]
  for (const [input, sentence] of refusals) {
    test(`but not ${input}`, async () => {
      const { code, out, err } = await detect('--json', at(input))
      assert.deepEqual([code, out], [1, ''])
      assert.ok(err.startsWith(`detrs: ${at(input)}: ${sentence}`), err)
      assert.equal(err.split('\n').length, 2)
    })
  }
})

describe('bad photos', () => {
  before(async () => {
    mkdirSync(at('bad'))
    const write = (name: string, bytes: string | Uint8Array): void => writeFileSync(at(join('bad', name)), bytes)
    const png = readFileSync(at('10.png'))
    const bomb = [chunk('IHDR', Buffer.concat([u32(30_000, 30_000), Buffer.from([8, 2, 0, 0, 0])]))]
    bomb.push(chunk('IDAT', deflateSync(new Uint8Array(1000))), chunk('IEND', new Uint8Array(0)))
    write('bomb.png', Buffer.concat([png.subarray(0, 8), ...bomb]))
    write('cut.png', png.subarray(0, png.length >> 1))
    write('cut.jpg', readFileSync(at('2.jpg')).subarray(0, 400))
    write('empty.jpg', '')
    write('page.jpg', '<!DOCTYPE html><html></html>')
    write('drawing.png', '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
    write('document.png', '%PDF-1.7\n')
    write('text.jpg', 'a text')
  })

  const reasons: Readonly<Record<string, RegExp>> = {
    'bomb.png': /expected at most 178956970 pixels, got 30000×30000/,
    'cut.png': /expected an intact image, got a truncated PNG/,
    'cut.jpg': /expected an intact image, got a JPEG that does not decode/,
    'empty.jpg': /got an empty file/,
    'page.jpg': /got an HTML page/,
    'drawing.png': /got an SVG drawing/,
    'document.png': /expected an intact PDF document, got one that is damaged or cut off|expected the optional package/,
    'text.jpg': /got a text file/,
  }

  test('are named one by one, the others go on, and the end is a failure', async () => {
    const { code, out, err } = await detect('--json', '-t', '1', at('2.jpg'), at('bad'), at('10.png'))
    assert.equal(code, 1)
    assert.deepEqual(
      (JSON.parse(out) as Found[]).map(({ file }) => file),
      [at('2.jpg'), at('10.png')],
    )
    const lines = err.trimEnd().split('\n')
    for (const [name, reason] of Object.entries(reasons)) {
      const about = lines.filter((line) => line.startsWith(`detrs: ${at(join('bad', name))}: `))
      assert.equal(about.length, 1, name)
      assert.match(about[0]!, reason)
    }
    assert.match(lines.at(-2)!, /^detect 10\/10 photos/)
    assert.equal(lines.at(-1), 'detrs: 8 of 10 photos failed')
    assert.equal(lines.length, 10)
  })

  test('alone give an empty array', async () => {
    assert.deepEqual(await detect('--json', at('bad/text.jpg')), {
      code: 1,
      out: '[]\n',
      err:
        `detrs: ${at('bad/text.jpg')}: expected a JPEG, PNG, WebP, AVIF, TIFF or GIF image, got a text file. ` +
        'Convert it to one of these formats.\n',
    })
  })

  test('in a batch leave the rest of it', async () => {
    const words = ['--json', '-t', '1', '--batch', '2', at('2.jpg'), at('bad/cut.png'), at('bad/cut.jpg'), at('10.png')]
    const { code, out } = await detect(...words)
    assert.equal(code, 1)
    assert.equal((JSON.parse(out) as Found[]).length, 2)
  })

  test('are what --max-pixels makes them', async () => {
    const { code, err } = await detect('--max-pixels', '6000', at('2.jpg'), at('10.png'))
    assert.equal(code, 1)
    assert.match(err, /10\.png: expected at most 6000 pixels, got 64×128 = 8192/)
  })
})

describe('batches', () => {
  test('of one size equal photos one by one', async () => {
    for (const name of ['same-1.png', 'same-2.png', 'same-3.png']) await writePicture(at(name), 96, 96, name.length)
    const photos = ['same-1.png', 'same-2.png', 'same-3.png'].map(at)
    const single = await detectJson('-t', '0', ...photos)
    const batched = await detectJson('-t', '0', '--batch', '2', ...photos)
    assertClose(batched, single, 1e-3)
  })

  test('of different sizes keep order and sizes, and change nothing where nothing is padded', async () => {
    // 96×96, 96×160 and 96×64 once resized: the second is as large as the batch.
    await writePicture(at('wide.png'), 200, 120, 4)
    const photos = ['same-1.png', 'wide.png', '2.jpg'].map(at)
    const single = await detectJson('-t', '0', ...photos)
    const batched = await detectJson('-t', '0', '--batch', '3', ...photos)
    const shown = (found: readonly Found[]): unknown =>
      found.map(({ file, width, height, detections }) => [file, width, height, detections.length])
    assert.deepEqual(shown(batched), shown(single))
    assertClose(batched.slice(1, 2), single.slice(1, 2), 1e-3)
  })

  function assertClose(a: readonly Found[], b: readonly Found[], tolerance: number): void {
    assert.equal(a.length, b.length)
    for (const [i, image] of a.entries()) {
      assert.equal(image.detections.length, b[i]!.detections.length)
      image.detections.forEach(({ label, score, box }, k) => {
        const other = b[i]!.detections[k]!
        assert.equal(label, other.label)
        assert.ok(Math.abs(score - other.score) < tolerance)
        for (const side of ['xmin', 'ymin', 'xmax', 'ymax'] as const) {
          assert.ok(Math.abs(box[side] - other.box[side]) < tolerance * image.width)
        }
      })
    }
  }
})

test('the table for people says which model looked, and what it saw', async () => {
  const { code, out, err } = await detect(at('2.jpg'), at('10.png'), '-t', '0', '--top-k', '2')
  assert.equal(code, 0)
  const lines = out.split('\n')
  assert.equal(lines[0], 'tiny (DETR for tests), weights tiny.safetensors')
  assert.ok(lines.includes(`${at('2.jpg')}  90×60  2 objects`))
  assert.equal(lines.filter((line) => /^ {2}label +score +xmin +ymin +xmax +ymax$/.test(line)).length, 2)
  assert.equal(lines.filter((line) => /^ {2}(circle|square|class 2) +0\.\d{3}( +-?\d+\.\d){4}$/.test(line)).length, 4)
  assert.equal(lines.at(-2), '4 objects in 2 photos')
  assert.match(err, /^detect 2\/2 photos/)
})
