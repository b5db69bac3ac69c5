/** @file Reads an image source: paths and pages are left to the decoder, standard input and addresses are read here. */
import type { Readable } from 'node:stream'
import { FileError } from '../tensor/index.js'
import { type DownloadOptions, downloadImage } from './download.node.js'
import type { ImageSource } from './find-images.node.js'
import type { ImageContent } from './pdf-page.js'
import { MAX_FILE_BYTES } from './read-file.node.js'

/** Options of `readImageSource`. */
export interface ReadImageSourceOptions extends DownloadOptions {
  /** Stands in for the process's standard input. */
  readonly stdin?: Readable & { readonly isTTY?: boolean }
}

/**
 * What is to be decoded: the path of a file, the bytes of standard input or of a download, or a page of a document.
 * @throws FileError when standard input is a terminal, empty, or longer than a file may be.
 * @throws DownloadError when the address does not give a file in time and within bounds.
 * @throws the error of a source that `findPages` found to be unreadable.
 */
export async function readImageSource(
  source: ImageSource,
  options: ReadImageSourceOptions = {},
): Promise<ImageContent> {
  switch (source.kind) {
    case 'file':
      return source.path
    case 'url':
      return downloadImage(source.url, options)
    case 'stdin':
      return readStandardInput(source.name, options)
    case 'bytes':
      return source.bytes
    case 'page':
      return source.content
    case 'unreadable':
      throw source.error
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
