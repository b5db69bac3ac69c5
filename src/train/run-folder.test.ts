/** @file Run folders: what is saved survives faults of every kind, and one process at a time works on it. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { randomOf } from '../../test/support/random.js'
import { createTinyStep, learningModel, rectangles, TINY_GROUPS } from '../../test/support/tiny-training.js'
import { createFfiRuntime } from '../runtime/index.node.js'
import { sha256 } from './digest.node.js'
import type { TrainingSettings } from './recipe.js'
import { RunFolder } from './run-folder.node.js'
import type { RunRecord } from './run-record.js'
import { encodeState, type RunPosition } from './state.js'
import { train } from './trainer.js'

const runtime = await createFfiRuntime({ threads: 2 })
const step = await createTinyStep(runtime)
const settings = { epochs: 5, batchSize: 4, learningRate: 1e-4 } as TrainingSettings
const RECORD: RunRecord = {
  data: '/photos',
  model: 'learning',
  weights: null,
  evaluateEvery: 1,
  threads: 2,
  engine: 'onnxruntime 1.0.0 (ffi)',
  machine: 'here',
  config: {},
  dataset: { train: 4, val: 1, classes: ['cat'], labels: '00' },
  settings,
}
const at = (n: number): RunPosition => ({
  epoch: n,
  batch: 0,
  step: n,
  bestMetric: -1,
  evaluationsWithoutGain: 0,
  options: '{}',
})
const fingerprint = (): string => sha256(encodeState(step, at(0), sha256))

function parentFor(t: TestContext): string {
  const parent = mkdtempSync(join(tmpdir(), 'detrs-run-'))
  t.after(() => rmSync(parent, { recursive: true, force: true }))
  return parent
}

async function runFolder(t: TestContext): Promise<RunFolder> {
  const folder = await RunFolder.create(parentFor(t), 'train', RECORD)
  t.after(() => folder.close())
  return folder
}

const stateFile = ({ path }: RunFolder, n: number): string =>
  join(path, 'states', `step-${String(n).padStart(8, '0')}.safetensors`)

test('the newest three states are kept, and the newest is gone on from', async (t) => {
  const folder = await runFolder(t)
  assert.equal(await folder.isAtBeginning(), true)
  const saved: string[] = []
  for (let n = 1; n <= 5; n++) {
    await step.run(rectangles(n), TINY_GROUPS)
    await folder.saveState(step, at(n))
    saved.push(fingerprint())
  }
  assert.equal(readdirSync(join(folder.path, 'states')).length, 3)
  await step.run(rectangles(), TINY_GROUPS)
  assert.notEqual(fingerprint(), saved[4])
  assert.deepEqual(await folder.restore(step), { position: at(5), damaged: [] })
  assert.equal(fingerprint(), saved[4])
  assert.equal(await folder.isAtBeginning(), false)
})

test('a damaged state is passed over for the one before, which stays; without any, one sentence says so', async (t) => {
  const folder = await runFolder(t)
  for (const n of [1, 2]) {
    await step.run(rectangles(n), TINY_GROUPS)
    await folder.saveState(step, at(n))
  }
  const file = stateFile(folder, 2)
  const whole = readFileSync(file)
  const flipped = (position: number): Buffer => {
    const bytes = Buffer.from(whole)
    bytes[position]! ^= 1 << (position % 8)
    return bytes
  }
  const headerEnd = 8 + Number(whole.readBigUInt64LE(0))
  const random = randomOf(3)
  // Low bits of digits: such a header is as valid as before.
  const digits = ['"detrs.optimizer_step":"', '"detrs.ema_updates":"', '{\\"epoch\\":', '\\"batch\\":'].map((name) => {
    const place = whole.indexOf(name) + name.length
    assert.match(String.fromCharCode(whole[place]!), /\d/, name)
    return [`${name} changed`, Buffer.from(whole).fill(whole[place]! ^ 1, place, place + 1)] as const
  })
  // Bits of the header's length, of names, numbers and digests in the header, and of tensors.
  const places = [
    ...[0, 3, 7, 8],
    ...Array.from({ length: 16 }, () => random.int(8, headerEnd)),
    ...Array.from({ length: 4 }, () => random.int(headerEnd, whole.length - 1)),
    whole.length - 1,
  ]
  const faults = [
    ...digits,
    ...places.map((place) => [`bit at ${place} of ${headerEnd} + data`, flipped(place)] as const),
    ...[0, 1, 8, headerEnd, whole.length >> 1, whole.length - 1].map(
      (length) => [`cut to ${length} bytes`, whole.subarray(0, length)] as const,
    ),
    ['longer', Buffer.concat([whole, Buffer.of(0)])] as const,
    ['another file', Buffer.from('hello')] as const,
  ]
  for (const [fault, bytes] of faults) {
    writeFileSync(file, bytes)
    const { position, damaged } = await folder.restore(step)
    assert.deepEqual(position, at(1), fault)
    assert.equal(damaged.length, 1, fault)
    assert.ok(damaged[0]!.startsWith(`${file}: expected `), damaged[0])
  }
  rmSync(file)
  mkdirSync(file)
  assert.match((await folder.restore(step)).damaged[0]!, /step-00000002\.safetensors: EISDIR/)
  rmSync(file, { recursive: true })
  writeFileSync(file, '')
  // States that were passed over do not count as kept ones.
  for (const n of [3, 4, 5]) copyFileSync(file, stateFile(folder, n))
  await folder.restore(step)
  await folder.saveState(step, at(1))
  assert.deepEqual((await folder.restore(step)).position, at(1))
  truncateSync(stateFile(folder, 1), 5000)
  await assert.rejects(folder.restore(step), (error: Error) => {
    assert.equal(error.name, 'CheckpointError')
    assert.match(error.message, /train: expected a saved state to go on from, got 5 that cannot be used\. The newest: /)
    assert.match(error.message, /step-00000005\.safetensors: expected .*got 0 bytes/)
    return true
  })
})

test('a state of another model is not taken', async (t) => {
  const folder = await runFolder(t)
  await folder.saveState(step, at(1))
  step.fixed.set('of another', { dtype: 'float32', shape: [1], data: Float32Array.of(1) })
  t.after(() => step.fixed.delete('of another'))
  await assert.rejects(folder.restore(step), /expected the tensors of this model, got those of another/)
})

test('options that are missing, damaged or of another version are refused with a sentence', async (t) => {
  const folder = await runFolder(t)
  await folder.close()
  const file = join(folder.path, 'args.json')
  const { threads: _, ...withoutThreads } = RECORD
  for (const [text, message] of [
    ['', /args\.json: expected the options of a run as JSON, got an empty file\. The file is damaged, or of another/],
    [JSON.stringify(RECORD).slice(0, 50), /expected the options of a run as JSON, got other text/],
    ['null', /expected data: a string, got nothing/],
    ['[]', /expected data: a string, got nothing/],
    [JSON.stringify(withoutThreads), /expected threads: a number, got nothing/],
    [JSON.stringify({ ...RECORD, weights: 3 }), /expected weights: a string, got 3/],
    [JSON.stringify({ ...RECORD, dataset: null }), /expected dataset: an object, got null/],
    [JSON.stringify({ ...RECORD, dataset: { train: 4 } }), /expected dataset\.val: a number, got nothing/],
    [JSON.stringify({ ...RECORD, settings: [] }), /expected settings: an object, got \[\]/],
  ] as const) {
    writeFileSync(file, text)
    await assert.rejects(RunFolder.open(folder.path), { name: 'FileError', message }, text)
  }
  rmSync(file)
  await assert.rejects(RunFolder.open(folder.path), {
    name: 'FileError',
    message: `${folder.path}: expected the folder of a training run, got one without args.json, or nothing.`,
  })
})

test('a second process is refused while one works on the run; the lock of a killed one is taken over', async (t) => {
  const folder = await runFolder(t)
  await assert.rejects(RunFolder.open(folder.path), {
    name: 'FileError',
    message:
      `${folder.path}: expected to be the only process that works on this run, got another one at work. ` +
      'Let it finish, or end it.',
  })
  await folder.saveState(step, at(1))
  await folder.close()
  const child = spawn(process.execPath, ['-e', ''])
  await once(child, 'close')
  const lock = join(folder.path, 'lock')
  writeFileSync(lock, JSON.stringify({ token: 'killed', pid: child.pid, host: hostname() }))
  utimesSync(lock, 1e9, 1e9)
  for (const name of ['results.csv.part', 'states/step-00000002.safetensors.part', 'weights/last.safetensors.part'])
    writeFileSync(join(folder.path, name), 'half')
  const { folder: again, record } = await RunFolder.open(folder.path)
  assert.deepEqual(record, RECORD)
  assert.deepEqual(
    readdirSync(folder.path, { recursive: true }).filter((name) => String(name).endsWith('.part')),
    [],
  )
  await again.close()
  assert.ok(!existsSync(lock))
})

test('a process whose run was taken over while it slept writes nothing more', async (t) => {
  const folder = await runFolder(t)
  await folder.saveState(step, at(1))
  writeFileSync(join(folder.path, 'lock'), JSON.stringify({ token: 'other', pid: process.pid, host: hostname() }))
  const refused = /expected to be the only process that works on this run, got another one, which took it over/
  await assert.rejects(folder.saveState(step, at(2)), refused)
  await assert.rejects(folder.saveWeights('last', learningModel, step.snapshot(), ['a', 'b', 'c']), refused)
  assert.deepEqual(readdirSync(join(folder.path, 'states')), ['step-00000001.safetensors'])
})

test('a run folder that is gone, or cannot be made, ends with a sentence', async (t) => {
  const folder = await runFolder(t)
  renameSync(folder.path, `${folder.path}-moved`)
  await assert.rejects(folder.saveState(step, at(1)), /step-00000001\.safetensors: expected .*, got no such folder/)
  const file = join(parentFor(t), 'file')
  writeFileSync(file, '')
  await assert.rejects(RunFolder.create(file, 'train', RECORD), {
    name: 'FileError',
    message: `${file}: expected a folder that can be written, got a file where a folder is needed.`,
  })
})

test('a NaN ends the training; the state that was saved before is as it was', async (t) => {
  const folder = await runFolder(t)
  const summary = train(
    {
      step,
      source: {
        batchesPerEpoch: 1,
        batches: async function* () {
          yield rectangles()
        },
      },
      epochs: 5,
      groups: () => TINY_GROUPS,
      hooks: {
        onModelSave: (position) => folder.saveState(step, position),
        onEpochStart: (epoch) => {
          if (epoch === 2) step.weights.views.get('class_embed.bias')!.data[1] = Number.NaN
          return undefined
        },
      },
    },
    at(0),
  )
  await assert.rejects(
    summary,
    /^NumericError: class_embed\.bias: expected finite weights, got NaN\. Nothing was changed/,
  )
  assert.deepEqual(readdirSync(join(folder.path, 'states')).length, 2)
  assert.deepEqual((await folder.restore(step)).position, at(2))
  await step.run(rectangles(), TINY_GROUPS)
})

test('rows of results.csv that a run did before it was interrupted are replaced', async (t) => {
  const folder = await runFolder(t)
  const row = (epoch: number, loss: number) =>
    folder.addRow({ epoch, loss, terms: new Map([['loss_ce', 0.5]]), gradientNorm: 2, learningRate: 1e-4 })
  for (const epoch of [1, 2, 3]) await row(epoch, 9)
  await row(2, 8)
  assert.equal(
    readFileSync(join(folder.path, 'results.csv'), 'utf8'),
    'epoch,loss,loss_ce,gradientNorm,learningRate,AP,AP50,AP75\n1,9,0.5,2,0.0001,,,\n2,8,0.5,2,0.0001,,,\n',
  )
  assert.equal(await folder.isAtBeginning(), false)
})
