import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assemble, defineFunction, i32, load, op, repeatWhile, store, type WasmFunction } from './wasm-assembler.js'

/** What the module's function `run` leaves in memory, from address 0 on. */
function run(code: WasmFunction, ...parameters: readonly number[]): Int32Array {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(assemble([code], 1)))
  const { memory, run } = exports as { memory: WebAssembly.Memory; run: (...parameters: readonly number[]) => void }
  run(...parameters)
  return new Int32Array(memory.buffer)
}

test('constants of every length arrive as they are', () => {
  const values = [0, 1, -1, 63, 64, -64, -65, 127, 128, 8191, 8192, -8192, -8193, 2 ** 31 - 1, -(2 ** 31)]
  for (const value of values) {
    const code = defineFunction('run', { parameters: [], i32: [], v128: [] }, () => [
      store(i32(0), op('i32x4.splat', i32(value))),
    ])
    assert.equal(run(code)[0], value)
  }
})

test('a loop runs until its condition is 0, and variables keep apart', () => {
  const variables = { parameters: ['count', 'address'], i32: ['sum'], v128: ['result'] } as const
  const code = defineFunction('run', variables, ({ count, address, sum, result }) => [
    repeatWhile(count.get, sum.set(op('i32.add', sum.get, count.get)), count.set(op('i32.sub', count.get, i32(1)))),
    result.set(op('i32x4.splat', sum.get)),
    store(address.get, result.get),
  ])
  assert.deepEqual([...run(code, 1000, 16).subarray(3, 9)], [0, 500_500, 500_500, 500_500, 500_500, 0])
})

test('offsets and functions longer than a byte can say', () => {
  const code = defineFunction('run', { parameters: [], i32: [], v128: [] }, () => [
    store(i32(300), op('i32x4.splat', i32(7))),
    ...Array.from({ length: 2000 }, (_, i) => store(i32(16 * i), op('i32x4.splat', load('i32.load', i32(0), 300)))),
  ])
  assert.ok(
    run(code)
      .subarray(0, 8000)
      .every((value) => value === 7),
  )
})
