import assert from 'node:assert/strict'
import { it } from 'node:test'
import { ConfigError, RuntimeError } from '../tensor/index.js'
import { ADD, contract } from './contract.test.suite.js'
import { createWebRuntime } from './ort.web.js'

contract('web', () => createWebRuntime(), false)

it('says that onnxruntime-web is not installed', async () => {
  const load = (): Promise<unknown> => Promise.reject(new Error("Cannot find package 'onnxruntime-web'"))
  await assert.rejects(createWebRuntime({ load }), (error: ConfigError) => {
    assert.match(error.message, /npm install onnxruntime-web/)
    return error instanceof ConfigError
  })
  await assert.rejects(createWebRuntime({ load: () => import('node:path') }), ConfigError)
})

it('says what was loaded instead of onnxruntime-web', async () => {
  for (const [loaded, got] of [
    [null, 'null'],
    [undefined, 'undefined'],
    [{}, 'another module'],
  ] as const) {
    await assert.rejects(createWebRuntime({ load: async () => loaded }), (error: ConfigError) => {
      assert.match(error.message, new RegExp(`^load: expected an entry of onnxruntime-web, got ${got}\\.`))
      return error instanceof ConfigError
    })
  }
})

it('refuses an onnxruntime-web that is too old to say what a model takes', async () => {
  const load = async (): Promise<unknown> => ({ ...fakeModule(''), env: { versions: { web: '1.21.1' }, wasm: {} } })
  await assert.rejects(createWebRuntime({ load }), (error: ConfigError) => {
    assert.match(error.message, /^onnxruntime-web: expected version 1\.24 or later, got 1\.21\.1\. /)
    return error instanceof ConfigError
  })
})

it('refuses providers that the package does not have', async () => {
  await assert.rejects(createWebRuntime({ providers: ['cuda'] }), (error: ConfigError) => {
    assert.equal(error.message, "providers: expected execution providers among wasm, cpu, got 'cuda'.")
    return error instanceof ConfigError
  })
  await assert.rejects(createWebRuntime({ providers: ['webgpu'] }), (error: ConfigError) => {
    assert.match(error.message, /'webgpu'\. For webgpu, also pass load: \(\) => import\('onnxruntime-web\/webgpu'\)\.$/)
    return error instanceof ConfigError
  })
})

it('uses WebGPU only where there is an adapter', async () => {
  const load = (): Promise<unknown> => import('onnxruntime-web/wasm')
  await assert.rejects(createWebRuntime({ load, providers: ['webgpu'] }), (error: RuntimeError) => {
    assert.match(error.message, /^providers: expected a browser with WebGPU, .*got no WebGPU/)
    return error instanceof RuntimeError
  })
  const runtime = await createWebRuntime({ load, providers: ['webgpu', 'wasm'] })
  assert.deepEqual(runtime.providers, ['wasm', 'cpu'])
})

/** An onnxruntime-web whose sessions cannot be made. */
function fakeModule(message: string): { readonly env: { readonly wasm: { numThreads?: number } } } {
  const create = (): Promise<never> => Promise.reject(new Error(message))
  return { InferenceSession: { create }, Tensor: class {}, env: { versions: {}, wasm: {} } } as never
}

it('does not blame the model when the engine has no WebAssembly file', async () => {
  const module = fakeModule(
    'no available backend found. ERR: [wasm] RuntimeError: Aborted(both async and sync fetching)',
  )
  const runtime = await createWebRuntime({ load: async () => module })
  await assert.rejects(runtime.createSession(ADD), /^RuntimeError: onnxruntime-web: expected its WebAssembly file/)
})

it('has one thread on a page that is not isolated, and those of the first session', async () => {
  const isolated = (value: boolean | undefined): void =>
    Object.assign(globalThis, { crossOriginIsolated: value }) as unknown as undefined
  try {
    isolated(false)
    const module = fakeModule('out of memory')
    const load = async (): Promise<unknown> => module
    assert.equal((await createWebRuntime({ load, threads: 2 })).threads, 1)
    isolated(true)
    const [two, three] = [await createWebRuntime({ load, threads: 2 }), await createWebRuntime({ load, threads: 3 })]
    assert.deepEqual([two.threads, three.threads], [2, 3])
    await assert.rejects(two.createSession(ADD))
    assert.equal(module.env.wasm.numThreads, 2)
    assert.deepEqual([two.threads, three.threads], [2, 2])
  } finally {
    Reflect.deleteProperty(globalThis, 'crossOriginIsolated')
  }
})
