import assert from 'node:assert/strict'
import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { temporaryFolder } from '../../test/support/cli.js'
import { checkOutput, writeOutput } from './output-file.js'

const folder = temporaryFolder()
mkdirSync(join(folder, 'taken'))
writeFileSync(join(folder, 'file'), 'old')

const bytes = [Uint8Array.of(1, 2), Uint8Array.of(3)]

describe('the place of an output', () => {
  const refusals: readonly (readonly [path: string, expected: string, got: string])[] = [
    ['taken', 'the name of a file to write', 'a folder'],
    ['new/', 'the name of a file to write', 'a folder'],
    ['none/file', 'a place that can be written', 'no such folder'],
    ['file/below', 'a place that can be written', 'a file where a folder is needed'],
  ]
  for (const [name, expected, got] of refusals) {
    test(`${name} is refused before and at writing`, async () => {
      const path = `${folder}/${name}`
      await assert.rejects(checkOutput(path), (error: Error) => {
        assert.equal(error.name, 'FileError')
        assert.ok(error.message.startsWith(`${path}: expected ${expected}, got ${got}.`), error.message)
        return true
      })
      await assert.rejects(writeOutput(path, bytes), { name: 'FileError' })
    })
  }

  test('an empty name is refused', async () => {
    await assert.rejects(checkOutput(''), {
      message: /^output: expected the name of a file to write, got an empty name/,
    })
  })

  test('a folder without permission is refused', async (t) => {
    if (process.platform === 'win32' || process.getuid?.() === 0) return t.skip('permissions do not bind this user')
    const closed = join(folder, 'closed')
    mkdirSync(closed)
    chmodSync(closed, 0o555)
    await assert.rejects(checkOutput(join(closed, 'x')), { message: /got no permission to write there/ })
  })

  test('a new name and an old file pass', async () => {
    await checkOutput(join(folder, 'new'))
    await checkOutput(join(folder, 'file'))
  })
})

describe('writing', () => {
  test('gives the whole file and leaves nothing beside it', async () => {
    await writeOutput(join(folder, 'file'), bytes)
    await writeOutput(join(folder, 'text'), 'text')
    assert.deepEqual([...readFileSync(join(folder, 'file'))], [1, 2, 3])
    assert.equal(readFileSync(join(folder, 'text'), 'utf8'), 'text')
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.includes('part')),
      [],
    )
  })

  test('that fails half-way leaves the old file', async () => {
    function* failing(): Generator<Uint8Array> {
      yield Uint8Array.of(1)
      throw Object.assign(new Error('disk'), { code: 'ENOSPC' })
    }
    writeFileSync(join(folder, 'kept'), 'old')
    await assert.rejects(writeOutput(join(folder, 'kept'), failing()), {
      name: 'FileError',
      message: /got a full disk/,
    })
    assert.equal(readFileSync(join(folder, 'kept'), 'utf8'), 'old')
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.includes('part')),
      [],
    )
  })

  test('goes through a link, and does not replace a device', async (t) => {
    if (process.platform === 'win32') return t.skip('links need rights on Windows')
    writeFileSync(join(folder, 'target'), 'old')
    symlinkSync(join(folder, 'target'), join(folder, 'link'))
    await writeOutput(join(folder, 'link'), 'new')
    assert.equal(readFileSync(join(folder, 'target'), 'utf8'), 'new')
    assert.ok(lstatSync(join(folder, 'link')).isSymbolicLink())
    await checkOutput('/dev/null')
    await writeOutput('/dev/null', 'gone')
    assert.ok(lstatSync('/dev/null').isCharacterDevice())
  })
})
