/** @file Headless Chromium on the pages of the repository. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { isolate, pathOf, sendFile } from '../../examples/browser/static-files.js'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

const IMPORTS = {
  fflate: '/node_modules/fflate/esm/browser.js',
  'onnxruntime-web/wasm': '/node_modules/onnxruntime-web/dist/ort.wasm.min.mjs',
}

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** A page that runs one script. */
function pageOf(script: string): string {
  return `<!doctype html><meta charset="utf-8"><title>detrs</title>
<script type="importmap">${JSON.stringify({ imports: IMPORTS })}</script>
<body>running…<script type="module" src="${encodeURI(script)}"></script>`
}

/** The page that README shows, word for word. */
function readmePage(): string {
  const page = /^```html\n([\s\S]*?)^```/m.exec(readFileSync(join(ROOT, 'README.md'), 'utf8'))?.[1]
  if (page === undefined) throw new Error('README.md shows no page')
  return page
}

/** Serves the repository, and itself as an installed package; `onReport` gets what a page posts. */
async function serve(onReport: (report: string) => void): Promise<Server> {
  const server = createServer(async (request, response) => {
    const path = pathOf(request)
    isolate(response)
    if (path === '/report') {
      onReport(await text(request))
      response.end()
      return
    }
    if (path === '/frame' || path === '/readme.html') {
      const script = new URLSearchParams(request.url?.replace(/^[^?]*/, '')).get('script') ?? ''
      response.setHeader('content-type', 'text/html')
      response.end(path === '/frame' ? pageOf(script) : readmePage())
      return
    }
    await sendFile(ROOT, path.replace(/^\/node_modules\/detrs\//, '/'), response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

/** What a script that runs in a page of headless Chromium posts to /report. */
export async function reportFromChromium(script: string): Promise<string> {
  const profile = mkdtempSync(join(tmpdir(), 'detrs-chromium-'))
  let server: Server | undefined
  let browser: ChildProcess | undefined
  try {
    return await new Promise<string>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error('the page did not report within 240 s')), 240_000)
      late.unref()
      void serve(resolve).then((listening) => {
        server = listening
        const { port } = listening.address() as AddressInfo
        const url = `http://127.0.0.1:${port}/frame?script=${script}`
        browser = spawn(process.env['CHROMIUM'] ?? 'chromium', [...FLAGS, `--user-data-dir=${profile}`, url])
        browser.on('error', ({ message }) => {
          reject(new Error(`Chromium cannot be started: ${message}. Set $CHROMIUM to its path.`))
        })
      })
    })
  } finally {
    server?.close()
    server?.closeAllConnections()
    if (browser?.kill()) await once(browser, 'exit')
    // Chromium's helpers may still be writing; what is left lies in the system's temporary folder.
    await rm(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 }).catch(() => {})
  }
}
