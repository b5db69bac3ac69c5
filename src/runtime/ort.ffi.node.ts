/** @file The engine `ffi`: the C API of ONNX Runtime, called through koffi. Node's default. */
import { engineError } from './engine-error.js'
import { type NativeEnvironment, nativeEnvironment } from './environment.ffi.node.js'
import { fixDimensions } from './feed-check.js'
import type { FfiOptions } from './ffi-options.js'
import type { Pointer } from './ort-api.ffi.node.js'
import { FfiSession, pinned } from './session.ffi.node.js'
import type { Runtime, Session, SessionOptions } from './session.js'
import { nativeSessionOptions } from './session-options.ffi.node.js'
import { checkRequest, checkThreads, type SessionRequest } from './session-request.js'
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
  if (options.threads !== undefined) checkThreads(options.threads)
  const environment = await nativeEnvironment(options)
  const { api, providers, poolThreads } = environment
  const threads = options.threads ?? poolThreads
  return {
    name: 'ffi',
    version: api.version,
    providers,
    threads,
    createSession: async (model, sessionOptions = {}) => {
      const request = checkRequest({ threads, providers }, model, sessionOptions)
      return createSession(environment, request, model, sessionOptions)
    },
  }
}

async function createSession(
  environment: NativeEnvironment,
  { label, threads }: SessionRequest,
  model: Uint8Array,
  options: SessionOptions,
): Promise<Session> {
  const { api, gate } = environment
  await gate.enter()
  let handle: Pointer
  try {
    handle = await compile(environment, threads, model, options)
  } catch (error) {
    throw engineError(label, 'a model that ONNX Runtime can load', error)
  } finally {
    gate.leave()
  }
  try {
    const fix = options.freeDimensions
    return new FfiSession(environment, {
      handle,
      label,
      bytes: bytesOfRequest(model, options),
      inputs: inputInfos(environment, handle).map((info) => fixDimensions(info, fix)),
      outputs: outputInfos(environment, handle).map((info) => fixDimensions(info, fix)),
    })
  } catch (error) {
    api.ReleaseSession(handle)
    throw error
  }
}

async function compile(
  environment: NativeEnvironment,
  threads: number,
  model: Uint8Array,
  options: SessionOptions,
): Promise<Pointer> {
  const { api, env, library } = environment
  const native = nativeSessionOptions(environment, threads, options)
  try {
    const out = new BigUint64Array(1)
    await pinned([model, native.pins, out], () =>
      api.CreateSessionFromArray.start(env, model, model.length, native.handle, out),
    )
    // What parsing has left behind goes back to the system while the caller already runs the session.
    library.trim(bytesOfRequest(model, options)).catch(() => undefined)
    return out[0]!
  } finally {
    api.ReleaseSessionOptions(native.handle)
  }
}

function bytesOfRequest(model: Uint8Array, options: SessionOptions): number {
  return (options.externalData ?? []).reduce((sum, { data }) => sum + data.byteLength, model.byteLength)
}
