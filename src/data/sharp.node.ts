/** @file Loads sharp, an optional dependency, the first time an image is decoded or encoded. */
import { ConfigError } from '../tensor/index.js'

/** sharp's default export. */
export type SharpFactory = typeof import('sharp')['default']

let loading: Promise<SharpFactory> | undefined

/**
 * sharp, with its cache of decoded images off (it would keep memory for files that are read once) and one thread per
 * image, so that images decode side by side.
 * @throws ConfigError when the package is not installed or has no binary for this machine.
 */
export function loadSharp(): Promise<SharpFactory> {
  loading ??= importSharp()
  return loading
}

async function importSharp(): Promise<SharpFactory> {
  try {
    const { default: sharp } = await import('sharp')
    sharp.cache(false)
    sharp.concurrency(1)
    return sharp
  } catch (error) {
    throw new ConfigError({
      where: 'sharp',
      expected: 'the optional package sharp, which decodes images',
      got:
        (error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND' ? 'no such package' : 'one that does not load',
      next: 'Install it with: npm install sharp',
      cause: error,
    })
  }
}
