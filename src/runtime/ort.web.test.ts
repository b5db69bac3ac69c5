import assert from 'node:assert/strict'
import { it } from 'node:test'
import { ConfigError } from '../tensor/index.js'
import { contract } from './contract.test.suite.js'
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
