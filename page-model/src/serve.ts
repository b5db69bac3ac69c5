/** @file A server on this machine alone that gives the browser an empty page and the typefaces. */
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fontFaces } from './fonts.js'

export interface FontServer {
  readonly address: string
  readonly close: () => void
}

export async function serveFonts(): Promise<FontServer> {
  const { css, files } = fontFaces()
  const blank = `<!doctype html><html><head><meta charset="utf-8"><style>${css} html, body { margin: 0; }</style><style id="look"></style></head><body></body></html>`
  const server = createServer((request, response) => {
    const path = decodeURI(request.url ?? '/')
    const file = files.get(path)
    if (path === '/') response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(blank)
    else if (file === undefined) response.writeHead(404).end()
    else {
      readFile(file).then(
        (bytes) =>
          response.writeHead(200, { 'content-type': 'font/woff2', 'cache-control': 'max-age=86400' }).end(bytes),
        () => response.writeHead(404).end(),
      )
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { address: `http://127.0.0.1:${port}/`, close: () => server.close() }
}
