/** @file ONNX Runtime's messages as errors that name the node, which in this project is a module path. */
import { RuntimeError } from '../tensor/index.js'

/** Characters of a message that are read: models choose the names in it, and the expressions below are not linear. */
const LONGEST_MESSAGE = 3000

/** Where the messages of ONNX Runtime 1.30 hide a node's name: at run time first, then while a model is loaded. */
const NODE_NAMES: readonly RegExp[] = [
  /while running \S+ node\. Name:'([^']+)'/,
  /node with name '([^']+)'/,
  /In Node, \("([^"]+)"/,
  /Node ?\(([^)\s]+)\)/i,
]

/** Suffixes that ONNX Runtime's graph rewriting appends to names. */
const REWRITES = /(_nchwc|_token_\d+|\/MatMulAddFusion)+$/

/** Source position and signature in front of an assertion's text. */
const POSITION = /(?:[\w:./\\-]*[/\\])?\w+\.(?:cc|h|cpp|hpp):\d+ (?:[^\n]*?\w\([^\n]*?\)(?: const)? )?/g

/** Name of the node that a message of ONNX Runtime blames. */
export function failingNode(message: string): string | undefined {
  for (const pattern of NODE_NAMES) {
    const name = pattern.exec(message.slice(0, LONGEST_MESSAGE))?.[1]
    if (name !== undefined) return name.replace(REWRITES, '')
  }
  return undefined
}

/** A message of ONNX Runtime without error codes, source positions and C++ signatures. */
export function readableMessage(message: string): string {
  return message
    .slice(0, LONGEST_MESSAGE)
    .replace(/^.*?ERROR_MESSAGE: /s, '')
    .replace(/^"([\s\S]*)"$/, '$1')
    .replace(/^.*?Status Message: /s, '')
    .replace(/\[ONNXRuntimeError\] : \d+ : \w+ : /g, '')
    .replace(POSITION, '')
    .replace(/^\S[^\n]*? was false\. /, '')
    .trim()
    .replace(/[.\s]+$/, '')
}

/** RuntimeError for a failure of the engine: `where` is the failing node's name, or `fallback` when none is named. */
export function engineError(fallback: string, expected: string, cause: unknown): RuntimeError {
  const message = cause instanceof Error ? cause.message : String(cause)
  return new RuntimeError({
    where: failingNode(message) ?? fallback,
    expected,
    got: `ONNX Runtime's error "${readableMessage(message)}"`,
    cause,
  })
}
