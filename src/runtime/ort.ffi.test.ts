import assert from 'node:assert/strict'
import { it } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import koffi from 'koffi'
import { type TensorData, tensorData, toNumbers, zeros } from '../tensor/index.js'
import { ADD, contract, vector } from './contract.test.suite.js'
import { isLibraryName } from './library.ffi.node.js'
import { isAllOnes, longRun, longRunFeeds } from './long-run.test.fixture.js'
import { createFfiRuntime } from './ort.ffi.node.js'
import { pinned } from './session.ffi.node.js'
import { type TinyModel, tinyOnnx } from './tiny-onnx.test.fixture.js'

const make = (): ReturnType<typeof createFfiRuntime> => createFfiRuntime({ threads: 2 })

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

contract('ffi', make)

it('leaves the event loop free during a run', async () => {
  const session = await (await make()).createSession(longRun(150))
  const ticks = await ticksDuring(async () => assert.ok(isAllOnes(await session.run(longRunFeeds()))))
  assert.ok(ticks >= 5, `${ticks} ticks`)
  await session.dispose()
})

it('leaves the event loop free while a session is created', async () => {
  const weights = Array.from({ length: 12 }, (_, i) => ({
    name: `w${i}`,
    dims: [1024, 1024],
    values: new Float32Array(1024 * 1024).fill(1 / 1024),
  }))
  const model: TinyModel = {
    inputs: [['x', 'float32', [1, 1024]]],
    outputs: [['h11', 'float32', [1, 1024]]],
    steps: weights.map(({ name }, i) => ['MatMul', [i === 0 ? 'x' : `h${i - 1}`, name], [`h${i}`], `blocks.${i}`]),
    weights,
  }
  const bytes = tinyOnnx(model)
  const runtime = await make()
  const ticks = await ticksDuring(async () => (await runtime.createSession(bytes)).dispose())
  assert.ok(ticks >= 3, `${ticks} ticks`)
})

it('runs sessions with other thread counts than the shared pool', async () => {
  for (const threads of [1, 2, 3]) {
    const session = await (await make()).createSession(ADD, { threads })
    assert.deepEqual(toNumbers((await session.run({ a: vector(1), b: vector(2) }))['sum']!), [3])
    await session.dispose()
  }
  const other = await createFfiRuntime({ threads: 1 })
  assert.equal(other.threads, 1)
  const session = await other.createSession(longRun(2))
  assert.ok(isAllOnes(await session.run(longRunFeeds())))
  await session.dispose()
})

it('adds rows without a race in a session of one thread', async () => {
  const [rows, updates, width] = [16, 8000, 32]
  const model: TinyModel = {
    inputs: [
      ['zeros', 'float32', [rows, width]],
      ['indices', 'int64', [updates, 1]],
      ['ones', 'float32', [updates, width]],
    ],
    outputs: [['counts', 'float32', [rows, width]]],
    steps: [['ScatterND', ['zeros', 'indices', 'ones'], ['counts'], 'scatter', { reduction: 'add' }]],
  }
  // With two threads most of these sums come out too small.
  const session = await (await make()).createSession(tinyOnnx(model), { threads: 1 })
  const feeds = {
    zeros: zeros('float32', [rows, width]),
    indices: tensorData(
      'int64',
      [updates, 1],
      BigInt64Array.from({ length: updates }, (_, i) => BigInt(i % rows)),
    ),
    ones: tensorData('float32', [updates, width], new Float32Array(updates * width).fill(1)),
  }
  for (let i = 0; i < 10; i++) {
    const { counts } = await session.run(feeds)
    assert.ok((counts!.data as Float32Array).every((count) => count === updates / rows))
  }
  await session.dispose()
})

it('takes more runs at once than koffi takes calls', async () => {
  const session = await (await make()).createSession(ADD)
  const runs = Array.from({ length: 600 }, (_, i) => session.run({ a: vector(i), b: vector(1) }))
  const sums = (await Promise.all(runs)).map(({ sum }) => toNumbers(sum!)[0])
  assert.deepEqual(
    sums,
    Array.from({ length: 600 }, (_, i) => i + 1),
  )
  await session.dispose()
})

it('keeps memory of runs in flight from the garbage collector', async () => {
  const session = await (await make()).createSession(ADD)
  const fresh = (value: number): TensorData => tensorData('float32', [20000], new Float32Array(20000).fill(value))
  for (let round = 0; round < 30; round++) {
    const runs = Array.from({ length: 6 }, (_, i) =>
      session.run({ a: fresh(i), b: fresh(round) }, i % 2 === 0 ? {} : { into: { sum: fresh(-1) } }),
    )
    collect()
    const garbage = Array.from({ length: 50 }, () => new Float32Array(20000).fill(7))
    collect()
    for (const [i, { sum }] of (await Promise.all(runs)).entries()) {
      assert.ok((sum!.data as Float32Array).every((value) => value === i + round))
    }
    assert.equal(garbage.length, 50)
  }
  await session.dispose()
})

it('references whatever a native call may touch until the call has ended', async () => {
  let end: () => void = () => {}
  const memory = ((): WeakRef<object> => {
    const object = { data: new Float32Array(1000) }
    void pinned(object, () => new Promise((resolve) => (end = resolve)))
    return new WeakRef(object)
  })()
  const settle = async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve))
    collect()
  }
  await settle()
  assert.notEqual(memory.deref(), undefined)
  end()
  await settle()
  await settle()
  assert.equal(memory.deref(), undefined)
})

it('gives native calls a stack that is large enough', async () => {
  await make()
  assert.ok((koffi.config().async_stack_size ?? 0) >= 1024 * 1024)
})

it('survives sessions that were forgotten instead of disposed', async () => {
  const runtime = await make()
  for (let i = 0; i < 50; i++) {
    const session = await runtime.createSession(ADD)
    await session.run({ a: vector(1), b: vector(2) })
    if (i % 10 === 0) collect()
  }
  collect()
  await new Promise((resolve) => setTimeout(resolve, 20))
  const session = await runtime.createSession(ADD)
  assert.deepEqual(toNumbers((await session.run({ a: vector(1), b: vector(2) }))['sum']!), [3])
  await session.dispose()
})

it('knows the library by its name on every platform', () => {
  const files = ['libonnxruntime.so.1', 'libonnxruntime.1.dylib', 'libonnxruntime.1.30.0.dylib', 'onnxruntime.dll']
  const noise = ['onnxruntime_binding.node', 'libonnxruntime_providers_cuda.so', 'DirectML.dll']
  const found = (platform: string): string[] => [...files, ...noise].filter((name) => isLibraryName(name, platform))
  assert.deepEqual(found('linux'), ['libonnxruntime.so.1'])
  assert.deepEqual(found('darwin'), ['libonnxruntime.1.dylib'])
  assert.deepEqual(found('win32'), ['onnxruntime.dll'])
})

async function ticksDuring(work: () => Promise<void>): Promise<number> {
  let ticks = 0
  const timer = setInterval(() => {
    ticks++
  }, 1)
  await work()
  clearInterval(timer)
  return ticks
}
