import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { writeDurably } from './durable-file.node.js'

const folder = mkdtempSync(join(tmpdir(), 'detrs-durable-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Content that the disk stops taking after its first part. */
function* failing(code: string): Generator<Uint8Array> {
  yield bytes('half of the new')
  throw Object.assign(new Error(`${code}: told by the system, write`), { code })
}

test('a file is replaced as a whole', async () => {
  const path = join(folder, 'whole')
  await writeDurably(path, [bytes('old')])
  await writeDurably(path, [bytes('ne'), bytes('w')])
  assert.equal(readFileSync(path, 'utf8'), 'new')
  assert.deepEqual(readdirSync(folder), ['whole'])
})

test('when writing fails the old content is intact, nothing else is left, and one sentence says why', async () => {
  const path = join(folder, 'whole')
  for (const [code, got] of [
    ['ENOSPC', 'a full disk'],
    ['EDQUOT', 'a full disk'],
    ['EFBIG', 'a file larger than is allowed here'],
    ['EIO', 'a disk that fails'],
    ['EROFS', 'a disk that can only be read'],
    ['EXYZ', 'EXYZ: told by the system, write'],
  ] as const) {
    await assert.rejects(writeDurably(path, failing(code)), {
      name: 'FileError',
      message: `${path}: expected a file that can be written, got ${got}. What was saved before is intact.`,
    })
    assert.equal(readFileSync(path, 'utf8'), 'new')
    assert.deepEqual(readdirSync(folder), ['whole'])
  }
})

test('places where no file can be', async () => {
  mkdirSync(join(folder, 'taken'))
  writeFileSync(join(folder, 'file'), '')
  for (const [name, got] of [
    ['taken', /got (a folder|no permission to write there)\./],
    ['gone/x', /got no such folder\./],
    ['file/x', /got (a file where a folder is needed|no such folder)\./],
  ] as const) {
    await assert.rejects(writeDurably(join(folder, name), [bytes('x')]), got, name)
  }
  assert.deepEqual(readdirSync(folder).sort(), ['file', 'taken', 'whole'])
})
