import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Graph } from '../graph/index.js'
import { encodeModel } from '../onnx/index.js'
import { createFfiRuntime, createOnnxruntimeNodeRuntime } from './index.node.js'

for (const [name, create] of [
  ['ffi', createFfiRuntime],
  ['node', createOnnxruntimeNodeRuntime],
] as const) {
  test(`${name}: an output that is an input of the graph has the input's values`, async () => {
    const graph = new Graph('pass')
    graph.output('x', graph.input('x', 'float32', [3]))
    const session = await (await create()).createSession(encodeModel(graph).bytes)
    const { x } = await session.run({ x: { dtype: 'float32', shape: [3], data: Float32Array.of(1, 2, 3) } })
    assert.deepEqual([...x!.data], [1, 2, 3])
    await session.dispose()
  })
}
