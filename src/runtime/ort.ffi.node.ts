/** @file The engine `ffi`: the C API of ONNX Runtime, called through koffi. Node's default. */
import { ConfigError, RuntimeError } from '../tensor/index.js'
import { engineError } from './engine-error.js'
import { type FfiOptions, type NativeEnvironment, nativeEnvironment } from './environment.ffi.node.js'
import { fixDimensions } from './feed-check.js'
import type { Pointer } from './ort-api.ffi.node.js'
import { FfiSession, pinned } from './session.ffi.node.js'
import type { Runtime, Session, SessionOptions } from './session.js'
import { nativeSessionOptions } from './session-options.ffi.node.js'
import { inputInfos, outputInfos } from './value-info.ffi.node.js'

/**
 * The engine over the native library of the package onnxruntime-node, whose own JavaScript is never loaded: runs and
 * session creation leave the event loop free, tensors are bound in place, SharedArrayBuffers work.
 *
 * Memory bound to a run must not change, nor be transferred to another thread, until the run's promise settles. Dispose
 * sessions before their worker thread is terminated: nobody can free them afterwards.
 * @throws ConfigError when koffi or the library is not installed; RuntimeError when it cannot be opened.
 */
export async function createFfiRuntime(options: FfiOptions = {}): Promise<Runtime> {
  const environment = await nativeEnvironment(options)
  const threads = options.threads ?? environment.poolThreads
  return {
    name: 'ffi',
    version: environment.api.version,
    providers: environment.providers,
    threads,
    createSession: (model, sessionOptions) => createSession(environment, threads, model, sessionOptions ?? {}),
  }
}

async function createSession(
  environment: NativeEnvironment,
  runtimeThreads: number,
  model: Uint8Array,
  options: SessionOptions,
): Promise<Session> {
  const { api, env, gate } = environment
  const label = options.label ?? 'model'
  const threads = options.threads ?? runtimeThreads
  if (!(Number.isInteger(threads) && threads >= 1)) {
    throw new ConfigError({ where: 'threads', expected: 'a positive integer', got: String(threads) })
  }
  if (model.length === 0) {
    throw new RuntimeError({ where: label, expected: 'the bytes of an ONNX model', got: 'no bytes' })
  }
  let handle: Pointer
  await gate.enter()
  try {
    const native = nativeSessionOptions(environment, threads, options)
    try {
      const out = new BigUint64Array(1)
      await pinned([model, native.pins, out], () =>
        api.CreateSessionFromArray.start(env, model, model.length, native.handle, out),
      )
      handle = out[0]!
    } finally {
      api.ReleaseSessionOptions(native.handle)
    }
  } catch (error) {
    throw error instanceof ConfigError ? error : engineError(label, 'a model that ONNX Runtime can load', error)
  } finally {
    gate.leave()
  }
  try {
    const fix = options.freeDimensions
    return new FfiSession(environment, {
      handle,
      label,
      inputs: inputInfos(environment, handle).map((info) => fixDimensions(info, fix)),
      outputs: outputInfos(environment, handle).map((info) => fixDimensions(info, fix)),
    })
  } catch (error) {
    api.ReleaseSession(handle)
    throw error
  }
}
