/** @file The engine `web`: the package onnxruntime-web, in browsers, and in Node where no native library exists. */
import { ConfigError } from '../tensor/index.js'
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
  readonly load?: () => Promise<unknown>
  /** Where the `.wasm` files lie: a URL prefix, or URLs by file; they must be of the package's own version. */
  readonly wasmPaths?: string | { readonly wasm?: string; readonly mjs?: string }
  /**
   * Threads of WebAssembly: up to 4 where SharedArrayBuffer can be used (in a browser: on cross-origin isolated pages),
   * 1 elsewhere and in Node. The first session of the page decides.
   */
  readonly threads?: number
  /** Execution providers in order of preference; `['wasm']` unless said. */
  readonly providers?: readonly string[]
}

/** One WebAssembly instance serves the page: it takes one call at a time, whichever runtime makes it. */
const gate = new RunGate(1)

/**
 * The engine over onnxruntime-web. WebAssembly computes on the calling thread: in a page, use a worker.
 * @throws ConfigError when the package is not installed.
 */
export async function createWebRuntime(options: WebOptions = {}): Promise<Runtime> {
  const threads = options.threads ?? defaultThreads()
  checkThreads(threads)
  const module = await loadModule(options.load ?? (() => import('onnxruntime-web/wasm')))
  module.env.logLevel = 'fatal'
  module.env.wasm.numThreads = threads
  if (options.wasmPaths !== undefined) module.env.wasm.wasmPaths = options.wasmPaths
  const engine: CommonEngine = { module, writesInPlace: false, refusesShared: false, gate }
  const preferred = options.providers ?? ['wasm']
  // The same kernels under the name that the other engines use.
  const providers = [...new Set([...preferred, 'wasm', 'cpu'])]
  return {
    name: 'web',
    version: module.env.versions['web'] ?? 'unknown',
    providers,
    threads,
    createSession: async (model, sessionOptions = {}) => {
      const request = checkRequest({ threads, providers }, model, sessionOptions)
      return createCommonSession(engine, request, model, sessionOptions, {
        executionProviders: sessionOptions.providers ?? preferred,
      })
    },
  }
}

async function loadModule(load: () => Promise<unknown>): Promise<CommonModule> {
  let module: CommonModule
  try {
    const imported = (await load()) as CommonModule & { readonly default?: CommonModule }
    module = imported.InferenceSession === undefined ? imported.default! : imported
  } catch (cause) {
    throw new ConfigError({
      where: 'onnxruntime-web',
      expected: 'the package onnxruntime-web',
      got: String(cause instanceof Error ? cause.message : cause),
      next: 'Run npm install onnxruntime-web.',
      cause,
    })
  }
  if (module?.InferenceSession === undefined) {
    throw new ConfigError({ where: 'load', expected: 'an entry of onnxruntime-web', got: 'another module' })
  }
  return module
}

function defaultThreads(): number {
  const scope = globalThis as { readonly crossOriginIsolated?: boolean; readonly navigator?: Navigator }
  if (scope.crossOriginIsolated !== true) return 1
  return Math.max(1, Math.min(4, Math.ceil((scope.navigator?.hardwareConcurrency ?? 1) / 2)))
}
