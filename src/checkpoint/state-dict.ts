/** @file A state dict: the named tensors of a model, as weight files hold them. */
import type { TensorData } from '../tensor/index.js'

/** Tensors by name, in the file's order. */
export type StateDict = Map<string, TensorData>

/** Container of a weight file; `pytorch-legacy` is what PyTorch wrote before 1.6. */
export type CheckpointFormat = 'safetensors' | 'pytorch-zip' | 'pytorch-legacy'

/** Key of the metadata that hold the text of a config.json beside the weights. */
export const HUGGING_FACE_CONFIG = 'huggingface.config'

/** What a weight file holds. Tensors may be views of the file's bytes and share memory with each other. */
export interface Checkpoint {
  readonly tensors: StateDict
  /** safetensors: the file's own metadata. PyTorch: plain values found beside the weights, e.g. `epoch`, `args.lr`. */
  readonly metadata: Map<string, string>
  readonly format: CheckpointFormat
  /** Where in the file the state dict was found: `''` at the top, else a dotted path such as `ema.module`. */
  readonly nesting: string
  /** Other state dicts of the same file, by dotted path; read one by the `nesting` option. */
  readonly alternatives: readonly string[]
  /** What was cut from the front of every name, e.g. `module.`; `''` when nothing was. */
  readonly prefix: string
}

/** A tensor's name as error messages show it: quoted, and cut where a hostile file makes it endless. */
export function quoteName(name: string): string {
  return JSON.stringify(name.length > 200 ? `${name.slice(0, 200)}…` : name)
}

/** Prefixes that wrappers (DataParallel, torch.compile) put before every name. */
const WRAPPER_PREFIXES: readonly string[] = ['module.', '_orig_mod.']

/**
 * Cuts wrapper prefixes (`module.` of DataParallel, `_orig_mod.` of torch.compile) that every name has, as often as
 * they repeat.
 */
export function stripWrapperPrefix(tensors: StateDict): { tensors: StateDict; prefix: string } {
  let prefix = ''
  for (;;) {
    const next = WRAPPER_PREFIXES.find((wrapper) => everyNameStartsWith(tensors, prefix + wrapper))
    if (next === undefined) break
    prefix += next
  }
  if (prefix === '') return { tensors, prefix }
  const stripped: StateDict = new Map()
  for (const [name, tensor] of tensors) stripped.set(name.slice(prefix.length), tensor)
  return { tensors: stripped, prefix }
}

function everyNameStartsWith(tensors: StateDict, prefix: string): boolean {
  if (tensors.size === 0) return false
  for (const name of tensors.keys()) if (!name.startsWith(prefix) || name.length === prefix.length) return false
  return true
}
