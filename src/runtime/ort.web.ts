/** @file The engine `web`: the package onnxruntime-web, in browsers, and in Node where no native library exists. */
import { ConfigError, RuntimeError } from '../tensor/index.js'
import { type FileRequest, webEngineFault } from './engine-fault.web.js'
import { missingPackage } from './missing-package.js'
import { RunGate } from './run-gate.js'
import type { Runtime } from './session.js'
import { type CommonEngine, type CommonModule, createCommonSession } from './session.onnxruntime-common.js'
import { checkRequest, checkThreads } from './session-request.js'

/** How this engine is made. */
export interface WebOptions {
  /**
   * Loads the package; `() => import('onnxruntime-web/wasm')` unless said. With `onnxruntime-web/webgpu` or
   * `onnxruntime-web/jspi` the provider `webgpu` exists; in Node, more than one thread needs `onnxruntime-web`.
   */
  readonly load?: (() => Promise<unknown>) | undefined
  /** Where the `.wasm` files lie: a URL prefix, or URLs by file; they must be of the package's own version. */
  readonly wasmPaths?: string | { readonly wasm?: string; readonly mjs?: string } | undefined
  /**
   * Threads of WebAssembly: up to 4 where SharedArrayBuffer can be used (in a browser: on cross-origin isolated pages),
   * 1 elsewhere and in Node. The first session of the page decides; the runtime's `threads` says what there is.
   */
  readonly threads?: number | undefined
  /**
   * Execution providers in order of preference; `['wasm']` unless said. `webgpu` is left out where the browser has none and
   * others are named; the runtime's `providers` says what there is.
   */
  readonly providers?: readonly string[] | undefined
}

/** One WebAssembly instance serves the page: it takes one call at a time, whichever runtime makes it. */
const gate = new RunGate(1)

/** Threads that each module was started with, which is when its first session is made. */
const startedWith = new WeakMap<CommonModule, number>()

/** Execution providers of onnxruntime-web's entries; the first two, one thing under two names, are in all of them. */
const PROVIDERS: readonly string[] = ['wasm', 'cpu', 'webgpu', 'webnn']
const WASM_PROVIDERS: readonly string[] = PROVIDERS.slice(0, 2)

/**
 * The engine over onnxruntime-web. WebAssembly computes on the calling thread: in a page, use a worker.
 * @throws ConfigError when the package is not installed, or for a provider that it does not have; RuntimeError when none
 *   of the providers works in this browser.
 */
export async function createWebRuntime(options: WebOptions = {}): Promise<Runtime> {
  const threads = options.threads ?? defaultThreads()
  checkThreads(threads)
  const preferred = await usableProviders(options)
  const module = await loadModule(options.load ?? (() => import('onnxruntime-web/wasm')))
  checkVersion(module.env.versions['web'])
  module.env.logLevel = 'fatal'
  if (options.wasmPaths !== undefined) module.env.wasm.wasmPaths = options.wasmPaths
  const explain = (cause: unknown): RuntimeError | undefined => webEngineFault(cause, engineFileRequests())
  const engine: CommonEngine = { module, writesInPlace: false, refusesShared: false, gate, explain }
  // The same kernels under the name that the other engines use.
  const providers = [...new Set([...preferred, ...WASM_PROVIDERS])]
  return {
    name: 'web',
    version: module.env.versions['web'] ?? 'unknown',
    providers,
    get threads() {
      return startedWith.get(module) ?? usableThreads(threads)
    },
    createSession: async (model, sessionOptions = {}) => {
      const request = checkRequest({ threads, providers }, model, sessionOptions)
      if (!startedWith.has(module)) {
        startedWith.set(module, usableThreads(threads))
        module.env.wasm.numThreads = usableThreads(threads)
      }
      return createCommonSession(engine, request, model, sessionOptions, {
        executionProviders: sessionOptions.providers ?? preferred,
      })
    },
  }
}

/**
 * Those of the wanted providers that this browser has.
 * @throws ConfigError for one that the package, or the entry that is loaded unless said, does not have; RuntimeError when
 *   none is left.
 */
async function usableProviders({ providers = [], load }: WebOptions): Promise<readonly string[]> {
  const known = load === undefined ? WASM_PROVIDERS : PROVIDERS
  for (const provider of providers) {
    if (known.includes(provider)) continue
    throw new ConfigError({
      where: 'providers',
      expected: `execution providers among ${known.join(', ')}`,
      got: `'${provider}'`,
      ...(PROVIDERS.includes(provider)
        ? { next: `For ${provider}, also pass load: () => import('onnxruntime-web/webgpu').` }
        : {}),
    })
  }
  if (providers.length === 0) return ['wasm']
  const fault = providers.includes('webgpu') ? await webgpuFault() : undefined
  if (fault === undefined) return providers
  const usable = providers.filter((provider) => provider !== 'webgpu')
  if (usable.length > 0) return usable
  throw new RuntimeError({
    where: 'providers',
    expected: 'a browser with WebGPU, and a graphics adapter that it may use',
    got: fault,
    next: "Try providers: ['webgpu', 'wasm'], which uses WebAssembly where there is no WebGPU; it needs https or localhost.",
  })
}

/** What of WebGPU is missing here. */
async function webgpuFault(): Promise<string | undefined> {
  const { gpu } = (globalThis.navigator ?? {}) as { readonly gpu?: { requestAdapter(): Promise<unknown> } }
  if (gpu === undefined) return 'no WebGPU (no navigator.gpu)'
  return (await gpu.requestAdapter().catch(() => null)) === null ? 'no adapter' : undefined
}

async function loadModule(load: () => Promise<unknown>): Promise<CommonModule> {
  let imported: (Partial<CommonModule> & { readonly default?: CommonModule }) | null | undefined
  try {
    imported = (await load()) as typeof imported
  } catch (cause) {
    throw missingPackage('onnxruntime-web', cause, 'Run npm install onnxruntime-web.')
  }
  const module = imported?.InferenceSession === undefined ? imported?.default : imported
  if (module?.InferenceSession === undefined) {
    throw new ConfigError({
      where: 'load',
      expected: 'an entry of onnxruntime-web',
      got: imported === null || typeof imported !== 'object' ? String(imported) : 'another module',
      next: "For example load: () => import('onnxruntime-web/webgpu').",
    })
  }
  return module as CommonModule
}

/** Minor version of the first 1.x that was tried; until 1.21, sessions did not say what they take. */
const OLDEST_MINOR = 24

function checkVersion(version = ''): void {
  const minor = /^1\.(\d+)\./.exec(version)?.[1]
  if (minor === undefined || Number(minor) >= OLDEST_MINOR) return
  throw new ConfigError({
    where: 'onnxruntime-web',
    expected: `version 1.${OLDEST_MINOR} or later`,
    got: version,
    next: 'Run npm install onnxruntime-web@latest.',
  })
}

/** What the page asked for when it looked for the engine's files, in that order; nothing where there is no such record. */
function engineFileRequests(): readonly FileRequest[] {
  const entries = globalThis.performance?.getEntriesByType?.('resource') ?? []
  return entries
    .map((entry) => ({ url: entry.name, status: (entry as { readonly responseStatus?: number }).responseStatus }))
    .filter(({ url }) => /\/ort-wasm[^/]*\.(wasm|mjs)$/.test(url))
}

/** Elsewhere than in pages (Node) nothing is known of isolation, and threads are no matter of it. */
function usableThreads(wanted: number): number {
  const { crossOriginIsolated } = globalThis as { readonly crossOriginIsolated?: boolean }
  return crossOriginIsolated === false ? 1 : wanted
}

function defaultThreads(): number {
  const scope = globalThis as { readonly crossOriginIsolated?: boolean; readonly navigator?: Navigator }
  if (scope.crossOriginIsolated !== true) return 1
  return Math.max(1, Math.min(4, Math.ceil((scope.navigator?.hardwareConcurrency ?? 1) / 2)))
}
