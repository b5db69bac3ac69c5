import assert from 'node:assert/strict'
import { it } from 'node:test'
import { ConfigError, RuntimeError } from '../tensor/index.js'
import { createNodeRuntime, firstThatWorks } from './create-runtime.node.js'
import { isAllOnes, longRun, longRunFeeds } from './long-run.test.fixture.js'
import type { Runtime } from './session.js'

const runtime: Runtime = {
  name: 'web',
  version: '1.0.0',
  providers: ['cpu'],
  threads: 1,
  createSession: () => Promise.reject(new Error('not called')),
}

it('chooses the FFI engine where it works', async () => {
  const choice = await createNodeRuntime({ threads: 2 })
  assert.equal(choice.runtime.name, 'ffi')
  assert.equal(choice.fallbackReason, undefined)
})

it('makes the engine that was asked for', async () => {
  assert.equal((await createNodeRuntime({ engine: 'node' })).runtime.name, 'node')
  const web = (await createNodeRuntime({ engine: 'web', threads: 2 })).runtime
  assert.equal(web.name, 'web')
  const session = await web.createSession(longRun(2))
  assert.ok(isAllOnes(await session.run(longRunFeeds())))
  await session.dispose()
})

it('falls back, and says why', async () => {
  const broken = (where: string) => (): Promise<Runtime> =>
    Promise.reject(new ConfigError({ where, expected: 'a package', got: 'none', next: `Install ${where}.` }))
  const choice = await firstThatWorks([broken('koffi'), broken('onnxruntime-node'), async () => runtime])
  assert.equal(choice.runtime, runtime)
  assert.match(choice.fallbackReason ?? '', /koffi: expected a package.*Install onnxruntime-node\.$/)
  await assert.rejects(firstThatWorks([broken('koffi')]), (error: RuntimeError) => {
    assert.match(error.message, /none\. koffi: expected a package/)
    return error instanceof RuntimeError
  })
})

it('refuses a bad option instead of trying other engines', async () => {
  await assert.rejects(createNodeRuntime({ engine: 'foo' as 'ffi' }), {
    name: 'ConfigError',
    message: "engine: expected one of ffi, node, web, got 'foo'.",
  })
  await assert.rejects(createNodeRuntime({ engine: null as never }), { name: 'ConfigError', path: 'engine' })
  await assert.rejects(createNodeRuntime({ threads: 1.5 }), ConfigError)
})
