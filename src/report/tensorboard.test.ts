/** @file Event files, to the byte as TensorBoard's own writer makes them; checksums by the vectors of RFC 3720. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { FileError } from '../tensor/index.js'
import { crc32c } from './crc32c.js'
import { EventFile } from './event-file.node.js'
import { nextEventFileName, record, restartRecord, scalarsRecord, versionRecord } from './tensorboard.js'

const folder = mkdtempSync(join(tmpdir(), 'detrs-events-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

test('CRC-32C of the vectors in RFC 3720, B.4, and of the usual nine digits', () => {
  const ascending = Uint8Array.from({ length: 32 }, (_, i) => i)
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa)
  assert.equal(crc32c(new Uint8Array(32).fill(255)), 0x62a8ab43)
  assert.equal(crc32c(ascending), 0x46dd794e)
  assert.equal(crc32c(ascending.slice().reverse()), 0x113fdb5c)
  assert.equal(crc32c(new TextEncoder().encode('123456789')), 0xe3069283)
  assert.equal(crc32c(new Uint8Array(0)), 0)
})

// Made by tensorboard.summary.writer.record_writer of tensorboard 2.20 from Event messages with wall_time 1700000000.25.
test('records equal those of TensorBoard to the byte', () => {
  const seconds = 1_700_000_000.25
  assert.equal(
    hex(versionRecord(seconds)),
    '1800000000000000a37f4b220900001040fc54d9411a0d627261696e2e4576656e743a32338d2fe9',
  )
  assert.equal(hex(restartRecord(seconds, 300)), '100000000000000095fbfe180900001040fc54d94110ac023a0208016b3b88f1')
  const scalars = [
    ['train/loss', 1.5],
    ['nothing', Number.NaN],
    ['val/AP', 0.1],
  ] as const
  assert.equal(
    hex(scalarsRecord(seconds, 300, scalars)),
    '300000000000000095f5d05f0900001040fc54d94110ac022a220a110a0a747261696e2f6c6f7373150000c03f0a0d0a0676616c2f415015cdcccc3da09a96a5',
  )
  const many = Array.from({ length: 20 }, (_, i): [string, number] => [`term_${i}`, i])
  const long = scalarsRecord(1, 2 ** 40 + 1, many)
  assert.equal(long.length, 345)
  const start = '490100000000000030d59efb09000000000000f03f108180808080202ab6020a0d0a067465726d5f'
  assert.equal(hex(long.subarray(0, 40)), start)
})

test('an empty message is a record, too', () => {
  assert.equal(record([]).length, 16)
})

test('names rise even where the clock does not', () => {
  assert.equal(nextEventFileName(1_700_000_000.9, []), 'events.out.tfevents.1700000000.detrs')
  const present = ['events.out.tfevents.1700000000.detrs', 'events.out.tfevents.1700000005.host.1.v2', 'results.csv']
  assert.equal(nextEventFileName(1_700_000_001, present), 'events.out.tfevents.1700000006.detrs')
})

/** The messages of a file, with both checksums of each record made anew. */
function messages(path: string): Buffer[] {
  const bytes = readFileSync(path)
  const found: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(at))
    const message = bytes.subarray(at + 12, at + 12 + length)
    assert.deepEqual(bytes.subarray(at, at + 16 + length), Buffer.from(record(message)))
    found.push(message)
    at += 16 + length
  }
  return found
}

test('a run has one file, a resumed one another that comes later and says where it goes on', async () => {
  const run = join(folder, 'run')
  mkdirSync(run)
  const first = await EventFile.create(run, 1)
  await first.add(1, [['train/loss', 2]])
  await first.add(2, [['train/loss', 1]])
  const second = await EventFile.create(run, 2)
  await second.add(2, [['train/loss', 1.25]])
  const names = readdirSync(run).sort()
  assert.equal(names.length, 2)
  const [one, two] = names.map((name) => messages(join(run, name)))
  assert.deepEqual([one!.length, two!.length], [3, 3])
  assert.deepEqual(two![1]!.subarray(9), Buffer.from([16, 2, 58, 2, 8, 1]))
  await assert.rejects(EventFile.create(join(folder, 'missing'), 1), FileError)
})
