/**
 * @file The C functions of ONNX Runtime that this engine calls: their ordinals in `struct OrtApi` (which only ever
 * grows, so an ordinal never changes its meaning) and their prototypes. Functions that return a status throw here.
 */
import type { LibraryHandle } from 'koffi'

/** Version of `struct OrtApi` that is asked for; a library that is older answers with null. */
export const API_VERSION = 30

/** An address. */
export type Pointer = bigint

/** What the letters of a prototype stand for, to the caller. */
interface ArgumentTypes {
  /** An address, or a view whose memory the callee may use until the call returns; null is NULL. */
  readonly p: Pointer | null | ArrayBufferView
  /** A NUL-terminated string. */
  readonly t: string
  /** int */
  readonly i: number
  /** int64_t */
  readonly l: number
  /** size_t */
  readonly z: number
}

/** What the letters of a prototype stand for, to koffi. */
const NATIVE_TYPES: Readonly<Record<string, string>> = { p: 'void *', t: 'str', i: 'int', l: 'int64_t', z: 'size_t' }

/** Ordinal; `status` where the function returns a status, `free` where it returns nothing; parameters, by letter. */
type Signature = readonly [number, 'status' | 'free', string]

// biome-ignore format: a table
const FUNCTIONS = {
  DisableTelemetryEvents: [6, 'status', 'p'],
  CreateSessionFromArray: [8, 'status', 'ppzpp'],
  Run: [9, 'status', 'ppppzpzp'],
  CreateSessionOptions: [10, 'status', 'p'],
  DisableMemPattern: [17, 'status', 'p'],
  SetSessionLogSeverityLevel: [22, 'status', 'pi'],
  SetSessionGraphOptimizationLevel: [23, 'status', 'pi'],
  SetIntraOpNumThreads: [24, 'status', 'pi'],
  SessionGetInputCount: [30, 'status', 'pp'],
  SessionGetOutputCount: [31, 'status', 'pp'],
  SessionGetInputTypeInfo: [33, 'status', 'pzp'],
  SessionGetOutputTypeInfo: [34, 'status', 'pzp'],
  SessionGetInputName: [36, 'status', 'pzpp'],
  SessionGetOutputName: [37, 'status', 'pzpp'],
  CreateRunOptions: [39, 'status', 'p'],
  RunOptionsSetTerminate: [46, 'status', 'p'],
  CreateTensorWithDataAsOrtValue: [49, 'status', 'ppzpzip'],
  GetTensorMutableData: [51, 'status', 'pp'],
  CastTypeInfoToTensorInfo: [55, 'status', 'pp'],
  GetTensorElementType: [60, 'status', 'pp'],
  GetDimensionsCount: [61, 'status', 'pp'],
  GetDimensions: [62, 'status', 'ppz'],
  GetSymbolicDimensions: [63, 'status', 'ppz'],
  GetTensorTypeAndShape: [65, 'status', 'pp'],
  CreateCpuMemoryInfo: [69, 'status', 'iip'],
  AllocatorFree: [76, 'status', 'pp'],
  GetAllocatorWithDefaultOptions: [78, 'status', 'p'],
  ReleaseSession: [95, 'free', 'p'],
  ReleaseValue: [96, 'free', 'p'],
  ReleaseTypeInfo: [98, 'free', 'p'],
  ReleaseTensorTypeAndShapeInfo: [99, 'free', 'p'],
  ReleaseSessionOptions: [100, 'free', 'p'],
  CreateEnvWithGlobalThreadPools: [119, 'status', 'itpp'],
  DisablePerSessionThreads: [120, 'status', 'p'],
  CreateThreadingOptions: [121, 'status', 'p'],
  ReleaseThreadingOptions: [122, 'free', 'p'],
  AddFreeDimensionOverrideByName: [124, 'status', 'ptl'],
  GetAvailableProviders: [125, 'status', 'pp'],
  ReleaseAvailableProviders: [126, 'status', 'pi'],
  AddSessionConfigEntry: [130, 'status', 'ptt'],
  CreateAndRegisterAllocator: [144, 'status', 'ppp'],
  SetGlobalIntraOpNumThreads: [147, 'status', 'pi'],
  SetGlobalSpinControl: [149, 'status', 'pi'],
  SessionOptionsAppendExecutionProvider_CUDA_V2: [204, 'status', 'pp'],
  CreateCUDAProviderOptions: [205, 'status', 'p'],
  ReleaseCUDAProviderOptions: [208, 'free', 'p'],
  SessionOptionsAppendExecutionProvider: [216, 'status', 'ptppz'],
  AddExternalInitializersFromFilesInMemory: [279, 'status', 'ppppz'],
} as const

type ArgumentsOf<L extends string> = L extends `${infer Head extends keyof ArgumentTypes}${infer Rest}`
  ? [ArgumentTypes[Head], ...ArgumentsOf<Rest>]
  : []

/** A C function: call it, or `start` it on a thread of libuv's pool. */
export interface NativeFunction<A extends readonly unknown[]> {
  /** @throws Error with ONNX Runtime's message. */
  (...args: A): void
  /** The same without blocking; memory behind the arguments must stay referenced until the promise settles. */
  start(...args: A): Promise<void>
}

/** All functions by their C name, and the means to read what they point to. */
export type OrtApi = {
  readonly [N in keyof typeof FUNCTIONS]: NativeFunction<ArgumentsOf<(typeof FUNCTIONS)[N][2]>>
} & NativeMemory

/** Reads native memory. */
export interface NativeMemory {
  readonly version: string
  /** Address of a view's first byte; stable as long as the view's buffer is neither collected nor transferred. */
  address(view: ArrayBufferView): Pointer
  /** A NUL-terminated string. */
  text(pointer: Pointer): string
  /** `count` NUL-terminated strings from a list of pointers. */
  texts(list: Pointer, count: number): string[]
  /** A copy of `length` bytes into memory of JavaScript. */
  copy(pointer: Pointer, target: Uint8Array): void
}

type Koffi = typeof import('koffi').default
type Callable = ReturnType<LibraryHandle['func']>

/** The functions of an opened library; undefined when it does not serve API_VERSION. */
export function bindOrtApi(koffi: Koffi, library: LibraryHandle): OrtApi | undefined {
  const pointerSize = koffi.sizeof('void *')
  const entry = (table: Pointer, index: number, result: string, takes: readonly string[]): Callable =>
    koffi.decode(koffi.decode(table, index * pointerSize, 'void *'), koffi.proto(result, [...takes])) as Callable

  const base = library.func('OrtGetApiBase', 'void *', [])() as Pointer
  const table = entry(base, 0, 'void *', ['uint32_t'])(API_VERSION) as Pointer | null
  if (table === null) return undefined

  const messageOf = entry(table, 2, 'str', ['void *'])
  const releaseStatus = entry(table, 93, 'void', ['void *'])
  const check = (status: Pointer | null): void => {
    if (status === null || status === undefined) return
    const message = String(messageOf(status))
    releaseStatus(status)
    throw new Error(message)
  }

  const bind = ([at, returns, takes]: Signature): unknown => {
    const types = Array.from(takes, (letter) => NATIVE_TYPES[letter]!)
    const call = entry(table, at, returns === 'status' ? 'void *' : 'void', types)
    const start = (...args: unknown[]): Promise<void> =>
      new Promise((resolve, reject) => {
        call.async(...args, (error: unknown, status: Pointer | null) => {
          try {
            if (error) throw error
            check(status)
            resolve()
          } catch (cause) {
            reject(cause)
          }
        })
      })
    const run = returns === 'status' ? (...args: unknown[]): void => check(call(...args)) : call
    return Object.assign(run, { start })
  }

  const functions = Object.entries(FUNCTIONS).map(([name, signature]) => [name, bind(signature)])
  const memory: NativeMemory = {
    version: String(entry(base, 1, 'str', [])()),
    address: (view) => koffi.address(view),
    text: (pointer) => koffi.decode.string(pointer),
    texts: (list, count) => koffi.decode(list, 'str', count) as string[],
    copy: (pointer, target) => target.set(new Uint8Array(koffi.view(pointer, target.length))),
  }
  return { ...(Object.fromEntries(functions) as OrtApi), ...memory }
}
