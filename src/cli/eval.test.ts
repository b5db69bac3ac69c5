import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { MAIN, PACKAGE_FOLDER, run, temporaryFolder } from '../../test/support/cli.js'

const folder = temporaryFolder()
const DATA = join(process.env['DETRS_DATA'] ?? join(PACKAGE_FOLDER, '../shared/data'), 'coco-eval')
const NAMES = ['AP', 'AP50', 'AP75', 'APs', 'APm', 'APl', 'AR1', 'AR10', 'AR100', 'ARs', 'ARm', 'ARl']

function write(name: string, content: unknown): string {
  const path = join(folder, name)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

const truth = {
  images: [{ id: 1, width: 100, height: 100 }],
  categories: [
    { id: 1, name: 'cat' },
    { id: 2, name: 'dog\u001b[31m' },
  ],
  annotations: [{ id: 1, image_id: 1, category_id: 1, bbox: [10, 10, 40, 40], area: 1600, iscrowd: 0 }],
}
const results = [
  { image_id: 1, category_id: 1, bbox: [10, 10, 40, 40], score: 0.9 },
  { image_id: 1, category_id: 1, bbox: [60, 10, 40, 40], score: 0.8 },
]
const gt = write('gt.json', truth)
const dt = write('dt.json', results)

test('--json has the twelve numbers, in full, and nothing else', async () => {
  const { code, out, err } = await run(['eval', '--gt', gt, '--dt', dt, '--json'])
  assert.deepEqual([code, err], [0, ''])
  const numbers = JSON.parse(out) as Record<string, number>
  assert.deepEqual(Object.keys(numbers), NAMES)
  assert.deepEqual([numbers['AP'], numbers['APs'], numbers['AR100']], [0.9999999999999998, -1, 1])
})

test('without --json it prints the lines of pycocotools', async () => {
  const { code, out, err } = await run(['eval', '--gt', gt, '--dt', dt])
  assert.deepEqual([code, err], [0, ''])
  const lines = out.trimEnd().split('\n')
  assert.equal(lines.length, 12)
  assert.equal(lines[0], ' Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = 1.000')
  assert.equal(lines[9], ' Average Recall     (AR) @[ IoU=0.50:0.95 | area= small | maxDets=100 ] = -1.000')
})

test('--per-class adds a line per class, or a list', async () => {
  const { out } = await run(['eval', '--gt', gt, '--dt', dt, '--per-class'])
  const lines = out.trimEnd().split('\n').slice(13)
  assert.match(lines[0]!, /^class +photos +objects +detections +AP +AP50 +AP75 +APs +APm +APl +AR100$/)
  assert.match(lines[1]!, /^cat +1 +1 +2 +1\.000 +1\.000 +1\.000 +- +1\.000 +- +1\.000$/)
  assert.match(lines[2]!, /^dog�\[31m +0 +0 +0( +-){7}$/)
  const json = await run(['eval', '--gt', gt, '--dt', dt, '--per-class', '--json'])
  const { classes, ...rest } = JSON.parse(json.out) as { classes: { id: number; AP: number; objects: number }[] }
  assert.deepEqual(Object.keys(rest), NAMES)
  assert.deepEqual(
    classes.map(({ id, AP, objects }) => [id, AP, objects]),
    [
      [1, 0.9999999999999998, 1],
      [2, -1, 0],
    ],
  )
})

test('--out writes tables, pictures and a page', async () => {
  const out = join(folder, 'report', 'deep')
  const { code, err } = await run(['eval', '--gt', gt, '--dt', dt, '--out', out])
  assert.deepEqual([code, err], [0, ''])
  const names = ['classes.csv', 'confusion-matrix.png', 'evaluation.json', 'photos.csv', 'pr-curves.png', 'report.html']
  assert.deepEqual(readdirSync(out).sort(), names)
  assert.equal(readFileSync(join(out, 'photos.csv'), 'utf8'), 'photo,right,wrong,missed\n1,1,0,0\n')
  assert.match(readFileSync(join(out, 'report.html'), 'utf8'), /<h1>Evaluation of dt\.json<\/h1>/)
  const taken = await run(['eval', '--gt', gt, '--dt', dt, '--out', gt])
  assert.deepEqual([taken.code, taken.out], [1, ''])
  assert.match(taken.err, /gt\.json: expected a place that can be written, got a file where a folder is needed/)
})

test('no results at all are evaluated, and notes go to standard error', async () => {
  const empty = write('empty.json', [])
  const { code, out } = await run(['eval', '--gt', gt, '--dt', empty, '--json'])
  assert.deepEqual([code, (JSON.parse(out) as Record<string, number>)['AP']], [0, 0])
  const other = write('other.json', [{ ...results[0], category_id: 3 }])
  const { err } = await run(['eval', '--gt', gt, '--dt', other, '--json'])
  assert.match(err, /^note: .*other\.json: 1 of 1 detections are of classes that the ground truth does not have/)
})

test('files that cannot be used end with 1 and one sentence', async () => {
  const missing = join(folder, 'missing.json')
  mkdirSync(join(folder, 'folder.json'))
  const cut = write('cut.json', JSON.stringify(results).slice(0, 50))
  const nan = write('nan.json', JSON.stringify(results).replace('0.9', 'NaN'))
  const stranger = write('stranger.json', [{ ...results[0], image_id: 77 }])
  const failures: readonly (readonly [gt: string, dt: string, sentence: string])[] = [
    [missing, dt, `${missing}: expected a readable file, got no such file.`],
    [join(folder, 'folder.json'), dt, `${join(folder, 'folder.json')}: expected a JSON file, got a folder.`],
    [gt, cut, `${cut}: expected JSON, got text that ends too early, after 50 characters. The file may be cut off.`],
    [
      gt,
      nan,
      `${nan}: expected JSON, which has finite numbers only, got NaN in line 1. Remove that record, or find out why it has no number.`,
    ],
    [gt, stranger, `${stranger}: [0].image_id: expected the id of a photo of the ground truth, got 77.`],
    [
      dt,
      gt,
      `${dt}: expected an object with images, annotations and categories, got a list. A list is a results file: it belongs on the side of the detections.`,
    ],
  ]
  for (const [truthFile, resultFile, sentence] of failures) {
    const { code, out, err } = await run(['eval', '--gt', truthFile, '--dt', resultFile])
    assert.deepEqual([code, out, err], [1, '', `detrs: ${sentence}\n`])
  }
})

test('what is not understood ends with 2', async () => {
  const sentences: readonly (readonly [words: readonly string[], sentence: string])[] = [
    [[], 'detrs eval: expected --gt FILE, the ground truth, got none. See detrs eval --help.'],
    [['--gt', gt], 'detrs eval: expected --dt FILE, the results, got none. See detrs eval --help.'],
    [['--gt', gt, '--dt', dt, '--type', 'box'], "--type: expected bbox or segm, got 'box'."],
    [
      ['--gt', gt, '--dt', dt, '--split', 'val'],
      'detrs eval: expected --split with --model and --data, got none. See detrs eval --help.',
    ],
    [
      ['--gt', gt, '--dt', dt, '--provider', 'cpu'],
      'detrs eval: expected --provider with --model and --data, got none. See detrs eval --help.',
    ],
    [['--gt', gt, dt], `detrs eval: expected nothing but options, got '${dt}'. See detrs eval --help.`],
  ]
  for (const [words, sentence] of sentences) {
    assert.deepEqual(await run(['eval', ...words]), { code: 2, out: '', err: `detrs: ${sentence}\n` })
  }
})

test('results may come through a pipe', { skip: process.platform === 'win32' && 'no /dev/stdin' }, () => {
  const words = [process.execPath, MAIN, 'eval', '--gt', gt, '--dt', '/dev/stdin', '--json'].map((word) => `'${word}'`)
  const out = execFileSync('sh', ['-c', `cat '${dt}' | ${words.join(' ')}`], { encoding: 'utf8' })
  assert.deepEqual(Object.keys(JSON.parse(out) as object), NAMES)
})

test("COCO's own fake results, boxes", { skip: existsSync(DATA) ? false : `${DATA} is absent` }, async () => {
  const files = ['instances_val2014_100.json', 'cocoapi/results/instances_val2014_fakebbox100_results.json']
  const [truthFile, resultFile] = files.map((file) => join(DATA, file)) as [string, string]
  const { out, err } = await run(['eval', '--gt', truthFile, '--dt', resultFile, '--json'])
  assert.equal(err, '')
  assert.deepEqual(
    Object.values(JSON.parse(out) as object),
    [
      0.5045806987249628, 0.6969727247299577, 0.5729816669904824, 0.5856257209410443, 0.5193996948036719,
      0.5013978986347466, 0.38681277964578054, 0.5936795762842003, 0.595352982877607, 0.6398109626113442,
      0.5664205978994309, 0.5642905982905982,
    ],
  )
})
