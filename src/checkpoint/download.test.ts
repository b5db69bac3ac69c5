import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { DownloadError, FileError } from '../tensor/index.js'
import { download, obtainCheckpoint } from './download.node.js'
import type { DownloadProgress } from './download-request.node.js'
import {
  environmentOf,
  folderFor,
  QUICK,
  sendCut,
  sendFile,
  serve,
  sha256,
  weights,
} from './download-server.test.node.js'

const BYTES = weights(3_000_000)
const DIGEST = sha256(BYTES)
const WHOLE = { 'content-length': BYTES.length }
const environment = environmentOf()

test('a file arrives whole, verified, with nothing left beside it', async (t) => {
  const { url, seen } = await serve(t, (request, response) => sendFile(request, response, BYTES))
  const folder = join(folderFor(t), 'new', 'folder')
  const destination = join(folder, 'weights.pth')
  const told: DownloadProgress[] = []
  const result = await download({
    ...{
      url,
      destination,
      environment,
      sha256: DIGEST.slice(0, 8).toUpperCase(),
      sizeBytes: BYTES.length,
      limits: QUICK,
    },
    onProgress: (progress) => told.push(progress),
  })
  assert.deepEqual(result, { path: destination, sizeBytes: BYTES.length, sha256: DIGEST, fetchedBytes: BYTES.length })
  assert.ok(readFileSync(destination).equals(BYTES))
  assert.deepEqual(readdirSync(folder), ['weights.pth'])
  assert.equal(seen[0]?.headers.range, undefined)
  assert.equal(seen[0]?.headers['accept-encoding'], 'identity')
  assert.deepEqual(told.at(-1), { phase: 'receiving', receivedBytes: BYTES.length, totalBytes: BYTES.length })
})

test('a file that is there and fits is taken without a request', async (t) => {
  const { url, seen } = await serve(t, (request, response) => sendFile(request, response, BYTES))
  const destination = join(folderFor(t), 'weights.pth')
  writeFileSync(destination, BYTES)
  const result = await download({ url, destination, environment, sha256: DIGEST, limits: QUICK })
  assert.deepEqual([result.fetchedBytes, result.sha256, seen.length], [0, DIGEST, 0])
})

test('another file at the destination is an error and is left alone', async (t) => {
  const { url, seen } = await serve(t, (request, response) => sendFile(request, response, BYTES))
  const destination = join(folderFor(t), 'weights.pth')
  writeFileSync(destination, 'mine')
  await assert.rejects(download({ url, destination, environment, sha256: DIGEST, limits: QUICK }), (error: Error) => {
    assert.ok(error instanceof FileError)
    assert.match(error.message, new RegExp(`expected sha256 ${DIGEST}, got ${sha256(Buffer.from('mine'))}`))
    return true
  })
  assert.equal(readFileSync(destination, 'utf8'), 'mine')
  assert.equal(seen.length, 0)
})

for (const [name, headers, condition] of [
  ['an ETag', { etag: '"v1"' }, '"v1"'],
  ['a Last-Modified date', { 'last-modified': 'Wed, 01 Jul 2020 10:00:00 GMT' }, 'Wed, 01 Jul 2020 10:00:00 GMT'],
  ['only a weak ETag, but a digest to check', { etag: 'W/"v1"' }, undefined],
] as const) {
  test(`a cut connection is continued by a range: ${name}`, async (t) => {
    const destination = join(folderFor(t), 'weights.pth')
    const { url, seen } = await serve(t, (request, response, index) => {
      const cut = BYTES.subarray(0, 1_200_000)
      if (index === 0) sendCut(response, cut, { ...WHOLE, ...headers }, `${destination}.part`)
      else sendFile(request, response, BYTES, condition ?? '"v1"')
    })
    const told: DownloadProgress[] = []
    const onProgress = (progress: DownloadProgress): number => told.push(progress)
    const result = await download({ url, destination, environment, sha256: DIGEST, limits: QUICK, onProgress })
    assert.ok(readFileSync(destination).equals(BYTES))
    assert.equal(result.fetchedBytes, BYTES.length, 'no byte twice')
    assert.equal(seen.length, 2)
    assert.equal(seen[1]?.headers.range, 'bytes=1200000-')
    assert.equal(seen[1]?.headers['if-range'], condition)
    assert.equal(told.filter(({ phase }) => phase === 'retrying').length, 1)
  })
}

test('without digest and strong validator nothing is pieced together', async (t) => {
  const destination = join(folderFor(t), 'weights.pth')
  const { url, seen } = await serve(t, (request, response, index) => {
    if (index === 0)
      sendCut(response, BYTES.subarray(0, 1_200_000), { ...WHOLE, etag: 'W/"v1"' }, `${destination}.part`)
    else sendFile(request, response, BYTES)
  })
  await download({ url, destination, environment, limits: QUICK })
  assert.ok(readFileSync(destination).equals(BYTES))
  assert.equal(seen[1]?.headers.range, undefined)
})

test('many cuts are survived as long as each try brings new ground', async (t) => {
  const destination = join(folderFor(t), 'weights.pth')
  const all = weights(12_000_000)
  const { url, seen } = await serve(t, (request, response) => {
    const from = Number(/\d+/.exec(request.headers.range ?? '0')?.[0])
    if (from > 10_000_000) return sendFile(request, response, all)
    const range = { 'content-range': `bytes ${from}-${all.length - 1}/${all.length}` }
    const headers = { etag: '"v1"', 'content-length': all.length - from, ...(from > 0 ? range : {}) }
    const cut = all.subarray(from, from + 2_000_000)
    sendCut(response, cut, headers, `${destination}.part`, from + cut.length)
  })
  await download({ url, destination, environment, sha256: sha256(all), limits: { ...QUICK, attempts: 2 } })
  assert.ok(readFileSync(destination).equals(all))
  assert.equal(seen.length, 6)
})

test('a server without ranges is asked again from the start, a bounded number of times', async (t) => {
  const destination = join(folderFor(t), 'weights.pth')
  const { url, seen } = await serve(t, (_, response, index) => {
    // More each time, so that the size tells whether the second try has arrived.
    if (index < 2)
      sendCut(response, BYTES.subarray(0, 2_000_000 + index), { ...WHOLE, etag: '"v1"' }, `${destination}.part`)
    else response.writeHead(200, { etag: '"v1"', 'content-length': BYTES.length }).end(BYTES)
  })
  const result = await download({ url, destination, environment, sha256: DIGEST, limits: QUICK })
  assert.ok(readFileSync(destination).equals(BYTES))
  assert.equal(seen[1]?.headers.range, 'bytes=2000000-')
  assert.equal(result.fetchedBytes, BYTES.length + 4_000_001)

  const always = await serve(t, (_, response) =>
    sendCut(response, BYTES.subarray(0, 2_000_000), { ...WHOLE, etag: '"v1"' }),
  )
  const other = join(folderFor(t), 'weights.pth')
  await assert.rejects(
    download({ url: always.url, destination: other, environment, sha256: DIGEST, limits: QUICK }),
    (error: Error) => {
      assert.ok(error instanceof DownloadError)
      assert.match(error.message, /got .*3 tries in a row.* \d+ bytes are kept/)
      return true
    },
  )
  assert.ok(!existsSync(other))
  assert.ok(always.seen.length <= 4)
})

test('a file that changes on the server in between is taken from its start', async (t) => {
  const destination = join(folderFor(t), 'weights.pth')
  const newer = weights(2_500_000, 7)
  const { url, seen } = await serve(t, (request, response, index) => {
    if (index === 0) sendCut(response, BYTES.subarray(0, 1_200_000), { ...WHOLE, etag: '"v1"' }, `${destination}.part`)
    else sendFile(request, response, newer, '"v2"')
  })
  const result = await download({ url, destination, environment, limits: QUICK })
  assert.equal(seen[1]?.headers['if-range'], '"v1"')
  assert.ok(readFileSync(destination).equals(newer))
  assert.equal(result.sha256, sha256(newer))
})

test('a range of the wrong place is thrown away', async (t) => {
  const destination = join(folderFor(t), 'weights.pth')
  const { url, seen } = await serve(t, (request, response, index) => {
    if (index === 0)
      return sendCut(response, BYTES.subarray(0, 1_200_000), { ...WHOLE, etag: '"v1"' }, `${destination}.part`)
    if (index === 2) return sendFile(request, response, BYTES)
    const range = `bytes 1000-${BYTES.length - 1}/${BYTES.length}`
    response.writeHead(206, { 'content-range': range, 'content-length': BYTES.length - 1000 }).end(BYTES.subarray(1000))
  })
  await download({ url, destination, environment, limits: QUICK })
  assert.ok(readFileSync(destination).equals(BYTES))
  assert.equal(seen.length, 3)
})

test('an aborted download keeps its part, and the next one continues it', async (t) => {
  const { url, seen } = await serve(t, (request, response, index) => {
    if (index > 0) return sendFile(request, response, BYTES)
    response.writeHead(200, { etag: '"v1"', 'content-length': BYTES.length }).write(BYTES.subarray(0, 1_500_000))
  })
  const folder = folderFor(t)
  const destination = join(folder, 'weights.pth')
  const stop = new AbortController()
  const first = download({
    ...{ url, destination, environment, sha256: DIGEST, limits: QUICK, signal: stop.signal },
    onProgress: ({ receivedBytes }) => {
      if (receivedBytes > 0) setTimeout(() => stop.abort(new Error('enough')), 50)
    },
  })
  await assert.rejects(first, (error: Error) => {
    assert.ok(error instanceof DownloadError)
    assert.match(error.message, /got a request to stop\. What has been received is kept/)
    assert.equal((error.cause as Error).message, 'enough')
    return true
  })
  assert.deepEqual(readdirSync(folder).sort(), ['weights.pth.part', 'weights.pth.part.json'])
  assert.ok(!readFileSync(join(folder, 'weights.pth.part.json'), 'utf8').includes('127.0.0.1'), 'no address on disk')
  const result = await download({ url, destination, environment, sha256: DIGEST, limits: QUICK })
  assert.ok(readFileSync(destination).equals(BYTES))
  const kept = Number(/^bytes=(\d+)-$/.exec(seen[1]?.headers.range ?? '')?.[1])
  assert.ok(kept > 0 && kept <= 1_500_000)
  assert.equal(result.fetchedBytes, BYTES.length - kept)
})

/** Leaves behind what a killed download of `bytes` leaves. */
function leavePart(destination: string, url: string, bytes: Uint8Array, totalBytes: number | undefined): void {
  writeFileSync(`${destination}.part`, bytes)
  const source = sha256(Buffer.from(url))
  writeFileSync(`${destination}.part.json`, JSON.stringify({ source, etag: '"v1"', totalBytes }))
}

test('a part that was damaged on disk is noticed and fetched again', async (t) => {
  const { url, seen } = await serve(t, (request, response) => sendFile(request, response, BYTES))
  const destination = join(folderFor(t), 'weights.pth')
  leavePart(destination, url, new Uint8Array(1_000_000), BYTES.length)
  await download({ url, destination, environment, sha256: DIGEST, limits: QUICK })
  assert.ok(readFileSync(destination).equals(BYTES))
  assert.deepEqual([seen.length, seen[0]?.headers.range, seen[1]?.headers.range], [2, 'bytes=1000000-', undefined])
})

test('a part that is whole but damaged is fetched again, once', async (t) => {
  const { url, seen } = await serve(t, (request, response) => sendFile(request, response, BYTES))
  const destination = join(folderFor(t), 'weights.pth')
  leavePart(destination, url, new Uint8Array(BYTES.length), BYTES.length)
  await download({ url, destination, environment, sha256: DIGEST, limits: QUICK })
  assert.ok(readFileSync(destination).equals(BYTES))
  assert.deepEqual([seen.length, seen[0]?.headers.range], [1, undefined])

  const other = join(folderFor(t), 'weights.pth')
  leavePart(other, url, new Uint8Array(BYTES.length), BYTES.length)
  const request = { url, destination: other, environment, sha256: 'e632da11', limits: QUICK }
  await assert.rejects(download(request), /starts with e632da11 .* got one with sha256/)
  assert.equal(seen.length, 2)
})

test('a part that the server calls whole is whole', async (t) => {
  const { url, seen } = await serve(t, (request, response) => sendFile(request, response, BYTES))
  const destination = join(folderFor(t), 'weights.pth')
  leavePart(destination, url, BYTES, undefined)
  const result = await download({ url, destination, environment, limits: QUICK })
  assert.deepEqual([seen.length, seen[0]?.headers.range, result.fetchedBytes], [1, `bytes=${BYTES.length}-`, 0])
  assert.equal(result.sha256, DIGEST)
})

test('a part that is already whole needs no request; one that is too long is thrown away', async (t) => {
  const { url, seen } = await serve(t, (request, response) => sendFile(request, response, BYTES))
  const destination = join(folderFor(t), 'weights.pth')
  leavePart(destination, url, BYTES, BYTES.length)
  const result = await download({ url, destination, environment, sha256: DIGEST, limits: QUICK })
  assert.deepEqual([seen.length, result.fetchedBytes, existsSync(`${destination}.part.json`)], [0, 0, false])
  assert.ok(readFileSync(destination).equals(BYTES))

  const other = join(folderFor(t), 'weights.pth')
  leavePart(other, url, Buffer.concat([BYTES, BYTES]), BYTES.length)
  await download({ url, destination: other, environment, sha256: DIGEST, limits: QUICK })
  assert.ok(readFileSync(other).equals(BYTES))
})

test('the part of another address, or with a damaged sidecar, is not used', async (t) => {
  const { url, seen } = await serve(t, (request, response) => sendFile(request, response, BYTES))
  const other = join(folderFor(t), 'weights.pth')
  leavePart(other, 'http://127.0.0.1/other', BYTES.subarray(0, 1000), BYTES.length)
  await download({ url, destination: other, environment, limits: QUICK })
  for (const sidecar of ['', 'null', '{"source":1}', '[', ' '.repeat(5000)]) {
    const destination = join(folderFor(t), 'weights.pth')
    leavePart(destination, url, BYTES.subarray(0, 1000), BYTES.length)
    const padded = sidecar.startsWith(' ') ? readFileSync(`${destination}.part.json`, 'utf8') + sidecar : sidecar
    writeFileSync(`${destination}.part.json`, padded)
    await download({ url, destination, environment, limits: QUICK })
    assert.ok(readFileSync(destination).equals(BYTES), sidecar.slice(0, 20))
  }
  assert.ok(seen.every(({ headers }) => headers.range === undefined))
})

test('a sidecar cannot smuggle header lines', async (t) => {
  const { url, seen } = await serve(t, (request, response) => sendFile(request, response, BYTES))
  const destination = join(folderFor(t), 'weights.pth')
  leavePart(destination, url, BYTES.subarray(0, 1000), BYTES.length)
  const source = sha256(Buffer.from(url))
  writeFileSync(`${destination}.part.json`, JSON.stringify({ source, etag: '"a"\r\nx: y', lastModified: 'a\r\nb' }))
  await download({ url, destination, environment, sha256: DIGEST, limits: QUICK })
  assert.equal(seen[0]?.headers['if-range'], undefined)
  assert.ok(readFileSync(destination).equals(BYTES))
})

test('obtainCheckpoint: the cache, then torch hub, then the network', async (t) => {
  const { url, seen } = await serve(t, (request, response) => sendFile(request, response, BYTES))
  const home = folderFor(t)
  const hub = join(home, 'torch', 'hub', 'checkpoints')
  const place = environmentOf({ DETRS_CACHE: join(home, 'cache'), TORCH_HOME: join(home, 'torch') })
  const request = { url, fileName: 'detr-r50.pth', sha256: DIGEST.slice(0, 8), environment: place, limits: QUICK }
  mkdirSync(hub, { recursive: true })
  writeFileSync(join(hub, 'detr-r50.pth'), BYTES)
  assert.deepEqual(await obtainCheckpoint(request), {
    ...{ path: join(hub, 'detr-r50.pth'), origin: 'torch-hub', sizeBytes: BYTES.length, sha256: DIGEST },
  })
  assert.deepEqual([seen.length, existsSync(join(home, 'cache'))], [0, false])
  writeFileSync(join(hub, 'detr-r50.pth'), 'something else of that name')
  const path = join(home, 'cache', 'checkpoints', 'detr-r50.pth')
  assert.deepEqual([(await obtainCheckpoint(request)).origin, seen.length], ['download', 1])
  assert.deepEqual(await obtainCheckpoint(request), {
    ...{ path, origin: 'detrs-cache', sizeBytes: BYTES.length, sha256: DIGEST },
  })
  assert.equal(seen.length, 1)
  assert.equal(readFileSync(join(hub, 'detr-r50.pth'), 'utf8'), 'something else of that name')
})
