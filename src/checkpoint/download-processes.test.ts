import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { download } from './download.node.js'
import type { DownloadProgress } from './download-request.node.js'
import { environmentOf, folderFor, QUICK, sendFile, serve, sha256, weights } from './download-server.test.node.js'

const BYTES = weights(3_000_000)
const DIGEST = sha256(BYTES)
const environment = environmentOf()
const SCRIPT = `
  const [url, destination, sha256, limits] = process.argv.slice(1)
  const { download } = await import(${JSON.stringify(new URL('./download.node.js', import.meta.url).href)})
  const environment = { env: {}, platform: process.platform, homedir: '/' }
  const result = await download({ url, destination, sha256, environment, limits: JSON.parse(limits) })
  console.log(JSON.stringify(result))`

function startProcess(url: string, destination: string): { child: ChildProcess; closed: Promise<unknown> } {
  const args = ['--input-type=module', '-e', SCRIPT, url, destination, DIGEST, JSON.stringify(QUICK)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  return { child, closed: once(child, 'close') }
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 1000 && !condition(); i++) await delay(10)
  assert.ok(condition(), 'waited 10 s in vain')
}

function sizeOf(path: string): number {
  return existsSync(path) ? statSync(path).size : 0
}

test('two downloads of one file in one process make one request', async (t) => {
  const { url, seen } = await serve(t, (request, response) => setTimeout(() => sendFile(request, response, BYTES), 300))
  const destination = join(folderFor(t), 'weights.pth')
  const told: DownloadProgress[] = []
  const request = { url, destination, environment, sha256: DIGEST, limits: QUICK }
  const results = await Promise.all([
    download(request),
    download({ ...request, onProgress: (progress) => told.push(progress) }),
    download(request),
  ])
  assert.equal(seen.length, 1)
  assert.deepEqual(results.map(({ fetchedBytes }) => fetchedBytes).sort(), [0, 0, BYTES.length].sort())
  assert.ok(readFileSync(destination).equals(BYTES))
})

test('a second process waits for the first and says so', async (t) => {
  const { url, seen } = await serve(t, (request, response) => setTimeout(() => sendFile(request, response, BYTES), 500))
  const folder = folderFor(t)
  const destination = join(folder, 'weights.pth')
  const { closed } = startProcess(url, destination)
  await until(() => seen.length === 1)
  const told: DownloadProgress[] = []
  const onProgress = (progress: DownloadProgress): number => told.push(progress)
  const result = await download({ url, destination, environment, sha256: DIGEST, limits: QUICK, onProgress })
  assert.deepEqual([result.fetchedBytes, result.sha256, seen.length], [0, DIGEST, 1])
  assert.deepEqual(
    told.map(({ phase, note }) => [phase, note]),
    [['waiting', 'another process downloads this file']],
  )
  await closed
  assert.deepEqual(readdirSync(folder), ['weights.pth'])
})

test('a killed download is continued by the next process', async (t) => {
  const { url, seen } = await serve(t, (request, response, index) => {
    if (index > 0) return sendFile(request, response, BYTES)
    response.writeHead(200, { etag: '"v1"', 'content-length': BYTES.length }).write(BYTES.subarray(0, 1_700_000))
  })
  const folder = folderFor(t)
  const destination = join(folder, 'weights.pth')
  const { child, closed } = startProcess(url, destination)
  await until(() => sizeOf(`${destination}.part`) === 1_700_000)
  child.kill('SIGKILL')
  await closed
  assert.deepEqual(
    readdirSync(folder).sort(),
    ['lock', 'part', 'part.json'].map((end) => `weights.pth.${end}`),
  )
  const result = await download({ url, destination, environment, sha256: DIGEST, limits: QUICK })
  assert.equal(seen[1]?.headers.range, 'bytes=1700000-')
  assert.deepEqual([result.fetchedBytes, result.sha256], [BYTES.length - 1_700_000, DIGEST])
  assert.ok(readFileSync(destination).equals(BYTES))
  assert.deepEqual(readdirSync(folder), ['weights.pth'])
})

test('a download whose lock was taken over does not publish', async (t) => {
  const destination = join(folderFor(t), 'weights.pth')
  const { url } = await serve(t, (request, response) => {
    writeFileSync(`${destination}.lock`, JSON.stringify({ token: 'other', pid: process.pid, host: hostname() }))
    sendFile(request, response, BYTES)
  })
  const done = download({ url, destination, environment, sha256: DIGEST, limits: QUICK })
  await assert.rejects(done, /expected to be the only process that writes this file, got another process/)
  assert.ok(!existsSync(destination))
  assert.ok(existsSync(`${destination}.lock`), 'the lock of the other stays')
})

test('a download whose part file was replaced does not publish the other one', async (t) => {
  const destination = join(folderFor(t), 'weights.pth')
  const { url } = await serve(t, (_, response) => {
    response.writeHead(200, { 'content-length': BYTES.length }).write(BYTES.subarray(0, 1_000_000))
    void until(() => sizeOf(`${destination}.part`) === 1_000_000).then(() => {
      rmSync(`${destination}.part`)
      writeFileSync(`${destination}.part`, 'half of something')
      response.end(BYTES.subarray(1_000_000))
    })
  })
  const done = download({ url, destination, environment, sha256: DIGEST, limits: QUICK })
  await assert.rejects(done, /expected to be the only process that writes this file, got another process/)
  assert.ok(!existsSync(destination))
})
