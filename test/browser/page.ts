/** @file What the browser test runs in the page: a tiny DETR from pixels to boxes on WebAssembly, its numbers posted back. */
import { Detector, resizeBilinear, targetSize } from '../../src/index.js'
import { createWebRuntime } from '../../src/index.web.js'
import { ruleImageBytes } from '../support/rule.js'
import { loadTinyModel } from '../support/tiny-model.js'

async function run(): Promise<unknown> {
  const started = performance.now()
  const runtime = await createWebRuntime({ wasmPaths: '/node_modules/onnxruntime-web/dist/' })
  const detector = await Detector.create(loadTinyModel(), runtime, {
    prepare: async (image: { width: number; height: number; data: Uint8Array }, rule) => ({
      resized: resizeBilinear(image, targetSize(image, rule)),
      original: { width: image.width, height: image.height },
    }),
    close: async () => {},
  })
  const image = { width: 160, height: 120, data: ruleImageBytes(1, 120, 160) }
  const [result] = await detector.detect([image], { threshold: 0 })
  return { result, engine: runtime.name, version: runtime.version, milliseconds: performance.now() - started }
}

const report = await run().catch((error: unknown) => ({ error: String(error) }))
document.body.textContent = JSON.stringify(report, null, 2)
await fetch('/report', { method: 'POST', body: JSON.stringify(report) })
