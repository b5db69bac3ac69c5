/** @file Reads an image source: a path is left to the decoder, standard input and web addresses are read here. */
import type { Readable } from 'node:stream'
import { FileError } from '../tensor/index.js'
import { type DownloadOptions, downloadImage } from './download.node.js'
import type { ImageSource } from './find-images.node.js'
import { MAX_FILE_BYTES } from './read-file.node.js'

/** Options of `readImageSource`. */
export interface ReadImageSourceOptions extends DownloadOptions {
  /** Stands in for the process's standard input. */
  readonly stdin?: Readable & { readonly isTTY?: boolean }
}

/**
 * What `decodeImage` takes: the path of a file, or the bytes of standard input or of a download.
 * @throws FileError when standard input is a terminal, empty, or longer than a file may be.
 * @throws DownloadError when the address does not give a file in time and within bounds.
 */
export async function readImageSource(
  source: ImageSource,
  options: ReadImageSourceOptions = {},
): Promise<Uint8Array | string> {
  switch (source.kind) {
    case 'file':
      return source.path
    case 'url':
      return downloadImage(source.url, options)
    case 'stdin':
      return readStandardInput(source.name, options)
  }
}

async function readStandardInput(where: string, options: ReadImageSourceOptions): Promise<Uint8Array> {
  const stream = options.stdin ?? process.stdin
  const limit = options.maxBytes ?? MAX_FILE_BYTES
  if (stream.isTTY === true) {
    throw new FileError({
      where,
      expected: 'an image from a pipe or a file',
      got: 'a terminal',
      next: 'For example: detrs detect - < photo.jpg',
    })
  }
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    length += chunk.length
    if (length > limit) throw new FileError({ where, expected: `at most ${limit} bytes`, got: 'more' })
    chunks.push(chunk)
  }
  if (length === 0) throw new FileError({ where, expected: 'an image', got: 'no bytes' })
  return Buffer.concat(chunks)
}
