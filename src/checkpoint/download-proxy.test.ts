import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer, request as send } from 'node:http'
import { connect, createServer as createSocketServer } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { DownloadError } from '../tensor/index.js'
import { download } from './download.node.js'
import {
  environmentOf,
  folderFor,
  listen,
  QUICK,
  sendCut,
  sendFile,
  serve,
  weights,
} from './download-server.test.node.js'
import { proxyFor } from './proxy-settings.js'

const BYTES = weights(1_500_000)

test('which proxy: scheme, case, all_proxy, no_proxy', () => {
  for (const [url, env, proxy] of [
    ['http://host/', {}, undefined],
    ['http://host/', { HTTP_PROXY: 'http://p:1' }, 'http://p:1/'],
    ['https://host/', { HTTP_PROXY: 'http://p:1' }, undefined],
    ['https://host/', { HTTPS_PROXY: 'http://p:1', HTTP_PROXY: 'http://q:1' }, 'http://p:1/'],
    ['https://host/', { HTTPS_PROXY: 'http://p:1', https_proxy: 'http://q:1' }, 'http://q:1/'],
    ['https://host/', { HTTPS_PROXY: 'http://p:1', https_proxy: '' }, undefined],
    ['http://host/', { all_proxy: 'http://p:1' }, 'http://p:1/'],
    ['https://host/', { ALL_PROXY: 'http://p:1', https_proxy: 'http://q:1' }, 'http://q:1/'],
    ['http://host/', { http_proxy: ' p:3128 ' }, 'http://p:3128/'],
    ['http://host/', { http_proxy: 'p' }, 'http://p/'],
    ['http://host/', { http_proxy: 'http://me:a%40b@p:1' }, 'http://me:a%40b@p:1/'],
    ['https://host/', { all_proxy: 'socks5h://p:1080' }, 'socks5://p:1080'],
  ] as const) {
    assert.equal(proxyFor(new URL(url), env)?.href, proxy, JSON.stringify([url, env]))
  }
  for (const [url, list, exempt] of [
    ['https://a.host/', 'host', true],
    ['https://a.host/', '.host', true],
    ['https://a.host/', '*.host', true],
    ['https://HOST/', 'x, Host', true],
    ['https://ahost/', 'host', false],
    ['https://host.a/', 'host', false],
    ['https://host/', 'x y\thost', true],
    ['https://host/', 'host:443', true],
    ['https://host/', 'host:80', false],
    ['http://host:8080/', 'host:8080', true],
    ['http://10.0.0.1/', '10.0.0.1', true],
    ['http://[::1]/', '::1', true],
    ['http://[::1]:8080/', '[::1]:8080', true],
    ['http://anything/', '*', true],
    ['http://anything/', 'a,*', true],
    ['http://anything/', ', ,', false],
    ['http://anything/', '', false],
  ] as const) {
    for (const name of ['no_proxy', 'NO_PROXY']) {
      const proxy = proxyFor(new URL(url), { all_proxy: 'http://p:1', [name]: list })
      assert.equal(proxy === undefined, exempt, `${url} ${list}`)
    }
  }
  for (const setting of ['http://', 'ftp://p:1', 'socks4://p:1', 'http://me:secret@:1', 'http://a b']) {
    assert.throws(
      () => proxyFor(new URL('https://host/'), { HTTPS_PROXY: setting }),
      (error: Error) => error instanceof DownloadError && !error.message.includes('secret'),
    )
  }
})

interface Proxy {
  readonly host: string
  readonly asked: string[]
  readonly logins: (string | undefined)[]
}

/** A proxy that sends every request to the server on `port`, whatever its host; CONNECT is answered with `connectStatus`. */
async function proxyTo(t: TestContext, port: number, connectStatus = '403 Forbidden'): Promise<Proxy> {
  const asked: string[] = []
  const logins: (string | undefined)[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    logins.push(request.headers['proxy-authorization'])
    const path = new URL(request.url ?? '').pathname
    const inner = send({ host: '127.0.0.1', port, path, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
      answer.on('aborted', () => response.destroy())
    })
    inner.end()
  })
  server.on('connect', (request, socket) => {
    asked.push(`CONNECT ${request.url}`)
    logins.push(request.headers['proxy-authorization'])
    if (connectStatus !== '') socket.end(`HTTP/1.1 ${connectStatus}\r\n\r\n`)
  })
  const host = `127.0.0.1:${await listen(t, server)}`
  t.after(() => server.closeAllConnections())
  return { host, asked, logins }
}

test('http goes through the proxy, also when the connection breaks in between', async (t) => {
  const { port, seen } = await serve(t, (request, response, index) => {
    if (index === 0) sendCut(response, BYTES.subarray(0, 1_200_000), { etag: '"v1"', 'content-length': BYTES.length })
    else sendFile(request, response, BYTES)
  })
  const { host, asked, logins } = await proxyTo(t, port)
  const environment = environmentOf({ http_proxy: `http://me:secret@${host}`, no_proxy: 'other.invalid' })
  const destination = join(folderFor(t), 'weights.pth')
  await download({ url: 'http://weights.invalid/a.pth', destination, environment, limits: QUICK })
  assert.ok(readFileSync(destination).equals(BYTES))
  assert.deepEqual(asked, ['GET http://weights.invalid/a.pth', 'GET http://weights.invalid/a.pth'])
  assert.match(seen[1]?.headers.range ?? '', /^bytes=[1-9]\d*-$/)
  assert.equal(logins[0], `Basic ${Buffer.from('me:secret').toString('base64')}`)
})

test('https asks the proxy for a tunnel; a refusal names the proxy and no password', async (t) => {
  for (const status of ['403 Forbidden', '407 Proxy Authentication Required']) {
    const { host, asked, logins } = await proxyTo(t, 1, status)
    const environment = environmentOf({ HTTPS_PROXY: `http://me:secret@${host}` })
    const url = 'https://weights.invalid/a.pth'
    const done = download({ url, destination: join(folderFor(t), 'a.pth'), environment, limits: QUICK })
    await assert.rejects(done, (error: Error) => {
      assert.ok(error instanceof DownloadError, error.stack)
      assert.ok(error.message.includes(`got HTTP ${status} from the proxy ${host}. Check HTTP_PROXY`), error.message)
      assert.ok(!error.message.includes('secret'))
      return true
    })
    assert.deepEqual(asked, ['CONNECT weights.invalid:443'])
    assert.equal(logins[0], `Basic ${Buffer.from('me:secret').toString('base64')}`)
  }
})

test('a proxy that wants a password for http', async (t) => {
  const { port } = await serve(t, (_, response) => response.writeHead(407).end())
  const environment = environmentOf({ HTTP_PROXY: `http://127.0.0.1:${port}` })
  const url = 'http://weights.invalid/a.pth'
  const done = download({ url, destination: join(folderFor(t), 'a.pth'), environment, limits: QUICK })
  await assert.rejects(done, /DownloadError: .*got HTTP 407 Proxy Authentication Required from the proxy/)
})

test('a proxy that is not there, or says nothing', async (t) => {
  const url = 'https://weights.invalid/a.pth'
  const destination = join(folderFor(t), 'a.pth')
  const limits = { ...QUICK, attempts: 2, stallMs: 150 }
  const dead = environmentOf({ all_proxy: 'http://127.0.0.1:1' })
  const refused = download({ url, destination, environment: dead, limits })
  await assert.rejects(refused, /got connect ECONNREFUSED 127\.0\.0\.1:1 through the proxy 127\.0\.0\.1:1 \(2 tries/)
  const { host, asked } = await proxyTo(t, 1, '')
  const silent = download({ url, destination, environment: environmentOf({ all_proxy: `http://${host}` }), limits })
  await assert.rejects(silent, /got no answer for 0\.15 s/)
  assert.equal(asked.length, 2)
})

test('NO_PROXY connects directly, and variables of the process itself are not read', async (t) => {
  const { url } = await serve(t, (request, response) => sendFile(request, response, BYTES))
  const dead = { HTTP_PROXY: 'http://127.0.0.1:1', ALL_PROXY: 'http://127.0.0.1:1' }
  const environment = environmentOf({ ...dead, NO_PROXY: 'localhost,127.0.0.1' })
  const destination = join(folderFor(t), 'weights.pth')
  await download({ url, destination, environment, limits: QUICK })
  assert.ok(readFileSync(destination).equals(BYTES))

  const before = process.env['HTTP_PROXY']
  process.env['HTTP_PROXY'] = 'http://127.0.0.1:1'
  t.after(() => {
    if (before === undefined) delete process.env['HTTP_PROXY']
    else process.env['HTTP_PROXY'] = before
  })
  await download({ url, destination: join(folderFor(t), 'a'), environment: environmentOf(), limits: QUICK })
})

test('a SOCKS5 proxy carries the download', async (t) => {
  const { port, seen } = await serve(t, (request, response) => sendFile(request, response, BYTES))
  let asked = ''
  const proxy = createSocketServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => {
      socket.write(Buffer.from([5, 0]))
      socket.once('data', (bytes) => {
        // Version, command, 0, address type 3 (a name), its length, the name, two bytes of port.
        asked = bytes.subarray(5, -2).toString()
        const inner = connect(port, '127.0.0.1', () => {
          socket.write(Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 0]))
          inner.pipe(socket).pipe(inner)
        })
        inner.on('error', () => socket.destroy())
      })
    })
  })
  const environment = environmentOf({ ALL_PROXY: `socks5h://127.0.0.1:${await listen(t, proxy)}` })
  const destination = join(folderFor(t), 'weights.pth')
  await download({ url: 'http://weights.invalid/a.pth', destination, environment, limits: QUICK })
  assert.ok(readFileSync(destination).equals(BYTES))
  assert.deepEqual([asked, seen.length], ['weights.invalid', 1])
})
