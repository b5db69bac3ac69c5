/** @file Loads sharp, an optional dependency, the first time an image is decoded or encoded. */
import { createRequire } from 'node:module'
import { ConfigError } from '../tensor/index.js'

/** sharp's default export. */
export type SharpFactory = typeof import('sharp')['default']

let loaded: SharpFactory | undefined

/**
 * sharp, with its cache of decoded images off (it would keep memory for files that are read once) and one thread per
 * image, so that images decode side by side.
 * @throws ConfigError when the package is not installed or has no binary for this machine.
 */
export function loadSharp(): SharpFactory {
  loaded ??= requireSharp()
  return loaded
}

function requireSharp(): SharpFactory {
  try {
    // Required, not imported: through the ECMAScript loader sharp takes more than twice as long to start (120 against
    // 50 ms of CPU time), and that is part of the time to a process's first detection.
    const sharp = createRequire(import.meta.url)('sharp') as SharpFactory
    sharp.cache(false)
    sharp.concurrency(1)
    return sharp
  } catch (error) {
    throw new ConfigError({
      where: 'sharp',
      expected: 'the optional package sharp, which decodes images',
      got: (error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND' ? 'no such package' : 'one that does not load',
      next: 'Install it with: npm install sharp',
      cause: error,
    })
  }
}
