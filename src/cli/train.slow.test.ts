import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { SHAPES } from '../../examples/shapes.js'
import { MAIN, run, temporaryFolder } from '../../test/support/cli.js'
import { differingFiles } from '../../test/support/run-files.js'
import { writeShapesDataset } from '../../test/support/shapes-dataset.js'
import { parseSafetensors } from '../checkpoint/index.js'

const folder = temporaryFolder()
const data = join(folder, 'data')
const quick = ['--size', '64', '--batch', '4', '--threads', '2', '--evaluate-every', '2']

before(() => writeShapesDataset(data, 12, 4))

function start(words: readonly string[]): ChildProcess {
  return spawn(process.execPath, [MAIN, 'train', ...words], { stdio: 'ignore' })
}

function newestState(runFolder: string): string {
  const names = readdirSync(join(runFolder, 'states')).filter((name) => name.endsWith('.safetensors'))
  return join(runFolder, 'states', names.sort().at(-1)!)
}

/** Waits for a state that is not the known one. */
async function anotherState(runFolder: string, known: string): Promise<string> {
  for (;;) {
    const names = existsSync(join(runFolder, 'states')) ? readdirSync(join(runFolder, 'states')) : []
    const newest =
      names
        .filter((name) => name.endsWith('.safetensors'))
        .sort()
        .at(-1) ?? ''
    if (newest !== known) return newest
    await delay(20)
  }
}

describe('detrs train', () => {
  test('makes a run folder, whose weights detrs detect takes with their classes and input size', async () => {
    const outcome = await run(['train', '--data', data, '--epochs', '2', '--out', join(folder, 'a'), ...quick])
    assert.equal(outcome.code, 0, outcome.err)
    assert.match(outcome.out, /^finished after 2 epochs, 6 steps, AP /)
    assert.match(outcome.err, /batch 4: 12 training photos/)
    const runFolder = join(folder, 'a', 'train')
    const rows = readFileSync(join(runFolder, 'results.csv'), 'utf8').trim().split('\n')
    assert.equal(rows.length, 3)
    assert.match(rows[0]!, /^epoch,loss,loss_vfl,loss_bbox,loss_giou,.*,AP,AP50,AP75/)
    const { epoch } = JSON.parse(readFileSync(join(runFolder, 'evaluation.json'), 'utf8'))
    assert.equal(epoch, 2, 'the only one that is evaluated')
    const writtenAt = (...path: string[]): number => statSync(join(runFolder, ...path)).mtimeMs
    const states = readdirSync(join(runFolder, 'states')).map((name) => writtenAt('states', name))
    assert.ok(writtenAt('evaluation.json') <= Math.max(...states), 'they are there before the state, which comes last')
    const names = readdirSync(runFolder)
    for (const name of ['train-batch-2.png', 'results.png', 'worst-photos.png', 'classes.csv', 'environment.json']) {
      assert.ok(names.includes(name), name)
    }
    assert.ok(names.some((name) => name.startsWith('events.out.tfevents.')))
    assert.match(readFileSync(join(runFolder, 'report.html'), 'utf8'), /<td>batch 4<\/td><td>12 training photos<\/td>/)
    const weights = join(runFolder, 'weights', 'last.safetensors')
    const { metadata } = parseSafetensors(readFileSync(weights), weights)
    assert.deepEqual(JSON.parse(metadata.get('detrs.class_names')!), [...SHAPES])
    const info = await run(['info', weights, '--json'])
    assert.deepEqual(JSON.parse(info.out).input.resize, { kind: 'stretch', height: 64, width: 64 })
    const photo = join(data, 'valid', 'valid-0.png')
    const found = await run(['detect', photo, '--model', weights, '--threshold', '0', '--top-k', '3', '--json'])
    assert.equal(found.code, 0, found.err)
    for (const { label } of JSON.parse(found.out)[0].detections) assert.ok(SHAPES.includes(label), label)
  })

  test('goes on from weights, of whose model and input size it is unless told otherwise', async () => {
    const weights = join(folder, 'a', 'train', 'weights', 'last.safetensors')
    const words = ['--data', data, '--weights', weights, '--epochs', '1', '--out', join(folder, 'b')]
    const outcome = await run(['train', ...words, '--lr', '0.0003', '--backbone-lr', '0.0002', '--batch', '4'])
    assert.equal(outcome.code, 0, outcome.err)
    const began = JSON.parse(readFileSync(join(folder, 'b', 'train', 'args.json'), 'utf8'))
    assert.equal(began.model, 'rtdetr-small')
    assert.deepEqual(began.settings.resize, { kind: 'stretch', height: 64, width: 64 })
    assert.deepEqual([began.settings.learningRate, began.settings.backboneLearningRate], [0.0003, 0.0002])
  })

  test('what it has trained can be evaluated on the data set', async () => {
    const weights = join(folder, 'a', 'train', 'weights', 'last.safetensors')
    const outcome = await run(['eval', '--model', weights, '--data', data, '--json'])
    assert.equal(outcome.code, 0, outcome.err)
    assert.match(outcome.err, /4 photos of split val/)
    const rows = readFileSync(join(folder, 'a', 'train', 'results.csv'), 'utf8')
      .trim()
      .split('\n')
    const [heading, last] = [rows[0]!.split(','), rows.at(-1)!.split(',')]
    assert.equal(JSON.parse(outcome.out).AP, Number(last[heading.indexOf('AP')]))
    const missing = await run(['eval', '--model', weights])
    assert.match(missing.err, /expected --model and --data, got one of them/)
  })

  test('killed three times, it ends with the files of a run that never was, to the bit', async () => {
    const words = ['--data', data, '--epochs', '10', ...quick]
    assert.equal((await run(['train', ...words, '--out', join(folder, 'whole')])).code, 0)
    const runFolder = join(folder, 'killed', 'train')
    mkdirSync(join(runFolder, '..'))
    let child = start([...words, '--out', join(folder, 'killed')])
    let known = ''
    for (const wait of [150, 30, 80]) {
      // Killed at some moment after another state was written, which may be in the middle of the next.
      known = await anotherState(runFolder, known)
      await delay(wait)
      child.kill('SIGKILL')
      await once(child, 'exit')
      child = start(['--resume', runFolder])
    }
    const [code] = await once(child, 'exit')
    assert.equal(code, 0)
    assert.deepEqual(differingFiles(runFolder, join(folder, 'whole', 'train')), [])
  })

  test('a damaged newest state is passed over, and said so', async () => {
    const runFolder = join(folder, 'a', 'train')
    const newest = newestState(runFolder)
    const bytes = readFileSync(newest)
    bytes[bytes.length - 1000]! ^= 1
    writeFileSync(newest, bytes)
    const outcome = await run(['train', '--resume', runFolder, '--epochs', '3'])
    assert.equal(outcome.code, 0, outcome.err)
    assert.match(outcome.err, /the file is damaged/)
    assert.match(outcome.out, /^finished after 3 epochs, 9 steps/)
    const { reasons } = JSON.parse(readFileSync(join(runFolder, 'args.json'), 'utf8')) as { reasons: string[] }
    assert.ok(reasons.length > 4, 'why the settings are what they are goes on with the run')
    assert.ok(!reasons.some((reason) => /^(seed|learning rate|\d+ queries).*as asked for/.test(reason)), reasons.join())
    const fewer = await run(['train', '--resume', runFolder, '--epochs', '1'])
    assert.equal(fewer.code, 2)
    assert.match(fewer.err, /expected at least the 3 that are done, got 1/)
  })

  test('refuses what it cannot do with one sentence', async () => {
    for (const [words, sentence] of [
      [[], /expected either --data DIR or --resume RUN, got neither/],
      [['--data', data, '--model', 'detr-r50'], /expected weights to start from, got none, with norms that are frozen/],
      [['--data', data, '--model', 'detr-smal'], /Did you mean detr-small/],
      [['--data', join(folder, 'nothing')], /nothing/],
      [['--resume', folder], /expected the folder of a training run/],
      [['--data', data, '--epochs', '0'], /--epochs: expected a whole number from 1/],
    ] as const) {
      const out = words[0] === '--data' ? ['--out', join(folder, 'refused')] : []
      const outcome = await run(['train', ...words, ...out])
      assert.notEqual(outcome.code, 0)
      assert.match(outcome.err, sentence)
    }
  })
})
