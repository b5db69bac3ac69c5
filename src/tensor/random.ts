/**
 * @file Random numbers from a counter and a key, in 32-bit integer arithmetic only: the same bits in every
 * JavaScript engine and in numpy (reference/rule.py), with no hidden state to save.
 */

/** 32-bit FNV-1a hash of a string's UTF-8 bytes. */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash >>> 0
}

/** The finaliser of MurmurHash3: a bijection of the 32-bit integers that scatters its bits. */
export function mix(value: number): number {
  let h = value
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** The stream's 32-bit key for a name and a seed. */
export function streamKey(name: string, seed: number): number {
  return mix((fnv1a(name) ^ seed) >>> 0)
}

/** Element `index` of the stream `key`: uniform in [-1, 1), a multiple of 2^-23, exact in float32. */
export function uniformAt(key: number, index: number): number {
  return (mix(mix(index) ^ key) >>> 8) * 2 ** -23 - 1
}
