import assert from 'node:assert/strict'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { DownloadError } from '../tensor/index.js'
import { downloadImage } from './download.node.js'

const ANSWERS: Readonly<Record<string, (response: ServerResponse) => void>> = {
  '/photo': (response) => response.end(Buffer.from([1, 2, 3])),
  '/once': (response) => response.writeHead(302, { location: '/photo' }).end(),
  '/circle': (response) => response.writeHead(301, { location: '/circle' }).end(),
  '/file': (response) => response.writeHead(302, { location: 'file:///etc/hosts' }).end(),
  '/nowhere': (response) => response.writeHead(302).end(),
  '/announced': (response) => response.writeHead(200, { 'content-length': '1000' }).end(Buffer.alloc(1000)),
  '/endless': (response) => {
    const timer = setInterval(() => response.write(Buffer.alloc(1000)), 1)
    response.on('close', () => clearInterval(timer))
  },
  '/silent': () => {},
  '/breaks': (response) => {
    response.writeHead(200, { 'content-length': '100' })
    response.write('x')
    setTimeout(() => response.destroy(), 10)
  },
}

let server: Server
let base: string

before(async () => {
  server = createServer((request, response) => {
    const answer = ANSWERS[request.url!.split('?')[0]!]
    if (answer === undefined) response.writeHead(404).end()
    else answer(response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
after(() => {
  server.closeAllConnections()
  server.close()
})

async function refuses(
  path: string,
  message: RegExp,
  options: Parameters<typeof downloadImage>[1] = {},
): Promise<void> {
  const address = path.startsWith('/') ? base + path : path
  await assert.rejects(downloadImage(address, options), (error: unknown) => {
    assert.ok(error instanceof DownloadError, `${error}`)
    assert.match(error.message, message)
    return true
  })
}

test('a file is downloaded, through a redirect as well', async () => {
  assert.deepEqual([...(await downloadImage(`${base}/photo`))], [1, 2, 3])
  assert.deepEqual([...(await downloadImage(`${base}/once`))], [1, 2, 3])
})

test('nothing is asked for offline', async (t) => {
  process.env['DETRS_OFFLINE'] = '1'
  t.after(() => delete process.env['DETRS_OFFLINE'])
  await assert.rejects(downloadImage(`${base}/photo`), /got DETRS_OFFLINE, which forbids to ask for it\. Unset/)
})

test('what is too large, too slow, redirected in circles, broken off or missing is refused', async () => {
  await refuses('/announced', /expected at most 999 bytes, got more/, { maxBytes: 999 })
  await refuses('/endless', /expected at most 5000 bytes, got more/, { maxBytes: 5000 })
  await refuses('/silent', /no complete file within 0\.1 seconds/, { timeoutMs: 100 })
  await refuses('/endless', /no complete file within 0\.1 seconds/, { timeoutMs: 100 })
  await refuses('/circle', /expected at most 5 redirects, got more/)
  await refuses('/breaks', /a connection that broke off|terminated/)
  await refuses('/missing', /expected an image, got the answer 404 Not Found/)
  await refuses('/nowhere', /got the answer 302 Found/)
})

test('only http and https are spoken, and no secret is repeated', async () => {
  await refuses('/file', /expected an http or https address, got file:/)
  await refuses('ftp://example.org/a.jpg', /expected an http or https address/)
  await refuses('not an address', /expected an http or https address, got not an address/)
  await refuses('/missing?token=hush', /^(?!.*hush)/)
  await refuses('http://user:hush@127.0.0.1/', /^(?!.*hush).*without a user name or password/)
})

test('a host that does not answer is named as such', async () => {
  const closed = createServer()
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve))
  const { port } = closed.address() as AddressInfo
  await new Promise((resolve) => closed.close(resolve))
  await refuses(`http://127.0.0.1:${port}/a.jpg`, /expected an image, got a refused connection/)
})
