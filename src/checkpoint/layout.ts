/**
 * @file Key layouts: how a checkpoint of another origin names a model's parameters. A layout maps each of our keys to
 * the keys that hold it in the file, so that it can be proved to be a bijection.
 */

/** One way of naming the parameters of a model. */
export interface Layout {
  readonly name: string
  /**
   * The file's keys that hold the parameter `key`: one, or several whose tensors are stacked along axis 0 (separate
   * q, k, v for a fused projection).
   */
  readonly keysOf: (key: string) => readonly string[]
  /** Keys of the file that hold nothing the model needs. */
  readonly ignored: (fileKey: string) => boolean
}

/** Text replacements applied in order, each to the result of the one before. */
export type KeyRules = readonly (readonly [pattern: RegExp, replacement: string])[]

/** Applies replacements to a key. */
export function rewriteKey(key: string, rules: KeyRules): string {
  return rules.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), key)
}

/** Counters that PyTorch's norms save and nothing reads. */
export function isNormCounter(fileKey: string): boolean {
  return fileKey.endsWith('num_batches_tracked')
}
