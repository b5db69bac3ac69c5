import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { folderFor } from './download-server.test.node.js'
import { acquireLock } from './file-lock.node.js'

test('of many that wait for a dead process’s lock, one at a time gets it', { timeout: 5000 }, async (t) => {
  const path = join(folderFor(t), 'lock')
  const child = spawn(process.execPath, ['-e', ''])
  await once(child, 'close')
  writeFileSync(path, JSON.stringify({ token: 'gone', pid: child.pid, host: hostname() }))
  utimesSync(path, 1e9, 1e9)
  let holders = 0
  let most = 0
  const signal = new AbortController().signal
  const work = async (): Promise<void> => {
    const lock = await acquireLock(path, { heartbeatMs: 400, signal, onWait: () => undefined })
    most = Math.max(most, ++holders)
    await delay(20)
    assert.ok(await lock.isOwned())
    holders--
    await lock.release()
  }
  await Promise.all(Array.from({ length: 6 }, work))
  assert.equal(most, 1)
  assert.ok(!existsSync(path))
})

for (const [name, text] of [
  ['of a process that shows no sign of life', JSON.stringify({ token: 'x', pid: process.pid, host: hostname() })],
  ['of another machine that shows no sign of life', JSON.stringify({ token: 'x', pid: 1, host: 'elsewhere' })],
  ['that is empty', ''],
  ['with nonsense in it', '{"token":null,"pid":-1}'],
] as const) {
  test(`a lock ${name} is taken over`, async (t) => {
    const path = join(folderFor(t), 'lock')
    writeFileSync(path, text)
    let waited = 0
    const signal = new AbortController().signal
    const lock = await acquireLock(path, { heartbeatMs: 8, signal, onWait: () => waited++ })
    assert.equal(waited, 1)
    assert.ok(await lock.isOwned())
    await lock.release()
  })
}

test('something else in place of the lock is an error, not a wait for ever', async (t) => {
  const path = join(folderFor(t), 'lock')
  mkdirSync(path)
  const options = { heartbeatMs: 8, signal: new AbortController().signal, onWait: () => undefined }
  await assert.rejects(acquireLock(path, options), /FileError: .*lock: expected a lock file, got something that cannot/)
})

test('a lock that is renewed is waited for, until the signal aborts', async (t) => {
  const path = join(folderFor(t), 'lock')
  const options = { heartbeatMs: 10, signal: new AbortController().signal, onWait: () => undefined }
  const lock = await acquireLock(path, options)
  const keepAlive = setInterval(() => undefined, 50)
  // Far longer than the 15 beats of silence after which it would be taken over.
  await assert.rejects(acquireLock(path, { ...options, signal: AbortSignal.timeout(300) }))
  clearInterval(keepAlive)
  assert.ok(await lock.isOwned())
  await lock.release()
  assert.ok(!existsSync(path))
})

test('who does not want to wait for a living holder need not', async (t) => {
  const path = join(folderFor(t), 'lock')
  const options = { heartbeatMs: 20, signal: new AbortController().signal, onWait: () => undefined }
  const lock = await acquireLock(path, options)
  const onAlive = (): void => {
    throw new Error('it lives')
  }
  const keepAlive = setInterval(() => undefined, 50)
  await assert.rejects(acquireLock(path, { ...options, onAlive }), /it lives/)
  clearInterval(keepAlive)
  assert.deepEqual([await lock.isOwned(), await lock.isTaken()], [true, false])
  writeFileSync(path, JSON.stringify({ token: 'other', pid: process.pid, host: hostname() }))
  assert.deepEqual([await lock.isOwned(), await lock.isTaken()], [false, true])
  await lock.release()
  assert.ok(existsSync(path), 'the lock of the other stays')
})
