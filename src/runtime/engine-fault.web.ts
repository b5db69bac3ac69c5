/**
 * @file What onnxruntime-web's "no available backend found" means. It is never the model's fault: the engine's own files are
 * missing or damaged, or the browser lacks what they need.
 */
import { RuntimeError } from '../tensor/index.js'
import { readableMessage } from './engine-error.js'

/** A file of the engine that the page asked for. */
export interface FileRequest {
  readonly url: string
  /** HTTP status, where the browser tells. */
  readonly status: number | undefined
}

const NEXT =
  "Serve the .wasm and .mjs files of node_modules/onnxruntime-web/dist there, or name their folder, as in wasmPaths: '/ort/'; " +
  'then reload the page.'

/**
 * The sentence for an engine that could not start; undefined for any other failure.
 * @param requests the engine's files that were asked for, in that order
 */
export function webEngineFault(cause: unknown, requests: readonly FileRequest[]): RuntimeError | undefined {
  const message = cause instanceof Error ? cause.message : String(cause)
  const reasons = /no available backend found\. ERR: ([\s\S]*)/.exec(message)?.[1]
  if (reasons === undefined) return undefined
  const missing = /\[(\w+)\] backend not found/.exec(reasons)?.[1]
  if (missing !== undefined) {
    return new RuntimeError({
      where: 'providers',
      expected: `an entry of onnxruntime-web with ${missing}`,
      got: 'one without',
      next: "Pass load: () => import('onnxruntime-web/webgpu').",
      cause,
    })
  }
  const where = 'onnxruntime-web'
  const reason = readableMessage(reasons)
  if (/fetch|imported module|magic word|CompileError|LinkError|Cannot find module|ENOENT/i.test(reasons)) {
    const got = gotOf(reasons, requests.at(-1)?.status) ?? `"${reason}"`
    return new RuntimeError({ where, expected: fileOf(reasons, requests), got, next: NEXT, cause })
  }
  return new RuntimeError({ where, expected: 'an engine that starts here', got: `"${reason}"`, cause })
}

function fileOf(reasons: string, requests: readonly FileRequest[]): string {
  const named = /(?:https?|file):\/\/\S+?\.(?:mjs|wasm)\b/.exec(reasons)?.[0] ?? requests.at(-1)?.url
  return `its WebAssembly ${named === undefined ? 'files beside its script' : `file at ${named}`}`
}

function gotOf(reasons: string, status = 0): string | undefined {
  if (status >= 400) return `HTTP ${status}`
  // `<` is how web pages begin, which servers of single-page applications send for whatever they do not have.
  if (/found 3c /.test(reasons)) return 'a web page'
  if (/magic word|CompileError/.test(reasons)) return 'a damaged file'
  if (/LinkError/.test(reasons)) return 'a file of another version'
  return undefined
}
