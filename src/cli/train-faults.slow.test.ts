/** @file `detrs train` where disks, files, data and processes go wrong: a sentence, an exit code, nothing lost. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join, relative } from 'node:path'
import { before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { MAIN, type Outcome, run, temporaryFolder } from '../../test/support/cli.js'
import { differingFiles } from '../../test/support/run-files.js'
import { writeShapesDataset } from '../../test/support/shapes-dataset.js'
import { encodeSafetensors, parseSafetensors } from '../checkpoint/index.js'
import { tensorData } from '../tensor/index.js'

const folder = temporaryFolder()
const data = join(folder, 'data')
const OPTIONS = ['--model', 'detr-small', '--size', '64', '--batch', '2', '--threads', '2', '--evaluate-every', '2']
const whole = join(folder, 'whole', 'train')
const wordsOf = (epochs: number): string[] => ['train', '--data', data, '--epochs', `${epochs}`, ...OPTIONS]
const fresh = (out: string, epochs: number): string[] => [...wordsOf(epochs), '--out', join(folder, out)]

/** A copy of the run of two epochs that was never interrupted. */
function copyOfRun(name: string): string {
  const path = join(folder, name)
  cpSync(whole, path, { recursive: true })
  return path
}

function assertSameRun(runFolder: string, expected: string): void {
  assert.deepEqual(differingFiles(runFolder, expected), [])
}

/** Why a command of the system cannot be used here; false when it can. */
function lacks(command: string, ...words: string[]): string | false {
  const { status, error, stderr } = spawnSync(command, words, { encoding: 'utf8' })
  return status === 0 ? false : `${command} ${words.join(' ')}: ${error?.message ?? stderr.trim()}`
}

async function processOf(command: string, words: readonly string[]): Promise<Outcome> {
  const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  const [code] = await once(child, 'close')
  return { code, out, err }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(10)
}

function statesIn(runFolder: string): string[] {
  const states = join(runFolder, 'states')
  return existsSync(states) ? readdirSync(states).filter((name) => name.endsWith('.safetensors')) : []
}

before(async () => {
  await writeShapesDataset(data, 4, 2)
  // What a run remembers does not depend on the folder that it was started in.
  const outcome = await run(fresh('whole', 2).map((word) => (word === data ? relative(process.cwd(), data) : word)))
  assert.equal(outcome.code, 0, outcome.err)
})

describe('the disk', () => {
  const noMount =
    process.platform === 'linux' ? lacks('unshare', '-rm', 'mount', '-t', 'tmpfs', 'none', '/mnt') : 'Linux only'

  test('a disk that becomes full: the state before is intact, and with room the run goes on to the bit', {
    skip: noMount,
  }, async () => {
    const disk = join(folder, 'disk')
    mkdirSync(disk)
    // Room for the first epoch: 9 MB of weights and 35 MB of state; the second has a second state.
    const script = `
      mount -t tmpfs -o size=70m none ${disk}
      "$@" ${disk} ; echo "code $?"; ls ${disk}/train/states
      mount -o remount,size=300m ${disk}
      ${process.execPath} ${MAIN} train --resume ${disk}/train >&2; echo "code $?"
      cp -r ${disk}/train ${folder}/from-disk`
    const { out, err } = await processOf('unshare', [
      ...['-rm', 'bash', '-c', script, 'bash', process.execPath, MAIN, ...wordsOf(2), '--out'],
    ])
    assert.match(
      err,
      /detrs: .*step-00000004\.safetensors: expected a file that can be written, got a full disk\. What/,
    )
    assert.equal(out, 'code 1\nstep-00000002.safetensors\ncode 0\n', err)
    assertSameRun(join(folder, 'from-disk'), whole)
  })

  test('a limit on the size of files', { skip: process.platform === 'win32' && 'no ulimit on Windows' }, async () => {
    // In units of 1024 bytes: weights are smaller, states larger.
    const script = 'ulimit -f 20000; exec "$@"'
    const { code, err } = await processOf('bash', ['-c', script, 'bash', process.execPath, MAIN, ...fresh('limit', 2)])
    assert.equal(code, 1, err)
    assert.match(
      err,
      /step-00000002\.safetensors: expected a file that can be written, got a file larger than is allowed/,
    )
    assert.deepEqual(readdirSync(join(folder, 'limit', 'train', 'states')), [])
  })

  test('a place that cannot be written is refused before training starts', async () => {
    const file = join(folder, 'file')
    writeFileSync(file, '')
    const taken = await run(['train', '--data', data, '--out', file, '--epochs', '1', ...OPTIONS])
    assert.equal(taken.code, 1)
    assert.match(taken.err, /file: expected a folder that can be written, got a file where a folder is needed\.\n$/)
    assert.doesNotMatch(taken.err, /epoch 1/)
  })

  const mayAnything =
    process.platform === 'win32'
      ? 'permissions are others on Windows'
      : process.getuid?.() === 0 && lacks('setpriv', '--reuid=65534', '--clear-groups', process.execPath, MAIN, '-v')

  test('a folder without permission to write', { skip: mayAnything }, async () => {
    const path = copyOfRun('read-only')
    chmodSync(folder, 0o755)
    chmodSync(path, 0o555)
    const prefix = process.getuid?.() === 0 ? ['setpriv', '--reuid=65534', '--clear-groups'] : ['env']
    const asAnother = (...words: string[]): Promise<Outcome> =>
      processOf(prefix[0]!, [...prefix.slice(1), process.execPath, MAIN, 'train', ...words])
    const resumed = await asAnother('--resume', path, '--epochs', '3')
    const begun = await asAnother('--data', data, '--out', path, '--epochs', '1', ...OPTIONS)
    chmodSync(path, 0o755)
    assert.equal(resumed.code, 1, resumed.err)
    assert.match(resumed.err, /lock: expected permission to use it, got none \(EACCES\)/)
    assert.equal(begun.code, 1, begun.err)
    assert.match(begun.err, /read-only: expected a folder that can be written, got no permission to write there/)
    assertSameRun(path, whole)
  })
})

describe('interruptions', () => {
  const noSignals = process.platform === 'win32' && 'Windows has no signals'

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    test(`${signal} finishes the step and saves; the run then goes on to the bit`, { skip: noSignals }, async () => {
      const out = signal.toLowerCase()
      const child = spawn(process.execPath, [MAIN, ...fresh(out, 6)], { stdio: ['ignore', 'pipe', 'pipe'] })
      let said = ''
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        said += text
      })
      const runFolder = join(folder, out, 'train')
      await until(() => statesIn(runFolder).length > 0)
      child.kill(signal)
      const [code] = await once(child, 'close')
      assert.equal(code, 130)
      assert.match(said, /^stopped after \d epochs, \d+ steps/)
      assert.ok(said.endsWith(`go on with: detrs train --resume ${runFolder}\n`), said)
      assert.ok(!existsSync(join(runFolder, 'lock')))
      assert.equal((await run(['train', '--resume', runFolder])).code, 0)
      if (!existsSync(join(folder, 'six'))) assert.equal((await run(fresh('six', 6))).code, 0)
      // A stop in the middle of an epoch saves one state more.
      // A stop in the middle of an epoch has a state of its own, in the place of an older one.
      const differing = differingFiles(runFolder, join(folder, 'six', 'train'))
      assert.ok(differing.length <= 2 && differing.every((name) => name.startsWith('states/')), differing.join())
      assert.equal(statesIn(runFolder).sort().at(-1), 'step-00000012.safetensors')
    })
  }

  test('a second SIGINT ends at once', { skip: noSignals }, async () => {
    const child = spawn(process.execPath, [MAIN, ...fresh('twice', 50)], { stdio: ['ignore', 'ignore', 'pipe'] })
    const closed = once(child, 'close')
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    await until(() => statesIn(join(folder, 'twice', 'train')).length > 0)
    child.kill('SIGINT')
    await until(() => said.includes('press Ctrl-C again to stop at once'))
    await new Promise((resolve) => setTimeout(resolve, 600))
    child.kill('SIGINT')
    assert.deepEqual((await closed)[0], 130)
  })

  test('a signal that arrives twice, by the process and by its group, is one: the step is saved', {
    skip: noSignals,
  }, async () => {
    const child = spawn(process.execPath, [MAIN, ...fresh('doubled', 50)], { stdio: ['ignore', 'pipe', 'ignore'] })
    const closed = once(child, 'close')
    let said = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    await until(() => statesIn(join(folder, 'doubled', 'train')).length > 0)
    child.kill('SIGTERM')
    await new Promise((resolve) => setTimeout(resolve, 20))
    child.kill('SIGTERM')
    assert.deepEqual((await closed)[0], 130)
    assert.match(said, /^stopped after .*\n.*\ngo on with: detrs train --resume /)
  })

  test('a second process on the same run is refused, and the first one goes on', async () => {
    const child: ChildProcess = spawn(process.execPath, [MAIN, ...fresh('shared', 8)], { stdio: 'ignore' })
    const runFolder = join(folder, 'shared', 'train')
    const ended = once(child, 'exit')
    await until(() => statesIn(runFolder).length > 0)
    const second = await run(['train', '--resume', runFolder])
    assert.equal(second.code, 1, second.err)
    assert.match(
      second.err,
      /shared.train: expected to be the only process that works on this run, got another one at work/,
    )
    assert.equal((await ended)[0], 0)
    assert.equal((await run(['train', '--resume', runFolder])).code, 0)
  })

  test('a run that ended before its first state begins again', async () => {
    const path = copyOfRun('early')
    for (const name of ['states', 'weights'])
      for (const file of readdirSync(join(path, name))) rmSync(join(path, name, file))
    rmSync(join(path, 'results.csv'))
    const outcome = await run(['train', '--resume', path])
    assert.equal(outcome.code, 0, outcome.err)
    assert.match(outcome.err, /no state was saved before the run was interrupted: it begins again/)
    assertSameRun(path, whole)
    for (const file of readdirSync(join(path, 'states'))) rmSync(join(path, 'states', file))
    const emptied = await run(['train', '--resume', path])
    assert.equal(emptied.code, 1)
    assert.match(emptied.err, /early: expected a saved state to go on from, got none\./)
  })

  test('states that are all damaged end with one sentence', async () => {
    const path = copyOfRun('damaged')
    for (const name of statesIn(path)) writeFileSync(join(path, 'states', name), 'x')
    const { code, err } = await run(['train', '--resume', path])
    assert.equal(code, 1)
    assert.match(
      err,
      /^detrs: .*damaged: expected a saved state to go on from, got 2 that cannot be used\. The newest: .*\n$/,
    )
  })
})

describe('what the run began with', () => {
  test('goes on with the same number of threads and evaluations, and what is another now is said', async () => {
    const path = copyOfRun('same')
    const record = JSON.parse(readFileSync(join(path, 'args.json'), 'utf8'))
    assert.deepEqual([record.threads, record.evaluateEvery], [2, 2])
    const changed = { ...record, engine: 'onnxruntime 0.9 (ffi)', settings: { ...record.settings, learningRate: 1e-3 } }
    writeFileSync(join(path, 'args.json'), JSON.stringify(changed))
    const first = await run(['train', '--resume', path, '--epochs', '5', '--threads', '1'])
    assert.equal(first.code, 0, first.err)
    const last = 'the run may differ from one without interruption in the last bits'
    assert.ok(first.err.startsWith(`threads: 1 now, 2 when the run began: ${last}\nengine: onnxruntime `), first.err)
    assert.ok(first.err.includes(`now, onnxruntime 0.9 (ffi) when the run began: ${last}\n`))
    assert.match(first.err, /\nepochs is 5 from here on; it was 2\n/)
    assert.match(first.err, /\nlearningRate is 0\.001 from here on; it was 0\.0003\n/)
    const rows = readFileSync(join(path, 'results.csv'), 'utf8').trim().split('\n').slice(1)
    // Evaluated after epochs 2, 4 and the last one.
    assert.deepEqual(
      rows.map((row) => row.endsWith(',,,')),
      [true, false, true, false, false],
    )
    const second = await run(['train', '--resume', path])
    assert.equal(second.code, 0, second.err)
    assert.doesNotMatch(second.err, /now,|from here on/)
  })

  test('options that would make it another run are refused', async () => {
    for (const words of [
      ['--lr', '0.1'],
      ['--data', data],
      ['--batch', '1'],
      ['--seed', '3'],
    ]) {
      const { code, err } = await run(['train', '--resume', whole, ...words])
      assert.equal(code, 2)
      assert.match(
        err,
        /either --data DIR or --resume|no other option than --epochs, --threads and --evaluate-every, got --/,
      )
    }
  })

  test('a data set that is gone or another one is refused', async () => {
    const path = copyOfRun('other-data')
    const labels = ['train', 'valid'].map((split) => join(data, split, '_annotations.coco.json'))
    const texts = labels.map((file) => readFileSync(file, 'utf8'))
    const rewrite = (change: (text: string) => string): void => {
      for (const [i, file] of labels.entries()) writeFileSync(file, change(texts[i]!))
    }
    const resumed = async (message: RegExp): Promise<void> => {
      const { code, err } = await run(['train', '--resume', path, '--epochs', '3'])
      assert.equal(code, 1, err)
      assert.match(err, message)
    }
    const photo = join(data, 'train', 'train-0.png')
    renameSync(photo, `${photo}.away`)
    await resumed(
      /expected the data set that the run began with, got 3 photos to train on in place of 4\. Restore it, or/,
    )
    renameSync(`${photo}.away`, photo)
    rewrite((text) => text.replace('"bbox":[', '"bbox":[1'))
    await resumed(/got other labels or names of photos\. Restore it/)
    rewrite((text) => text.replace('"disc"', '"circle"'))
    await resumed(/got the classes circle, square, triangle in place of disc, square, triangle\. Restore it/)
    rewrite((text) => text)
    renameSync(data, `${data}-away`)
    await resumed(/data: expected the folder of a data set, got no such file\.\n$/)
    renameSync(`${data}-away`, data)
    assertSameRun(path, whole)
  })

  test('a data set without enough photos or without objects makes no run folder', async () => {
    const out = join(folder, 'too-few')
    const few = await run(['train', '--data', data, '--out', out, '--model', 'detr-small', '--batch', '5'])
    assert.equal(few.code, 1)
    assert.match(few.err, /data: expected at least one batch of 5 photos to train on, got 4\. Lower --batch\.\n$/)
    assert.ok(!existsSync(out))
  })

  test('weights to start from that are damaged, missing or too large: a sentence, and no run folder', async () => {
    const weights = join(folder, 'start.safetensors')
    const last = readFileSync(join(whole, 'weights', 'last.safetensors'))
    const { tensors, metadata } = parseSafetensors(last, 'last')
    const key = 'transformer.decoder.layers.0.norm3.weight'
    assert.ok(tensors.has(key))
    const huge = new Map(tensors).set(key, tensorData('float32', [128], new Float32Array(128).fill(1e30)))
    const out = join(folder, 'from-weights')
    const words = ['train', '--data', data, '--out', out, '--epochs', '1', ...OPTIONS, '--weights', weights]
    for (const [bytes, message] of [
      [last.subarray(0, 100_000), /start\.safetensors: expected \d+ bytes of tensor data, .* truncated/],
      [Buffer.from('hello'), /start\.safetensors: expected /],
      [Buffer.alloc(0), /start\.safetensors: expected .*empty/],
    ] as const) {
      writeFileSync(weights, bytes)
      const { code, err } = await run(words)
      assert.equal(code, 1, err)
      assert.match(err, message)
      assert.ok(!existsSync(out))
    }
    rmSync(weights)
    const missing = await run(words)
    assert.equal(missing.code, 1)
    assert.match(missing.err, /start\.safetensors: expected a weight file, got no such file/)
    writeFileSync(weights, encodeSafetensors(huge, metadata))
    const nan = await run(words)
    assert.equal(nan.code, 1)
    assert.match(
      nan.err,
      /detrs: pred_logits\w*: expected finite predictions, got (NaN|-?Infinity)\. Nothing was changed by this/,
    )
    assert.match(nan.err, /Lower the learning rate, or look at the photos and labels of the batch\.\n$/)
    assert.deepEqual(statesIn(join(out, 'train')), [])
  })

  test('weights that a run started from are not needed to go on with it', async () => {
    const weights = join(folder, 'gone.safetensors')
    cpSync(join(whole, 'weights', 'last.safetensors'), weights)
    const out = join(folder, 'tuned')
    const begun = await run([
      ...['train', '--data', data, '--out', out, '--epochs', '1', ...OPTIONS, '--weights', weights],
    ])
    assert.equal(begun.code, 0, begun.err)
    rmSync(weights)
    const resumed = await run(['train', '--resume', join(out, 'train'), '--epochs', '2'])
    assert.equal(resumed.code, 0, resumed.err)
    assert.match(resumed.out, /^finished after 2 epochs, 4 steps/)
  })
})
