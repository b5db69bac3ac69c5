/**
 * @file The environment of ONNX Runtime: one pool of threads and one arena for all sessions of the process. (Sessions
 * with pools of their own spin against each other, +50 % time; six arenas hold 2.0 GB where one holds 0.9.)
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { defaultThreads } from './cpu-count.node.js'
import type { FfiOptions } from './ffi-options.js'
import { type OrtLibrary, openOrtLibrary } from './library.ffi.node.js'
import type { OrtApi, Pointer } from './ort-api.ffi.node.js'
import { RunGate } from './run-gate.js'

/** What every session needs. */
export interface NativeEnvironment {
  readonly api: OrtApi
  readonly library: OrtLibrary
  readonly env: Pointer
  /** Memory info of the CPU's memory. */
  readonly cpuMemory: Pointer
  /** Allocator of the strings that the C API hands out. */
  readonly allocator: Pointer
  /** Options of every run; its terminate flag is raised when the process exits. */
  readonly runOptions: Pointer
  /** Threads of the shared pool. */
  readonly poolThreads: number
  /** Providers that sessions can use, in short lower-case names; drivers that they need may still be missing. */
  readonly providers: readonly string[]
  /** Keeps at least one thread of libuv's pool free for files and name look-ups. */
  readonly gate: RunGate
}

/** ONNX Runtime's "fatal": everything else is an error that is thrown, not printed. */
export const LOG_SEVERITY = 4
const ARENA_ALLOCATOR = 1
const DEFAULT_MEMORY = 0

/** Providers by ONNX Runtime's name: ours, and the name under which sessions append them (CPU's needs none). */
const PROVIDERS: ReadonlyMap<string, { readonly name: string; readonly appendAs?: string }> = new Map([
  ['CPUExecutionProvider', { name: 'cpu' }],
  ['CUDAExecutionProvider', { name: 'cuda' }],
  ['CoreMLExecutionProvider', { name: 'coreml', appendAs: 'CoreML' }],
  ['DmlExecutionProvider', { name: 'dml', appendAs: 'DML' }],
  ['WebGpuExecutionProvider', { name: 'webgpu', appendAs: 'WebGPU' }],
])

/** Name by which the C API appends a provider. */
export function appendName(provider: string): string | undefined {
  return [...PROVIDERS.values()].find(({ name }) => name === provider)?.appendAs
}

let opened: Promise<NativeEnvironment> | undefined

/**
 * The environment of this thread, created at the first call; the native one behind it is shared by the process.
 * @throws ConfigError, RuntimeError as openOrtLibrary does.
 */
export function nativeEnvironment(options: FfiOptions = {}): Promise<NativeEnvironment> {
  opened ??= open(options)
  // A failure may be mended (a package installed, koffi configured): the next call tries again.
  opened.catch(() => {
    opened = undefined
  })
  return opened
}

async function open(options: FfiOptions): Promise<NativeEnvironment> {
  const library = await openOrtLibrary()
  const { api } = library
  const poolThreads = options.threads ?? defaultThreads()

  const threading = newHandle((out) => api.CreateThreadingOptions(out))
  api.SetGlobalIntraOpNumThreads(threading, poolThreads)
  api.SetGlobalSpinControl(threading, options.spinning === true ? 1 : 0)
  const env = newHandle((out) => api.CreateEnvWithGlobalThreadPools(LOG_SEVERITY, 'detrs', threading, out))
  api.ReleaseThreadingOptions(threading)
  api.DisableTelemetryEvents(env)

  const cpuMemory = newHandle((out) => api.CreateCpuMemoryInfo(ARENA_ALLOCATOR, DEFAULT_MEMORY, out))
  api.CreateAndRegisterAllocator(env, cpuMemory, null)
  const runOptions = newHandle((out) => api.CreateRunOptions(out))
  // process.exit joins libuv's threads, so a long run would delay it: runs end at their next operator instead.
  process.once('exit', () => api.RunOptionsSetTerminate(runOptions))

  const uvThreads = Number(process.env['UV_THREADPOOL_SIZE'] ?? 4)
  return {
    api,
    library,
    env,
    cpuMemory,
    allocator: newHandle((out) => api.GetAllocatorWithDefaultOptions(out)),
    runOptions,
    poolThreads,
    providers: usableProviders(api, library.folder),
    gate: new RunGate(Math.max(1, (Number.isInteger(uvThreads) ? uvThreads : 4) - 1)),
  }
}

/** One word for out-parameters: a fresh array per call would cost more than the call. */
const outWord = new BigUint64Array(1)

/** The pointer or size that a C function writes into its last parameter; `create` calls that function, and at once. */
export function newHandle(create: (out: BigUint64Array) => void): Pointer {
  create(outWord)
  return outWord[0]!
}

function usableProviders(api: OrtApi, folder: string): string[] {
  const list = new BigUint64Array(1)
  const count = new Int32Array(1)
  api.GetAvailableProviders(list, count)
  const names = api.texts(list[0]!, count[0]!)
  api.ReleaseAvailableProviders(list[0]!, count[0]!)
  return (
    [...PROVIDERS]
      .filter(([name]) => names.includes(name))
      .map(([, provider]) => provider.name)
      // CUDA's code is a file of its own, which the npm package does not contain.
      .filter((name) => name !== 'cuda' || hasCudaLibrary(folder))
  )
}

function hasCudaLibrary(folder: string): boolean {
  return ['libonnxruntime_providers_cuda.so', 'onnxruntime_providers_cuda.dll'].some((file) =>
    existsSync(join(folder, file)),
  )
}
