/** @file The model that comes with the package, in commands: without a name, and without any download. */
import assert from 'node:assert/strict'
import { mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import { type Found, isolated, run, temporaryFolder, writePicture } from '../../test/support/cli.js'
import { decodeImage } from '../data/index.node.js'
import { defaultCacheEnvironment, resolveWeights } from '../detect/index.node.js'
import { DEFAULT_DETECTOR, findModel, models, PAGE_CLASSES } from '../models/index.js'

const folder = temporaryFolder()
const env = isolated(folder)
const page = fileURLToPath(new URL('../../../examples/pages/working-paper.jpg', import.meta.url))

describe('the model in the box', () => {
  before(() => writePicture(join(folder, 'noise.png'), 96, 64))

  test('detects where no model is named, as it does where it is', async () => {
    const unnamed = await run(['detect', page, '--json'], { env })
    assert.equal(unnamed.code, 0, unnamed.err)
    const [{ detections }] = JSON.parse(unnamed.out) as [Found]
    assert.ok(detections.length >= 5)
    for (const { label } of detections) assert.ok(PAGE_CLASSES.includes(label), label)
    assert.ok(detections.some(({ label }) => label === 'Text'))
    assert.deepEqual(await run(['detect', page, '--json', '-m', DEFAULT_DETECTOR], { env }), unnamed)
  })

  test('sees ink that is drawn by alpha alone on a transparent ground as on white paper', async () => {
    const [paper, film] = [join(folder, 'paper.png'), join(folder, 'film.png')]
    const { data: light, info } = await sharp(page).greyscale().raw().toBuffer({ resolveWithObject: true })
    await sharp(light, { raw: { ...info, channels: 1 } })
      .png()
      .toFile(paper)
    const ink = Buffer.from([...light].flatMap((value) => [0, 0, 0, 255 - value]))
    await sharp(ink, { raw: { ...info, channels: 4 } })
      .png()
      .toFile(film)
    const out = join(folder, 'drawn')
    const { code, out: found } = await run(['detect', paper, film, '--json', '--out', out], { env })
    assert.equal(code, 0)
    const [onPaper, onFilm] = JSON.parse(found) as [Found, Found]
    assert.ok(onPaper.detections.length >= 5)
    assert.deepEqual(onFilm.detections, onPaper.detections)
    const [drawnPaper, drawnFilm] = [
      await decodeImage(join(out, 'paper.png')),
      await decodeImage(join(out, 'film.png')),
    ]
    assert.deepEqual(drawnFilm, drawnPaper)
    assert.match((await run(['info', DEFAULT_DETECTOR], { env })).out, /transparent pixels on white/)

    // Judged by what was found on paper, the film is without fault.
    const data = join(folder, 'films')
    mkdirSync(data)
    renameSync(film, join(data, 'film.png'))
    const annotations = onPaper.detections.map(({ label, box }, i) => {
      const bbox = [box.xmin, box.ymin, box.xmax - box.xmin, box.ymax - box.ymin]
      return {
        id: i + 1,
        image_id: 1,
        category_id: PAGE_CLASSES.indexOf(label) + 1,
        bbox,
        area: bbox[2]! * bbox[3]!,
        iscrowd: 0,
      }
    })
    const images = [{ id: 1, file_name: 'film.png', width: info.width, height: info.height }]
    const categories = PAGE_CLASSES.map((name, i) => ({ id: i + 1, name }))
    writeFileSync(join(data, 'labels.json'), JSON.stringify({ images, annotations, categories }))
    const words = ['eval', '-m', DEFAULT_DETECTOR, '--data', data, '--json']
    const judged = await run([...words, '--provider', 'cpu'], { env })
    assert.equal(judged.code, 0, judged.err)
    assert.ok((JSON.parse(judged.out) as { AP50: number }).AP50 > 0.9, judged.out)
    const refused = await run([...words, '--provider', 'abacus'], { env })
    assert.deepEqual([refused.code, refused.out], [2, ''])
    assert.match(refused.err, /providers: expected execution providers among cpu.*, got 'abacus'\./)
  })

  test('runs on the providers that are named, and only on those that the machine has', async () => {
    const words = ['detect', page, '--json']
    assert.deepEqual(await run([...words, '--provider', 'cpu'], { env }), await run(words, { env }))
    const refusal =
      /^detrs: providers: expected execution providers among cpu.*, got 'abacus'\. For others see detrs doctor\.\n$/
    for (const given of [
      ['--provider', 'abacus'],
      ['--provider', 'cpu,abacus'],
      ['--provider', 'cpu', '--provider', 'abacus'],
    ]) {
      const { code, out, err } = await run([...words, ...given], { env })
      assert.equal(code, 2)
      assert.equal(out, '')
      assert.match(err, refusal)
    }
  })

  test('says what it is for where it finds no text', async () => {
    const words = ['detect', join(folder, 'noise.png'), '--threshold', '0.999']
    const { code, err } = await run(words, { env })
    assert.equal(code, 0)
    assert.doesNotMatch((await run([...words, '--classes', 'Table'], { env })).err, /no --model/)
    assert.match(
      err,
      /no --model was named, so rtdetr-page looked, .* finds the parts of pages.*detrs pull detr-r50.*\n$/,
    )
    assert.doesNotMatch((await run([...words, '-m', DEFAULT_DETECTOR], { env })).err, /no --model/)
  })

  test('is there without being pulled, under the licence of the package, in at most 6 MB', async () => {
    const { code, out } = await run(['pull', DEFAULT_DETECTOR], { env })
    assert.equal(code, 0)
    assert.ok(statSync(out.trim()).size <= 6e6)
    const [listed] = (JSON.parse((await run(['models', '--json'], { env })).out) as Record<string, unknown>[]).filter(
      ({ name }) => name === DEFAULT_DETECTOR,
    )
    assert.equal(listed!['licence'], 'Apache-2.0')
    assert.equal(listed!['file'], out.trim())
    assert.match((await run(['info', DEFAULT_DETECTOR], { env })).out, /published at +in this package \(Apache-2\.0\)/)
  })

  test('is what the catalogue says of it', async () => {
    const { loaded } = await resolveWeights({ weights: DEFAULT_DETECTOR }, defaultCacheEnvironment())
    const { input, queries, classNames } = findModel(DEFAULT_DETECTOR)
    assert.deepEqual([loaded.model.input, loaded.model.queries, loaded.classNames], [input, queries, classNames])
    assert.equal(loaded.model.name, DEFAULT_DETECTOR)
  })

  test('is the only one of those without published weights', async () => {
    const own = models.filter(({ included }) => included !== undefined)
    assert.deepEqual(
      own.map(({ name }) => name),
      [DEFAULT_DETECTOR],
    )
    const { code, err } = await run(['detect', page, '-m', 'rtdetr-small'], { env })
    assert.equal(code, 1)
    assert.match(
      err,
      /rtdetr-small: expected its weights on this machine, got an architecture without published weights\. Train it:/,
    )
  })
})
