/** @file Session options of the C API from ours. */
import { appendName, LOG_SEVERITY, type NativeEnvironment, newHandle } from './environment.ffi.node.js'
import type { Pointer } from './ort-api.ffi.node.js'
import type { SessionOptions } from './session.js'

const OPTIMIZATION = { none: 0, basic: 1, extended: 2, all: 99 } as const

/** Native session options, and what must stay referenced until the session exists. */
export interface NativeSessionOptions {
  readonly handle: Pointer
  readonly pins: readonly unknown[]
}

/**
 * Fills native session options; the caller releases the handle.
 * @throws Error with ONNX Runtime's message when a provider's libraries are missing.
 */
export function nativeSessionOptions(
  environment: NativeEnvironment,
  threads: number,
  options: SessionOptions,
): NativeSessionOptions {
  const { api } = environment
  const handle = newHandle((out) => api.CreateSessionOptions(out))
  try {
    api.SetSessionLogSeverityLevel(handle, LOG_SEVERITY)
    api.SetSessionGraphOptimizationLevel(handle, OPTIMIZATION[options.graphOptimization ?? 'all'])
    api.AddSessionConfigEntry(handle, 'session.use_env_allocators', '1')
    if (threads === environment.poolThreads) {
      api.DisablePerSessionThreads(handle)
    } else {
      api.SetIntraOpNumThreads(handle, threads)
      api.AddSessionConfigEntry(handle, 'session.intra_op.allow_spinning', '0')
    }
    for (const [name, size] of Object.entries(options.freeDimensions ?? {})) {
      api.AddFreeDimensionOverrideByName(handle, name, size)
    }
    for (const provider of options.providers ?? []) appendProvider(environment, handle, provider)
    return { handle, pins: addExternalData(environment, handle, options) }
  } catch (error) {
    api.ReleaseSessionOptions(handle)
    throw error
  }
}

function appendProvider({ api }: NativeEnvironment, handle: Pointer, provider: string): void {
  if (provider === 'cpu') return
  if (provider === 'cuda') {
    const cuda = newHandle((out) => api.CreateCUDAProviderOptions(out))
    try {
      api.SessionOptionsAppendExecutionProvider_CUDA_V2(handle, cuda)
    } finally {
      api.ReleaseCUDAProviderOptions(cuda)
    }
    return
  }
  if (provider === 'dml') api.DisableMemPattern(handle)
  api.SessionOptionsAppendExecutionProvider(handle, appendName(provider)!, null, null, 0)
}

function addExternalData({ api }: NativeEnvironment, handle: Pointer, options: SessionOptions): readonly unknown[] {
  const files = options.externalData ?? []
  if (files.length === 0) return []
  // ORTCHAR_T: paths are UTF-16 on Windows.
  const encoding = process.platform === 'win32' ? 'utf16le' : 'utf8'
  const paths = files.map(({ path }) => Buffer.from(`${path}\0`, encoding))
  const pathPointers = BigUint64Array.from(paths, (path) => api.address(path))
  const dataPointers = BigUint64Array.from(files, ({ data }) => api.address(data))
  const lengths = BigUint64Array.from(files, ({ data }) => BigInt(data.byteLength))
  api.AddExternalInitializersFromFilesInMemory(handle, pathPointers, dataPointers, lengths, files.length)
  return [paths, pathPointers, dataPointers, lengths, files]
}
