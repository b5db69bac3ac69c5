/** @file SHA-256 of what is saved. */
import { createHash } from 'node:crypto'
import type { Digest } from './state.js'

export const sha256: Digest = (parts) => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex')
}
