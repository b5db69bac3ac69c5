/** @file The engine `node`: the package onnxruntime-node, for machines where the FFI engine cannot be used. */
import { defaultThreads } from './cpu-count.node.js'
import { disableTelemetry } from './library.ffi.node.js'
import { INSTALL_ONNXRUNTIME_NODE, missingPackage } from './missing-package.js'
import { RunGate } from './run-gate.js'
import type { Runtime } from './session.js'
import { type CommonEngine, type CommonModule, createCommonSession } from './session.onnxruntime-common.js'
import { checkRequest, checkThreads } from './session-request.js'

/** How this engine is made. */
export interface OnnxruntimeNodeOptions {
  /** Threads that one operator may use; physical cores unless said. */
  readonly threads?: number | undefined
}

interface NodeModule extends CommonModule {
  listSupportedBackends(): readonly { readonly name: string; readonly bundled: boolean }[]
}

/**
 * The engine over the package onnxruntime-node.
 *
 * Its `run` and `createSession` return promises but compute on the calling thread: the event loop stands still
 * meanwhile. Every output is copied once, tensors over SharedArrayBuffers twice. When only workers use this engine, set
 * ORT_DISABLE_TELEMETRY=1 before starting them: from inside a worker, JavaScript cannot.
 * @throws ConfigError when the package is not installed or has no binary for this platform.
 */
export async function createOnnxruntimeNodeRuntime(options: OnnxruntimeNodeOptions = {}): Promise<Runtime> {
  const threads = options.threads ?? defaultThreads()
  checkThreads(threads)
  disableTelemetry()
  const module = await importModule()
  module.env.logLevel = 'fatal'
  const engine: CommonEngine = { module, writesInPlace: true, refusesShared: true, gate: new RunGate(1) }
  const providers = module
    .listSupportedBackends()
    .filter(({ bundled }) => bundled)
    .map(({ name }) => name)
  return {
    name: 'node',
    version: module.env.versions['node'] ?? 'unknown',
    providers,
    threads,
    createSession: async (model, sessionOptions = {}) => {
      const request = checkRequest({ threads, providers }, model, sessionOptions)
      return createCommonSession(engine, request, model, sessionOptions, {
        intraOpNumThreads: request.threads,
        executionProviders: sessionOptions.providers ?? ['cpu'],
        // Idle pools of other sessions would take processor time from the one that runs.
        extra: { session: { intra_op: { allow_spinning: '0' } } },
      })
    },
  }
}

async function importModule(): Promise<NodeModule> {
  try {
    const imported = (await import('onnxruntime-node')) as unknown as NodeModule & { readonly default?: NodeModule }
    return imported.default ?? imported
  } catch (cause) {
    throw missingPackage('onnxruntime-node', cause, INSTALL_ONNXRUNTIME_NODE)
  }
}
