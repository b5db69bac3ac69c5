import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { DownloadError, FileError } from '../tensor/index.js'
import { download } from './download.node.js'
import { redirectTarget, retryAfterMs } from './download-http.node.js'
import type { DownloadProgress, DownloadRequest } from './download-request.node.js'
import {
  type Answer,
  environmentOf,
  folderFor,
  QUICK,
  sendFile,
  serve,
  sha256,
  weights,
} from './download-server.test.node.js'

const BYTES = weights(200_000)
const environment = environmentOf()

/** Downloads from a server that answers so; the error, the folder's names afterwards, and the count of requests. */
async function failure(
  t: TestContext,
  answer: Answer,
  extra: Partial<DownloadRequest> = {},
): Promise<{ error: Error; left: string[]; requests: number }> {
  const { url, seen } = await serve(t, answer)
  const folder = folderFor(t)
  const destination = join(folder, 'weights.pth')
  const done = download({ url, destination, environment, limits: QUICK, ...extra })
  const error: unknown = await done.then(
    () => assert.fail('the download succeeded'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof DownloadError || error instanceof FileError, String(error))
  assert.ok(!error.message.includes('\n'))
  return { error, left: readdirSync(folder), requests: seen.length }
}

for (const [status, words] of [
  [
    404,
    /got HTTP 404 Not Found\. Check the address, or fetch http:\S+weights\.pth in another way and put it at \S+weights\.pth\./,
  ],
  [403, /got HTTP 403 Forbidden\. The server wants a permission: fetch /],
  [401, /got HTTP 401 Unauthorized\. The server wants a permission/],
  [410, /got HTTP 410 Gone/],
  [204, /got HTTP 204 No Content/],
] as const) {
  test(`HTTP ${status} is final`, async (t) => {
    const { error, left, requests } = await failure(t, (_, response) => response.writeHead(status).end())
    assert.match(error.message, words)
    assert.deepEqual([left, requests], [[], 1])
  })
}

test('HTTP 500 twice, then fine', async (t) => {
  const { url, seen } = await serve(t, (request, response, index) => {
    if (index < 2) response.writeHead(500).end('oh no')
    else sendFile(request, response, BYTES)
  })
  const destination = join(folderFor(t), 'weights.pth')
  await download({ url, destination, environment, limits: QUICK })
  assert.ok(readFileSync(destination).equals(BYTES))
  assert.equal(seen.length, 3)
})

test('HTTP 503 for ever ends after the given number of tries', async (t) => {
  const { error, left, requests } = await failure(t, (_, response) => response.writeHead(503).end())
  assert.match(error.message, /got HTTP 503 Service Unavailable \(3 tries in a row\)\. Try again later, or fetch/)
  assert.deepEqual([left, requests], [[], 3])
})

test('Retry-After is waited for', async (t) => {
  const { url, seen } = await serve(t, (request, response, index) => {
    if (index === 0) response.writeHead(429, { 'retry-after': '1' }).end()
    else sendFile(request, response, BYTES)
  })
  const notes: unknown[] = []
  const onProgress = ({ note }: DownloadProgress): number => notes.push(note)
  await download({ url, destination: join(folderFor(t), 'a.pth'), environment, limits: QUICK, onProgress })
  assert.equal(notes[0], 'HTTP 429 Too Many Requests, next try in 1.0 s')
  assert.equal(seen.length, 2)
  assert.equal(retryAfterMs('120', 0), 120_000)
  assert.equal(retryAfterMs('Thu, 01 Jan 1970 00:00:09 GMT', 4000), 5000)
  assert.equal(retryAfterMs('Thu, 01 Jan 1970 00:00:01 GMT', 4000), 0)
  assert.equal(retryAfterMs('soon', 0), undefined)
})

test('no server: a connection that is refused', async (t) => {
  const { url, server } = await serve(t, () => undefined)
  await new Promise((resolve) => server.close(resolve))
  const done = download({ url, destination: join(folderFor(t), 'weights.pth'), environment, limits: QUICK })
  await assert.rejects(done, /DownloadError: weights\.pth: expected a file from .* got connect ECONNREFUSED .*3 tries/)
})

test('a wrong digest: the file is removed, the error says expected and got', async (t) => {
  const wanted = 'e632da11'
  const send: Answer = (request, response) => sendFile(request, response, BYTES)
  const { error, left, requests } = await failure(t, send, { sha256: wanted })
  assert.match(
    error.message,
    new RegExp(`sha256 that starts with ${wanted} .*got one with sha256 ${sha256(BYTES)}\\. It was`),
  )
  assert.deepEqual([left, requests], [[], 1])
})

test('a server that announces another size than demanded is refused before its bytes', async (t) => {
  const send: Answer = (request, response) => sendFile(request, response, BYTES)
  const { error, left, requests } = await failure(t, send, { sizeBytes: 166_618_694 })
  assert.match(error.message, /expected 166618694 bytes from .* got 200000 bytes\./)
  assert.deepEqual([left, requests], [[], 1])
})

test('a body that ends before the demanded size', async (t) => {
  const sizeBytes = BYTES.length + 1
  const short: Answer = (_, response) => response.write(BYTES, () => response.end())
  const first = await failure(t, short, { sizeBytes, sha256: sha256(BYTES) })
  assert.match(first.error.message, /got an end after 200000 of 200001 bytes \(3 tries in a row\)/)
  assert.equal(first.requests, 3)
  const ranged: Answer = (request, response, index) =>
    index === 0 ? short(request, response, 0) : sendFile(request, response, BYTES)
  const second = await failure(t, ranged, { sizeBytes, sha256: sha256(BYTES) })
  assert.match(second.error.message, /expected 200001 bytes from .* got 200000 bytes\./)
  assert.deepEqual([second.left, second.requests], [[], 2])
})

test('a body without end is cut off at the demanded size, or at the limit', async (t) => {
  const endless: Answer = (_, response) => {
    const more = (): void => void (response.destroyed || response.write(BYTES, () => setImmediate(more)))
    more()
  }
  const known = await failure(t, endless, { sizeBytes: 1_000_000 })
  assert.match(known.error.message, /expected 1000000 bytes from .* got 1\d{6} bytes or more/)
  assert.deepEqual([known.left, known.requests], [[], 1])
  const unknown = await failure(t, endless, { limits: { ...QUICK, maxBytes: 3_000_000 } })
  assert.match(unknown.error.message, /expected at most 3000000 bytes from/)
  assert.deepEqual(unknown.left, [])
  const announced: Answer = (_, response) => response.writeHead(200, { 'content-length': 1e12 }).write(BYTES)
  assert.match(
    (await failure(t, announced)).error.message,
    /expected at most 67108864 bytes .* got 1000000000000 bytes/,
  )
})

test('an empty answer is not a file', async (t) => {
  assert.match((await failure(t, (_, response) => response.end())).error.message, /got an empty file/)
  const chunked: Answer = (_, response) => response.writeHead(200, { 'transfer-encoding': 'chunked' }).end()
  assert.match((await failure(t, chunked)).error.message, /got an empty file/)
})

for (const [name, page] of [
  ['a web page', '\ufeff\n <!DOCTYPE html><title>Sign in</title>'],
  ['a web page', `<html>${'<p>please log in'.repeat(100)}`],
  ['a Git LFS pointer', 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n'],
] as const) {
  test(`${name} instead of weights: ${page.trim().slice(0, 20)}`, async (t) => {
    const { error, left } = await failure(t, (_, response) => response.end(page))
    assert.match(error.message, new RegExp(`expected weights from .* got ${name}`))
    assert.deepEqual(left, [])
  })
}

test('weights that begin like a tag are weights', async (t) => {
  // A safetensors header of 0x213c bytes begins with "<!".
  const bytes = Buffer.concat([Buffer.from([0x3c, 0x21, 0, 0, 0, 0, 0, 0]), BYTES])
  const { url } = await serve(t, (request, response) => sendFile(request, response, bytes))
  const result = await download({ url, destination: join(folderFor(t), 'a'), environment, limits: QUICK })
  assert.equal(result.sha256, sha256(bytes))
})

test('a page of another size than demanded is called by its type', async (t) => {
  const send: Answer = (_, response) =>
    response.writeHead(200, { 'content-type': 'text/html', 'content-length': 6 }).end('<html>')
  assert.match((await failure(t, send, { sizeBytes: 5 })).error.message, /got 6 bytes of text\/html/)
})

test('a compressed answer is refused: its bytes are not the file’s', async (t) => {
  const send: Answer = (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(BYTES)
  assert.match((await failure(t, send)).error.message, /got an answer in gzip encoding/)
})

test('redirects are followed, loops are not', async (t) => {
  const { url } = await serve(t, (request, response) => {
    if (request.url === '/weights.pth') response.writeHead(302, { location: 'moved/there' }).end()
    else if (request.url === '/moved/there') response.writeHead(307, { location: '/final' }).end('not this')
    else sendFile(request, response, BYTES)
  })
  const destination = join(folderFor(t), 'weights.pth')
  await download({ url, destination, environment, limits: QUICK })
  assert.ok(readFileSync(destination).equals(BYTES))
  const loop = await failure(t, (_, response) => response.writeHead(301, { location: '/weights.pth?secret=1' }).end())
  assert.match(loop.error.message, /expected at most 10 redirects from .* got one more, to http:\S+weights\.pth\?…\./)
  assert.deepEqual([loop.left, loop.requests], [[], 11])
  const nowhere = await failure(t, (_, response) => response.writeHead(302).end())
  assert.match(nowhere.error.message, /got one without a valid address/)
})

test('a redirect never leaves https, nor http for another scheme', () => {
  const secure = new URL('https://host/a/b')
  assert.equal(redirectTarget(secure, '../c?x=1', 'f').href, 'https://host/c?x=1')
  assert.equal(redirectTarget(new URL('http://host/a'), 'https://b/c', 'f').href, 'https://b/c')
  assert.throws(() => redirectTarget(secure, 'http://host/a/b', 'f'), /to https, got one to http:\/\/host\/a\/b/)
  for (const location of ['file:///etc/passwd', 'ftp://host/a', 'http://', undefined]) {
    assert.throws(() => redirectTarget(new URL('http://host/a'), location, 'f'), DownloadError)
  }
})

test('a server that falls silent is given up', async (t) => {
  const silent: Answer = (_, response) => response.writeHead(200, { 'content-length': 10 }).write('PK')
  const { error, requests } = await failure(t, silent, { limits: { ...QUICK, attempts: 2, stallMs: 150 } })
  assert.match(error.message, /got no answer for 0\.15 s \(2 tries in a row\)/)
  assert.equal(requests, 2)
  const mute = await failure(t, () => undefined, { limits: { ...QUICK, attempts: 1, stallMs: 150 } })
  assert.match(mute.error.message, /got no answer for 0\.15 s/)
})

test('an abort ends a download that waits for a slow server', { timeout: 10_000 }, async (t) => {
  const drip: Answer = (_, response) => {
    const timer = setInterval(() => response.write('PK\0'), 20)
    response.on('close', () => clearInterval(timer))
  }
  const { error } = await failure(t, drip, { signal: AbortSignal.timeout(200) })
  assert.match(error.message, /got a request to stop/)
  assert.equal((error.cause as Error).name, 'TimeoutError')
  const mute: Answer = (_, response) => response.write('PK')
  const limits = { ...QUICK, stallMs: 2 ** 31 - 1 }
  await failure(t, mute, { signal: AbortSignal.timeout(200), limits })
  const early = await failure(t, drip, { signal: AbortSignal.abort() })
  assert.deepEqual([early.left, early.requests], [[], 0])
})

test('offline: no request, and the error says how to put the file there', async (t) => {
  for (const env of [{ DETRS_OFFLINE: '1' }, { HF_HUB_OFFLINE: 'True' }]) {
    const { error, left, requests } = await failure(t, () => undefined, { environment: environmentOf(env) })
    const name = Object.keys(env)[0]
    assert.match(
      error.message,
      new RegExp(`expected the file at \\S+weights\\.pth, got no file there, and ${name} forbids`),
    )
    assert.match(
      error.message,
      new RegExp(`Unset ${name}, or fetch http:\\S+ in another way and put it at \\S+weights.pth\\.$`),
    )
    assert.deepEqual([left, requests], [[], 0])
  }
  const { url } = await serve(t, (request, response) => sendFile(request, response, BYTES))
  const off = environmentOf({ DETRS_OFFLINE: '0', HF_HUB_OFFLINE: '' })
  await download({ url, destination: join(folderFor(t), 'a'), environment: off, limits: QUICK })
})

test('folders that cannot be written', async (t) => {
  const { url, seen } = await serve(t, (request, response) => sendFile(request, response, BYTES))
  const folder = folderFor(t)
  writeFileSync(join(folder, 'file'), '')
  for (const destination of [join(folder, 'file', 'a.pth'), join(folder, 'file', 'deeper', 'a.pth')]) {
    await assert.rejects(download({ url, destination, environment, limits: QUICK }), (error: Error) => {
      assert.ok(error instanceof FileError, error.stack)
      assert.match(error.message, /expected a folder, got a file in its place \(ENOTDIR\)\. Choose another folder/)
      return true
    })
  }
  mkdirSync(join(folder, 'folder.pth'))
  const onFolder = download({ url, destination: join(folder, 'folder.pth'), environment, limits: QUICK })
  await assert.rejects(onFolder, FileError)
  mkdirSync(join(folder, 'b.pth.part'))
  const onPart = download({ url, destination: join(folder, 'b.pth'), environment, limits: QUICK })
  await assert.rejects(onPart, /FileError: \S+b\.pth\.part: expected a file, got a folder in its place/)
  assert.ok(!existsSync(join(folder, 'b.pth.lock')))
  assert.ok(seen.length <= 1)
})

test('requests that are not valid', async (t) => {
  const destination = join(folderFor(t), 'a.pth')
  const good = { url: 'http://127.0.0.1:1/', destination, environment }
  for (const [extra, words] of [
    [{ url: 'weights.pth' }, /got "weights\.pth"/],
    [{ url: 'file:///etc/passwd' }, /got file:\/\/\/etc\/passwd/],
    [{ url: 'https://me:secret@host/a' }, /without user name and password, got https:\/\/host\/a/],
    [{ sha256: 'e632da1' }, /expected a sha256 of 8 to 64 hex digits, got "e632da1"/],
    [{ sha256: 'xyz32da11' }, /sha256 of 8 to 64/],
    [{ sizeBytes: 0 }, /expected a size of 1 or more bytes, got 0/],
    [{ sizeBytes: Number.NaN }, /got NaN/],
  ] as const) {
    await assert.rejects(download({ ...good, ...extra }), (error: Error) => {
      assert.ok(error instanceof DownloadError)
      assert.match(error.message, words)
      assert.ok(!error.message.includes('secret'))
      return true
    })
  }
})

test('a full disk is noticed before the download, or while it runs', async (t) => {
  const bytes = weights(3_000_000)
  const { url } = await serve(t, (request, response) => {
    if (request.url?.endsWith('sized')) sendFile(request, response, bytes)
    else response.write(bytes, () => response.end())
  })
  const probe = spawnSync('unshare', ['-rm', 'true'])
  if (probe.status !== 0) return t.skip('needs Linux with the right to mount a small disk')
  const script = `
    const { download } = await import(${JSON.stringify(new URL('./download.node.js', import.meta.url).href)})
    for (const url of ['${url}?sized', '${url}']) {
      const environment = { env: {}, platform: 'linux', homedir: '/' }
      await download({ url, destination: process.argv[1] + '/a.pth', environment }).catch((error) => console.log(String(error)))
    }`
  const mount = 'mount -t tmpfs -o size=1m none "$1" && exec "$2" --input-type=module -e "$3" "$1"'
  const { spawn } = await import('node:child_process')
  const child = spawn('unshare', ['-rm', 'sh', '-c', mount, 'sh', folderFor(t), process.execPath, script])
  let out = ''
  for await (const chunk of child.stdout) out += String(chunk)
  const [before, during] = out.trim().split('\n')
  assert.match(
    before ?? '',
    /^FileError: \S+: expected room for 3000000 bytes on the disk, got 1\d{6} bytes\. Free some space/,
  )
  assert.match(
    during ?? '',
    /^FileError: \S+a\.pth\.part: expected room on the disk, got a full disk \(ENOSPC\)\. Free some/,
  )
})
