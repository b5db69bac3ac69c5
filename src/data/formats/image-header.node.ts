/** @file What a photo's file tells without being decoded: its upright size, and a key of its content. */
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { describeReadFault, FileError, ImageError } from '../../tensor/index.node.js'
import { orientationOf, rawProfileBytes } from '../orientation.js'
import { loadSharp } from '../sharp.node.js'
import { DECODABLE, type ImageFormat, sniffImage } from '../sniff.js'

/** What the header says. */
export interface ImageHeader {
  readonly format: ImageFormat
  /** Pixels of the upright photo, as `decodeImage` gives it. */
  readonly width: number
  readonly height: number
  /** Whether the stored pixels lie on their side, so that width and height change places. */
  readonly turned: boolean
}

/** The beginning and the end of a file. */
export interface FileEnds {
  readonly size: number
  readonly head: Uint8Array
  /** Up to `ENDS_BYTES`; overlaps the head in small files. */
  readonly tail: Uint8Array
}

const ENDS_BYTES = 32_768
/** Stands in for O_NONBLOCK where the system has none (Windows). */
const NON_BLOCKING = constants.O_NONBLOCK ?? 0

/**
 * Reads a photo's header.
 * @throws FileError when there is no such regular file, or it may not be read.
 * @throws ImageError when it is no image that can be decoded, or its header is damaged.
 */
export async function readImageHeader(path: string, where: string = path): Promise<ImageHeader> {
  const { head } = await readFileEnds(path, where)
  return headerOf(path, head, where)
}

/** As `readImageHeader`, for a file whose beginning is known. */
export async function headerOf(path: string, head: Uint8Array, where: string): Promise<ImageHeader> {
  const sniffed = sniffImage(head)
  if (sniffed.format === undefined) throw new ImageError({ where, expected: DECODABLE, got: sniffed.other })
  const { format } = sniffed
  if (format === 'gif' && head.length >= 10) {
    return { format, width: head[6]! + 256 * head[7]!, height: head[8]! + 256 * head[9]!, turned: false }
  }
  try {
    const header = await loadSharp()(path, { failOn: 'none', limitInputPixels: false }).metadata()
    const profile = header.comments?.find(({ keyword }) => keyword === 'Raw profile type exif')
    // A TIFF's own orientation is in its header; AVIF is turned by its decoder.
    const orientation =
      format === 'avif'
        ? 1
        : format === 'tiff'
          ? (header.orientation ?? 1)
          : orientationOf(header.exif ?? (profile && rawProfileBytes(profile.text)), header.xmpAsString)
    const turned = orientation >= 5
    const { width, height } = header
    return turned ? { format, width: height, height: width, turned } : { format, width, height, turned }
  } catch (cause) {
    const lines = (cause instanceof Error ? cause.message : String(cause)).split('\n')
    throw new ImageError({
      where,
      expected: 'an intact image',
      got: `${format} whose header is damaged (${lines[0]})`,
      cause,
    })
  }
}

/**
 * Reads a file's beginning and end.
 * @throws FileError when there is no such regular file, or it may not be read.
 */
export async function readFileEnds(path: string, where: string = path): Promise<FileEnds> {
  let handle: FileHandle | undefined
  try {
    // First by name: opening a device can have effects of its own.
    const status = await stat(path)
    if (!status.isFile()) throw new FileError({ where, expected: 'a file', got: 'a folder, device or pipe' })
    handle = await open(path, constants.O_RDONLY | NON_BLOCKING)
    const { size } = status
    const head = await readAt(handle, 0, Math.min(size, ENDS_BYTES))
    const start = Math.max(0, size - ENDS_BYTES)
    return { size, head, tail: start === 0 ? head : await readAt(handle, start, size - start) }
  } catch (error) {
    if (error instanceof FileError) throw error
    throw new FileError({ where, expected: 'a readable file', got: describeReadFault(error), cause: error })
  } finally {
    await handle?.close()
  }
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  let read = 0
  while (read < length) {
    const { bytesRead } = await handle.read(bytes, read, length - read, position + read)
    if (bytesRead === 0) break
    read += bytesRead
  }
  return bytes.subarray(0, read)
}

/** A key that equal files share: of the size, the beginning and the end. Different files have different ones in practice. */
export function contentKey({ size, head, tail }: FileEnds): string {
  return createHash('sha256').update(`${size} `).update(head).update(tail).digest('hex')
}
