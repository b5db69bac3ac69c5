/** @file Chooses the engine in Node. */
import { ConfigError, describeValue, RuntimeError } from '../tensor/index.js'
import { defaultThreads } from './cpu-count.node.js'
import type { FfiOptions } from './ffi-options.js'
import { createFfiRuntime } from './ort.ffi.node.js'
import { createOnnxruntimeNodeRuntime } from './ort.onnxruntime-node.node.js'
import { createWebRuntime } from './ort.web.js'
import type { Runtime } from './session.js'
import { checkThreads } from './session-request.js'

/** What is asked for. */
export interface NodeRuntimeOptions extends FfiOptions {
  /** The engine to use and no other; the best that works unless said. */
  readonly engine?: 'ffi' | 'node' | 'web' | undefined
}

/** What is given. */
export interface NodeRuntimeChoice {
  readonly runtime: Runtime
  /** Why the engine is not `ffi`: the sentences of the errors that kept better ones from loading. */
  readonly fallbackReason?: string
}

/**
 * The best engine that works here: `ffi`, else `node`, else `web`.
 * @throws ConfigError, RuntimeError of the one engine that was asked for; RuntimeError when none works.
 */
export async function createNodeRuntime(options: NodeRuntimeOptions = {}): Promise<NodeRuntimeChoice> {
  const { engine, ...rest } = options
  // A bad option is no reason to try the next engine.
  if (rest.threads !== undefined) checkThreads(rest.threads)
  const makers = {
    ffi: () => createFfiRuntime(rest),
    node: () => createOnnxruntimeNodeRuntime(rest),
    // The package's entry for Node; the others cannot start threads here.
    web: () => createWebRuntime({ threads: rest.threads ?? defaultThreads(), load: () => import('onnxruntime-web') }),
  }
  if (engine !== undefined) {
    if (!Object.hasOwn(makers, engine)) {
      const expected = `one of ${Object.keys(makers).join(', ')}`
      throw new ConfigError({ where: 'engine', expected, got: describeValue(engine) })
    }
    return { runtime: await makers[engine]() }
  }
  return firstThatWorks([makers.ffi, makers.node, makers.web])
}

/**
 * The first runtime that can be made, with the reasons why those before it could not.
 * @throws RuntimeError with all reasons when none can.
 */
export async function firstThatWorks(makers: readonly (() => Promise<Runtime>)[]): Promise<NodeRuntimeChoice> {
  const reasons: string[] = []
  for (const make of makers) {
    try {
      const runtime = await make()
      return reasons.length === 0 ? { runtime } : { runtime, fallbackReason: [...new Set(reasons)].join(' ') }
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error))
    }
  }
  throw new RuntimeError({
    where: 'runtime',
    expected: 'an engine that works on this machine',
    got: 'none',
    next: [...new Set(reasons)].join(' '),
  })
}
