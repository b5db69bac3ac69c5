/** @file What every engine checks before it compiles a model. */
import { ConfigError, checkTextList, RuntimeError } from '../tensor/index.js'
import type { SessionOptions } from './session.js'

/** Options with their defaults. */
export interface SessionRequest {
  readonly label: string
  readonly threads: number
}

/**
 * Checks a request for a session against what the engine has.
 * @throws RuntimeError when the model has no bytes.
 * @throws ConfigError for a thread count or free dimension that is not a size, or a provider that the engine lacks.
 */
export function checkRequest(
  engine: { readonly threads: number; readonly providers: readonly string[] },
  model: Uint8Array,
  options: SessionOptions,
): SessionRequest {
  const label = options.label ?? 'model'
  if (model.length === 0) {
    throw new RuntimeError({ where: label, expected: 'the bytes of an ONNX model', got: 'no bytes' })
  }
  const threads = options.threads ?? engine.threads
  checkThreads(threads)
  for (const [name, size] of Object.entries(options.freeDimensions ?? {})) {
    if (!Number.isSafeInteger(size) || size < 0) {
      throw new ConfigError({ where: `freeDimensions.${name}`, expected: 'a size', got: String(size) })
    }
  }
  checkTextList('providers', options.providers)
  for (const provider of options.providers ?? []) {
    if (!engine.providers.includes(provider)) {
      throw new ConfigError({
        where: 'providers',
        expected: `execution providers among ${engine.providers.join(', ')}`,
        got: `'${provider}'`,
        next: 'For others see detrs doctor.',
      })
    }
  }
  return { label, threads }
}

/** @throws ConfigError unless `threads` is a positive integer. */
export function checkThreads(threads: number): void {
  if (Number.isInteger(threads) && threads >= 1) return
  throw new ConfigError({ where: 'threads', expected: 'a positive integer', got: String(threads) })
}
