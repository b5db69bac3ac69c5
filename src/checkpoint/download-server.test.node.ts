/**
 * @file For the tests of downloads: a web server on 127.0.0.1 that answers as each test says, and remembers what
 * it was asked; folders that vanish after the test.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo, Server as NetServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { CacheEnvironment } from './cache.node.js'
import type { DownloadLimits } from './download-request.node.js'

/** Short pauses, so that tests of retries take milliseconds. */
export const QUICK: DownloadLimits = {
  attempts: 3,
  firstPauseMs: 5,
  stallMs: 5000,
  maxBytes: 64 * 2 ** 20,
  heartbeatMs: 60,
}

/** Answers the request number `index`, counted from 0. */
export type Answer = (request: IncomingMessage, response: ServerResponse, index: number) => void

export interface TestServer {
  /** Address of the file `weights.pth`. */
  readonly url: string
  readonly port: number
  readonly seen: IncomingMessage[]
  readonly server: Server
}

/** A server for one test. */
export async function serve(t: TestContext, answer: Answer): Promise<TestServer> {
  const seen: IncomingMessage[] = []
  const server = createServer((request, response) => {
    seen.push(request)
    answer(request, response, seen.length - 1)
  })
  const port = await listen(t, server)
  t.after(() => server.closeAllConnections())
  return { url: `http://127.0.0.1:${port}/weights.pth`, port, seen, server }
}

/** Lets any server listen on a free port until the test ends. */
export async function listen(t: TestContext, server: NetServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  return (server.address() as AddressInfo).port
}

/** A folder for one test. */
export function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'detrs-download-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export function environmentOf(env: Record<string, string> = {}, homedir = '/nowhere'): CacheEnvironment {
  return { env, platform: process.platform, homedir }
}

/** `length` bytes that depend on `seed` and begin like a zip file. */
export function weights(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length)
  let state = seed * 0x9e3779b1
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    bytes[i] = state >>> 24
  }
  bytes.set([0x50, 0x4b, 3, 4, 0, 0])
  return bytes
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Answers as a good file server does: ranges, If-Range, ETag. */
export function sendFile(request: IncomingMessage, response: ServerResponse, bytes: Buffer, etag = '"v1"'): void {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? Number.NaN)
  const condition = request.headers['if-range']
  response.setHeader('etag', etag)
  response.setHeader('accept-ranges', 'bytes')
  if (Number.isNaN(from) || (condition !== undefined && condition !== etag)) {
    response.writeHead(200, { 'content-length': bytes.length }).end(bytes)
  } else if (from >= bytes.length) {
    response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end()
  } else {
    const range = `bytes ${from}-${bytes.length - 1}/${bytes.length}`
    response.writeHead(206, { 'content-range': range, 'content-length': bytes.length - from }).end(bytes.subarray(from))
  }
}

/**
 * Sends a head that announces more than the `some` bytes that follow, and breaks the connection once `part` has grown to
 * `size` bytes (what the client has not written by then is lost to it), or after a moment where no `part` is named.
 */
export function sendCut(
  response: ServerResponse,
  some: Buffer,
  headers: OutgoingHttpHeaders,
  part?: string,
  size: number = some.length,
): void {
  response.writeHead(headers['content-range'] === undefined ? 200 : 206, headers).write(some)
  let looks = 0
  const timer = setInterval(() => {
    if (part === undefined ? ++looks > 5 : existsSync(part) && statSync(part).size >= size) response.destroy()
  }, 10)
  response.on('close', () => clearInterval(timer))
}
