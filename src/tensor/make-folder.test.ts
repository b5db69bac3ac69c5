import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { makeFolder } from './make-folder.node.js'

const folder = mkdtempSync(join(tmpdir(), 'detrs-make-folder-'))
after(() => rmSync(folder, { recursive: true }))

test('makes a folder and those above it; one that is there stays', async () => {
  const path = join(folder, 'a', 'b', 'c')
  await makeFolder(path)
  await makeFolder(path)
  assert.ok(statSync(path).isDirectory())
  await makeFolder(folder)
})

test('a file in the way is an error', async () => {
  const file = join(folder, 'file')
  writeFileSync(file, '')
  await assert.rejects(makeFolder(file), { code: 'EEXIST' })
  await assert.rejects(makeFolder(join(file, 'x')), /ENOTDIR|ENOENT|EEXIST/)
})

test('a place where nothing can be made is an error, not a loop', {
  skip: process.platform === 'linux' ? false : 'only Linux has /proc',
}, async () => {
  await assert.rejects(makeFolder('/proc/detrs/x'), { code: 'ENOENT' })
})
