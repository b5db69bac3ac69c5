/**
 * @file Runs the detector in headless Chromium on WebAssembly and compares it with the native engine. `npm run test:browser`
 * looks for Chromium in $CHROMIUM and on the PATH.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { extname, join, normalize } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { type ImageDetections, resizeBilinear, targetSize } from '../../src/index.js'
import { createFfiRuntime, Detector } from '../../src/index.node.js'
import { ruleImageBytes } from '../support/rule.js'
import { loadTinyModel } from '../support/tiny-model.js'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
}
const IMPORTS = {
  fflate: '/node_modules/fflate/esm/browser.js',
  'onnxruntime-web/wasm': '/node_modules/onnxruntime-web/dist/ort.wasm.min.mjs',
}
const PAGE = `<!doctype html><meta charset="utf-8"><title>detrs</title>
<script type="importmap">${JSON.stringify({ imports: IMPORTS })}</script>
<body>running…<script type="module" src="/dist/test/browser/page.js"></script>`

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

interface PageReport {
  readonly error?: string
  readonly result: ImageDetections
  readonly engine: string
  readonly version: string
  readonly milliseconds: number
}

/** Serves the page and what it imports; `onReport` gets what the page posts. */
async function serve(onReport: (report: PageReport) => void): Promise<Server> {
  const server = createServer(async (request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname))
    // Threads in WebAssembly need an isolated page.
    response.setHeader('cross-origin-opener-policy', 'same-origin')
    response.setHeader('cross-origin-embedder-policy', 'require-corp')
    if (path === '/report') {
      onReport(JSON.parse(await text(request)))
      response.end()
      return
    }
    try {
      if (path !== '/' && !/^[\\/](dist|node_modules)[\\/]/.test(path)) throw new Error(path)
      const content = path === '/' ? PAGE : readFileSync(join(ROOT, path))
      response.setHeader('content-type', TYPES[path === '/' ? '.html' : extname(path)] ?? 'application/octet-stream')
      response.end(content)
    } catch {
      response.statusCode = 404
      response.end()
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

/** What the page reports from headless Chromium. */
async function reportOfPage(): Promise<PageReport> {
  const profile = mkdtempSync(join(tmpdir(), 'detrs-chromium-'))
  let server: Server | undefined
  let browser: ChildProcess | undefined
  try {
    return await new Promise<PageReport>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error('the page did not report within 120 s')), 120_000)
      late.unref()
      void serve(resolve).then((listening) => {
        server = listening
        const url = `http://127.0.0.1:${(listening.address() as AddressInfo).port}/`
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

const report = await reportOfPage()
if (report.error !== undefined) throw new Error(report.error)

const image = { width: 160, height: 120, data: ruleImageBytes(1, 120, 160) }
const native = await Detector.create(loadTinyModel(), await createFfiRuntime(), {
  prepare: async (photo: typeof image, rule) => ({
    resized: resizeBilinear(photo, targetSize(photo, rule)),
    original: { width: photo.width, height: photo.height },
  }),
  close: async () => {},
})
const [expected] = await native.detect([image], { threshold: 0 })
let largest = 0
report.result.detections.forEach((detection, i) => {
  const other = expected!.detections[i]!
  if (detection.label !== other.label) throw new Error(`detection ${i} is ${detection.label}, not ${other.label}`)
  largest = Math.max(largest, Math.abs(detection.score - other.score))
  for (const side of ['xmin', 'ymin', 'xmax', 'ymax'] as const) {
    largest = Math.max(largest, Math.abs(detection.box[side] - other.box[side]) / image.width)
  }
})
const seconds = (report.milliseconds / 1000).toFixed(1)
console.log(
  `browser: ${report.engine} ${report.version}, ${report.result.detections.length} detections in ${seconds} s`,
)
console.log(
  `largest difference from the native engine: ${largest.toExponential(1)} (scores and fractions of the width)`,
)
if (!(largest < 1e-4) || report.result.detections.length !== expected!.detections.length) {
  throw new Error('the browser and the native engine disagree')
}
await native.dispose()
