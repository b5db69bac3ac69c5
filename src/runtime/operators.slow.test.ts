import assert from 'node:assert/strict'
import { it } from 'node:test'
import { isFloat, type TensorData, toNumbers } from '../tensor/index.js'
import { createFfiRuntime } from './ort.ffi.node.js'
import { createOnnxruntimeNodeRuntime } from './ort.onnxruntime-node.node.js'
import { createWebRuntime } from './ort.web.js'
import type { Runtime } from './session.js'
import { type OperatorCase, operatorNames, readOperatorCase, skipReason } from './tensor-proto.test.fixture.js'

/** Cases that say something else than ONNX Runtime does, and why. */
const KNOWN: ReadonlyMap<string, string> = new Map([
  ['test_cast_BFLOAT16_to_FLOAT', 'its files call bfloat16 uint16'],
  ['test_cast_FLOAT_to_BFLOAT16', 'its files call bfloat16 uint16'],
  ['test_resize_downsample_scales_cubic_align_corners', 'ONNX Runtime rounds the output size first'],
  ['test_resize_downsample_scales_linear_align_corners', 'ONNX Runtime rounds the output size first'],
])

const engines: readonly (readonly [string, () => Promise<Runtime>])[] = [
  ['ffi', () => createFfiRuntime({ threads: 2 })],
  ['node', () => createOnnxruntimeNodeRuntime({ threads: 2 })],
  ['web', () => createWebRuntime()],
]

for (const [name, make] of engines) {
  it(`engine ${name} runs ONNX's operator tests`, { skip: skipReason }, async (context) => {
    const runtime = await make()
    let right = 0
    const wrong: string[] = []
    for (const caseName of operatorNames()) {
      const test = KNOWN.has(caseName) ? undefined : readOperatorCase(caseName)
      if (test === undefined) continue
      try {
        await check(runtime, test)
        right++
      } catch (error) {
        wrong.push(`${caseName}: ${error}`)
      }
    }
    context.diagnostic(`${right} right`)
    assert.deepEqual(wrong, [])
    assert.ok(right > 300)
  })
}

async function check(runtime: Runtime, { model, inputs, outputs }: OperatorCase): Promise<void> {
  const session = await runtime.createSession(model)
  try {
    const feeds = Object.fromEntries(session.inputs.map((info, i) => [info.name, inputs[i]!]))
    const results = await session.run(feeds)
    session.outputs.forEach((info, i) => {
      compare(results[info.name]!, outputs[i]!)
    })
  } finally {
    await session.dispose()
  }
}

function compare(got: TensorData, expected: TensorData): void {
  assert.equal(got.dtype, expected.dtype)
  assert.deepEqual(got.shape, expected.shape)
  const [a, b] = [toNumbers(got), toNumbers(expected)]
  const tolerance = isFloat(got.dtype) ? (got.dtype === 'float16' || got.dtype === 'bfloat16' ? 1e-2 : 1e-4) : 0
  b.forEach((value, i) => {
    const off = Math.abs(a[i]! - value)
    assert.ok(
      Object.is(a[i], value) || a[i] === value || off <= tolerance * (1 + Math.abs(value)),
      `${a[i]} for ${value}`,
    )
  })
}
