/**
 * @file An exported DETR-R50 in somebody else's hands: onnx.checker with full shape inference and Python's ONNX Runtime, by
 * reference/check_onnx.py, on two batches of different sizes. `npm run export:check`
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { encodeSafetensors } from '../src/checkpoint/index.js'
import { exportOnnx } from '../src/export/index.js'
import { findModel } from '../src/models/index.js'
import { createFfiRuntime } from '../src/runtime/index.node.js'
import type { TensorData } from '../src/tensor/index.js'
import { findPython } from './support/python.js'
import { ruleImageBytes } from './support/rule.js'
import { loadByRule } from './support/rule-weights.js'

const python = findPython()
if (python === undefined)
  throw new Error('export:check needs a Python with reference/requirements.txt: set DETRS_PYTHON')
const folder = mkdtempSync(join(tmpdir(), 'detrs-export-'))
const model = findModel('detr-r50')
const loaded = loadByRule(model)
const script = fileURLToPath(new URL('../../reference/check_onnx.py', import.meta.url))
const runtime = await createFfiRuntime()

async function check(name: string, fromPhoto: boolean, inputs: readonly Record<string, TensorData>[]): Promise<void> {
  const file = join(folder, `${name}.onnx`)
  const bytes = exportOnnx(loaded, { fromPhoto, auxiliary: !fromPhoto })
  writeFileSync(file, bytes)
  const session = await runtime.createSession(bytes)
  for (const [i, feeds] of inputs.entries()) {
    const outputs = await session.run(feeds)
    const golden = join(folder, `${name}-${i}.safetensors`)
    const entries = [
      ...Object.entries(feeds).map(([key, value]) => [`inputs.${key}`, value] as const),
      ...Object.entries(outputs).map(([key, value]) => [`outputs.${key}`, value] as const),
    ]
    writeFileSync(golden, encodeSafetensors(new Map(entries)))
    console.log(`${name}, input ${i}`)
    execFileSync(python!, [script, file, golden, '--tolerance', fromPhoto ? '0.1' : '1e-3'], { stdio: 'inherit' })
  }
  await session.dispose()
}

function normalized(batch: number, height: number, width: number): Record<string, TensorData> {
  const { mean, std } = model.input
  const plane = height * width
  const pixels = new Float32Array(batch * 3 * plane)
  for (let n = 0; n < batch; n++) {
    const bytes = ruleImageBytes(n + 1, height, width)
    for (let i = 0; i < 3 * plane; i++) {
      const c = Math.floor(i / plane)
      pixels[n * 3 * plane + i] = (bytes[(i % plane) * 3 + c]! / 255 - mean[c]!) / std[c]!
    }
  }
  // The last image's lower half and right third are padding.
  const mask = Uint8Array.from({ length: batch * plane }, (_, i) => {
    const [n, y, x] = [Math.floor(i / plane), Math.floor((i % plane) / width), i % width]
    return n < batch - 1 || batch === 1 || (y < height / 2 && x < (2 * width) / 3) ? 1 : 0
  })
  for (let i = 0; i < pixels.length; i++) {
    if (mask[Math.floor(i / (3 * plane)) * plane + (i % plane)] === 0) pixels[i] = 0
  }
  return {
    pixel_values: { dtype: 'float32', shape: [batch, 3, height, width], data: pixels },
    pixel_mask: { dtype: 'bool', shape: [batch, height, width], data: mask },
  }
}

try {
  await check('network', false, [normalized(1, 256, 320), normalized(2, 231, 343)])
  const photo: TensorData = { dtype: 'uint8', shape: [120, 200, 3], data: ruleImageBytes(5, 120, 200) }
  await check('from-photo', true, [{ image: photo }])
} finally {
  rmSync(folder, { recursive: true })
}
process.exit(0)
