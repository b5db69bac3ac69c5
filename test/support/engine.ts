/** @file Runs small graphs of tests on ONNX Runtime. */
import assert from 'node:assert/strict'
import type { Graph } from '../../src/graph/index.js'
import { encodeModel } from '../../src/onnx/index.js'
import { createFfiRuntime } from '../../src/runtime/ort.ffi.node.js'
import type { NamedTensors, Runtime, SessionOptions } from '../../src/runtime/session.js'
import { isFloat, type TensorData, toNumbers } from '../../src/tensor/index.js'

let runtime: Promise<Runtime> | undefined

/** The engine, opened once, with two threads. */
export function engine(): Promise<Runtime> {
  runtime ??= createFfiRuntime({ threads: 2 })
  return runtime
}

/** Runs model bytes once. */
export async function runModel(
  bytes: Uint8Array,
  feeds: NamedTensors,
  options: SessionOptions = {},
): Promise<Record<string, TensorData>> {
  const session = await (await engine()).createSession(bytes, options)
  try {
    return await session.run(feeds)
  } finally {
    await session.dispose()
  }
}

/** Encodes and runs a graph once, as it is: ONNX Runtime may rewrite nothing. */
export function runGraph(
  graph: Graph,
  feeds: NamedTensors,
  weights: ReadonlyMap<string, TensorData> = new Map(),
): Promise<Record<string, TensorData>> {
  return runModel(encodeModel(graph, { weights }).bytes, feeds, { graphOptimization: 'none' })
}

/** Same type, same shape; integers and truth values equal, floats as near as asked, NaN and infinities in place. */
export function assertClose(
  actual: TensorData | undefined,
  expected: TensorData,
  message: string,
  { relative = 1e-5, absolute = 1e-6 }: { readonly relative?: number; readonly absolute?: number } = {},
): void {
  assert.ok(actual !== undefined, `${message}: missing`)
  assert.equal(actual.dtype, expected.dtype, message)
  assert.deepEqual([...actual.shape], [...expected.shape], message)
  if (!isFloat(expected.dtype)) {
    assert.deepEqual(actual.data, expected.data, message)
    return
  }
  const values = toNumbers(actual)
  toNumbers(expected).forEach((want, i) => {
    const got = values[i]!
    const near = Math.abs(got - want) <= absolute + relative * Math.abs(want)
    if (!near && !Object.is(got, want)) assert.fail(`${message}: element ${i} is ${got}, expected ${want}`)
  })
}
