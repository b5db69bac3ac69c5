/** @file Reads a whole file in one go, and only a regular one: a FIFO or a device would block or never end. */
import { constants } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { describeReadFault, FileError } from '../tensor/index.node.js'

/** Largest file that is read, bytes. A TIFF of Pillow's largest permitted size at 16 bits is about as large. */
export const MAX_FILE_BYTES: number = 2 ** 30

/** What `readFileHead` reads. */
const HEAD_BYTES = 16

/** Stands in for O_NONBLOCK where the system has none (Windows). */
const NON_BLOCKING = constants.O_NONBLOCK ?? 0

const KINDS: readonly (readonly [
  'isDirectory' | 'isFIFO' | 'isSocket' | 'isCharacterDevice' | 'isBlockDevice',
  string,
])[] = [
  ['isDirectory', 'a folder'],
  ['isFIFO', 'a named pipe'],
  ['isSocket', 'a socket'],
  ['isCharacterDevice', 'a device'],
  ['isBlockDevice', 'a device'],
]

/**
 * The file's bytes, read once from one open handle: a file that is replaced or grows meanwhile gives one state of it.
 * @throws FileError when the path is missing, not readable, not a regular file, or larger than `MAX_FILE_BYTES`.
 */
export async function readRegularFile(path: string, where: string = path): Promise<Uint8Array> {
  let handle: FileHandle | undefined
  try {
    // First by name: opening a device can have effects of its own. Then by handle: the name may have changed hands.
    checkRegular(await stat(path), where)
    handle = await open(path, constants.O_RDONLY | NON_BLOCKING)
    const status = await handle.stat()
    checkRegular(status, where)
    return await readAll(handle, status.size)
  } catch (error) {
    if (error instanceof FileError) throw error
    throw new FileError({ where, expected: 'a readable file', got: describeReadFault(error), cause: error })
  } finally {
    await handle?.close()
  }
}

/** First bytes of a file, or none when it is no regular file or cannot be read: whoever reads it whole says why. */
export async function readFileHead(path: string): Promise<Uint8Array> {
  let handle: FileHandle | undefined
  try {
    checkRegular(await stat(path), path)
    handle = await open(path, constants.O_RDONLY | NON_BLOCKING)
    const { buffer, bytesRead } = await handle.read(new Uint8Array(HEAD_BYTES), 0, HEAD_BYTES, 0)
    return buffer.subarray(0, bytesRead)
  } catch {
    return new Uint8Array(0)
  } finally {
    await handle?.close()
  }
}

async function readAll(handle: FileHandle, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size)
  let read = 0
  while (read < size) {
    const { bytesRead } = await handle.read(bytes, read, size - read, read)
    if (bytesRead === 0) break
    read += bytesRead
  }
  return bytes.subarray(0, read)
}

function checkRegular(status: Awaited<ReturnType<typeof stat>>, where: string): void {
  if (!status.isFile()) {
    const kind = KINDS.find(([is]) => status[is]())?.[1] ?? 'something else'
    throw new FileError({ where, expected: 'a file', got: kind })
  }
  if (Number(status.size) > MAX_FILE_BYTES) {
    throw new FileError({ where, expected: `at most ${MAX_FILE_BYTES} bytes`, got: `a file of ${status.size}` })
  }
}
