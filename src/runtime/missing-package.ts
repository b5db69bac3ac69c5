/** @file The sentence for a package that an engine needs and that cannot be imported. */
import { ConfigError } from '../tensor/index.js'

/** What to do about the package of the native engines: its install script downloads CUDA libraries and fails where it cannot. */
export const INSTALL_ONNXRUNTIME_NODE =
  'Run npm install onnxruntime-node with ONNXRUNTIME_NODE_INSTALL=skip in the environment.'

/**
 * @param cause what importing it threw; paths of this machine in it are left out when the package is simply not there
 * @param next what to do
 */
export function missingPackage(name: string, cause: unknown, next: string): ConfigError {
  const message = cause instanceof Error ? cause.message : String(cause)
  const code = (cause as { readonly code?: unknown } | null | undefined)?.code
  // A package that is there may miss another, or its own binary: then its message is the news.
  const absent = /MODULE_NOT_FOUND$/.test(String(code)) && new RegExp(`^Cannot find \\w+ '${name}[/']`).test(message)
  return new ConfigError({
    where: name,
    expected: `the package ${name}${absent ? '' : ' in working order'}`,
    got: absent ? 'none' : message,
    next,
    cause,
  })
}
