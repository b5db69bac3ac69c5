/** @file Finds and opens the native library that the package onnxruntime-node carries; that package's code never runs. */
import { existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { isMainThread } from 'node:worker_threads'
import type { LibraryHandle } from 'koffi'
import { ConfigError, RuntimeError } from '../tensor/index.js'
import { INSTALL_ONNXRUNTIME_NODE, missingPackage } from './missing-package.js'
import { API_VERSION, bindOrtApi, type OrtApi } from './ort-api.ffi.node.js'

/** An opened library. */
export interface OrtLibrary {
  readonly api: OrtApi
  /** Folder of the library; providers that are separate files lie beside it. */
  readonly folder: string
  /** koffi unloads a library whose handle was collected, under the feet of every function: it must stay referenced. */
  readonly handles: readonly LibraryHandle[]
  /**
   * Gives freed memory back to the system after a model of `bytes` was loaded or released. glibc would keep it: a model
   * with 174 MB of weights leaves 150 MB behind after loading and 350 MB after release (measured).
   */
  trim(bytes: number): Promise<void>
}

/**
 * Bytes of stack for native calls. koffi runs them on stacks of its own, by default of 128 KiB for asynchronous calls;
 * with 80 KiB ONNX's operator tests crash (measured). Pages are only mapped when touched.
 */
const STACK_BYTES = 8 * 1024 * 1024

/**
 * Keeps ONNX Runtime from sending telemetry, which its official builds do unless this variable is set before the first
 * session; a value that the user has set wins. A worker's process.env is a copy that native code does not see.
 */
export function disableTelemetry(): void {
  process.env['ORT_DISABLE_TELEMETRY'] ||= '1'
}

/**
 * Opens the library and binds its functions.
 * @throws ConfigError when koffi or onnxruntime-node is not installed or has nothing for this platform.
 * @throws RuntimeError when the library is too old or cannot be opened.
 */
export async function openOrtLibrary(): Promise<OrtLibrary> {
  disableTelemetry()
  const path = findLibrary()
  const koffi = await loadKoffi()
  let handles: LibraryHandle[]
  try {
    handles = [koffi.load(path), ...keepForever(koffi, path)]
  } catch (cause) {
    throw new RuntimeError({ where: path, expected: 'a library that this system can open', got: String(cause), cause })
  }
  const api = bindOrtApi(koffi, handles[0]!)
  if (api === undefined) {
    throw new RuntimeError({
      where: path,
      expected: `ONNX Runtime 1.${API_VERSION} or later`,
      got: 'an older version',
      next: 'Update onnxruntime-node.',
    })
  }
  return { api, folder: dirname(path), handles, trim: memoryTrimmer(handles.at(-1)!) }
}

type Koffi = typeof import('koffi').default

async function loadKoffi(): Promise<Koffi> {
  let koffi: Koffi
  try {
    koffi = (await import('koffi')).default
  } catch (cause) {
    throw missingPackage('koffi', cause, 'Run npm install koffi, or choose the engine `node`.')
  }
  try {
    koffi.config({ sync_stack_size: STACK_BYTES, async_stack_size: STACK_BYTES })
  } catch (cause) {
    // Somebody opened a library before us; koffi then no longer takes settings.
    if ((koffi.config().async_stack_size ?? 0) < STACK_BYTES / 8) {
      throw new ConfigError({
        where: 'koffi',
        expected: 'to set its stack size before any library is opened with it',
        got: `a stack of ${koffi.config().async_stack_size} bytes`,
        next: 'Create the detrs runtime before opening other libraries with koffi.',
        cause,
      })
    }
  }
  return koffi
}

function findLibrary(): string {
  const target = `${process.platform}/${process.arch}`
  let root: string
  try {
    root = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'))
  } catch (cause) {
    throw missingPackage('onnxruntime-node', cause, INSTALL_ONNXRUNTIME_NODE)
  }
  const versions = existsSync(join(root, 'bin')) ? readdirSync(join(root, 'bin')) : []
  const folder = versions
    .filter((name) => name.startsWith('napi-v'))
    .map((name) => join(root, 'bin', name, process.platform, process.arch))
    .find((candidate) => existsSync(candidate))
  const file =
    folder === undefined ? undefined : readdirSync(folder).find((name) => isLibraryName(name, process.platform))
  if (folder === undefined || file === undefined) {
    throw new ConfigError({
      where: 'onnxruntime-node',
      expected: `a native library for ${target}`,
      got: 'none in that package',
      next: 'Use the web engine (onnxruntime-web) on this platform.',
    })
  }
  return join(folder, file)
}

/** Whether a file of onnxruntime-node's platform folder is ONNX Runtime itself. */
export function isLibraryName(name: string, platform: string): boolean {
  if (platform === 'win32') return name === 'onnxruntime.dll'
  if (platform === 'darwin') return /^libonnxruntime\.\d+\.dylib$/.test(name)
  return /^libonnxruntime\.so\.\d+$/.test(name)
}

/**
 * A second reference to the library that is never dropped: when a worker ends, koffi drops its own, and threads of the
 * process-wide pools would return into unmapped code. In a worker, process.env is a copy, so the telemetry variable is
 * set in the real environment too.
 */
function keepForever(koffi: Koffi, path: string): LibraryHandle[] {
  if (process.platform === 'win32') {
    const kernel = koffi.load('kernel32.dll')
    const pin = 1
    kernel.func('__stdcall', 'GetModuleHandleExW', 'int', ['uint32_t', 'str16', 'void *'])(
      pin,
      path,
      new BigUint64Array(1),
    )
    return [kernel]
  }
  const system = koffi.load(null)
  const now = 2
  system.func('dlopen', 'void *', ['str', 'int'])(path, now)
  if (!isMainThread) {
    system.func('setenv', 'int', ['str', 'str', 'int'])(
      'ORT_DISABLE_TELEMETRY',
      process.env['ORT_DISABLE_TELEMETRY'] ?? '1',
      1,
    )
  }
  return [system]
}

/** Models smaller than this leave nothing behind that is worth a walk through the heap. */
const TRIM_FROM_BYTES = 16 * 1024 * 1024

function memoryTrimmer(system: LibraryHandle): OrtLibrary['trim'] {
  if (process.platform !== 'linux') return async () => {}
  const mallocTrim = system.func('malloc_trim', 'int', ['size_t'])
  return (bytes) =>
    bytes < TRIM_FROM_BYTES ? Promise.resolve() : new Promise((resolve) => mallocTrim.async(0, () => resolve()))
}
