/** @file Answers requests with files, on isolated pages: what WebAssembly needs for threads. */
import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname, join, normalize } from 'node:path'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
}

/** The path that is asked for, without query. */
export function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').replace(/[?#].*$/s, '')
}

/** Makes the page that gets this answer cross-origin isolated. */
export function isolate(response: ServerResponse): void {
  response.setHeader('cross-origin-opener-policy', 'same-origin')
  response.setHeader('cross-origin-embedder-policy', 'require-corp')
}

/** Sends the file of that path under `root`, `index.html` for a folder; 404 for everything else. */
export async function sendFile(root: string, path: string, response: ServerResponse): Promise<void> {
  try {
    // `normalize` of an absolute path cannot lead out of it.
    const relative = normalize(decodeURIComponent(path.endsWith('/') ? `${path}index.html` : path))
    const content = await readFile(join(root, relative))
    response.setHeader('content-type', TYPES[extname(relative)] ?? 'application/octet-stream')
    response.end(content)
  } catch {
    response.writeHead(404).end()
  }
}
