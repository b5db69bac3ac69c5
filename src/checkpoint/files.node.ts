/** @file Weight files on disk. */
import { constants as bufferConstants } from 'node:buffer'
import { constants } from 'node:fs'
import { type FileHandle, open, readdir, readFile, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import * as zlib from 'node:zlib'
import { FileError, nearestNames } from '../tensor/index.js'
import type { Crc32 } from './crc32.js'
import { type ReadCheckpointOptions, readCheckpoint } from './read.js'
import { type Checkpoint, HUGGING_FACE_CONFIG } from './state-dict.js'

/** One read call may not ask for 2 GiB or more. */
const CHUNK_BYTES = 256 * 2 ** 20

/** Ranges that are read at the same time. */
const READERS = 4

/** Opening a pipe would otherwise wait for a writer; the flag does not exist on Windows. */
const READ_WITHOUT_WAITING = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)

/**
 * Reads a weight file from disk into one buffer, of which the tensors are views.
 * @throws FileError when the file is missing, a folder or not readable, changes while it is read, or is larger than memory.
 * @throws CheckpointError when it is no weight file that can be read; see `readCheckpoint`.
 */
export async function readCheckpointFile(path: string, options: ReadCheckpointOptions = {}): Promise<Checkpoint> {
  return checkpointOf(await readWholeFile(path), path, options)
}

/**
 * The checkpoint in a file's bytes; what Hugging Face writes beside it is among its metadata, under `HUGGING_FACE_CONFIG`.
 * @throws CheckpointError as `readCheckpoint`.
 */
export async function checkpointOf(
  bytes: Uint8Array,
  path: string,
  options: ReadCheckpointOptions = {},
): Promise<Checkpoint> {
  const checkpoint = readCheckpoint(bytes, path, { crc32: nativeCrc32(), ...options })
  const config = await configBeside(path)
  if (config === undefined) return checkpoint
  return { ...checkpoint, metadata: new Map([...checkpoint.metadata, [HUGGING_FACE_CONFIG, config]]) }
}

/** A config.json of a megabyte or more is not one. */
const MAX_CONFIG_BYTES = 2 ** 20

/** The text of config.json beside weights that are named as Hugging Face names them; undefined where there is none to be read. */
async function configBeside(path: string): Promise<string | undefined> {
  if (!/^(model|pytorch_model)\b.*\.(safetensors|bin)$/.test(basename(path))) return undefined
  const file = join(dirname(path), 'config.json')
  const info = await stat(file).catch(() => undefined)
  if (info?.isFile() !== true || info.size > MAX_CONFIG_BYTES) return undefined
  return await readFile(file, 'utf8').catch(() => undefined)
}

/**
 * A file's bytes in one buffer, files above 2 GiB included.
 * @throws FileError as `readCheckpointFile`.
 */
export async function readWholeFile(path: string): Promise<Uint8Array> {
  const file = await openFile(path)
  try {
    const info = await file.stat()
    if (info.isDirectory()) throw await folderError(path)
    if (!info.isFile())
      throw new FileError({ where: path, expected: 'a regular file', got: 'a device, pipe or socket' })
    return await readChunks(file, path, info.size)
  } finally {
    await file.close()
  }
}

async function readChunks(file: FileHandle, path: string, size: number): Promise<Uint8Array> {
  if (size > bufferConstants.MAX_LENGTH) {
    throw new FileError({
      where: path,
      expected: `a file of at most ${bufferConstants.MAX_LENGTH} bytes, which is what this version of Node holds in one buffer`,
      got: `${size} bytes`,
      next: 'Use Node 22 or later, or convert the file to float16.',
    })
  }
  let bytes: Uint8Array
  try {
    bytes = new Uint8Array(size)
  } catch (cause) {
    throw new FileError({
      where: path,
      expected: `memory for its ${size} bytes`,
      got: 'none',
      next: 'Close other programs or use a machine with more memory.',
      cause,
    })
  }
  // Several ranges at a time: copying out of the system's cache is what takes the time.
  const share = Math.max(1, Math.ceil(size / READERS))
  const starts = Array.from({ length: READERS }, (_, i) => Math.min(size, i * share))
  await Promise.all(starts.map((start) => readRange(file, path, bytes, start, Math.min(size, start + share))))
  return bytes
}

async function readRange(file: FileHandle, path: string, bytes: Uint8Array, start: number, end: number): Promise<void> {
  for (let at = start; at < end; ) {
    const { bytesRead } = await readChunk(file, path, bytes, at, Math.min(CHUNK_BYTES, end - at))
    if (bytesRead === 0) {
      throw new FileError({
        where: path,
        expected: `${bytes.length} bytes`,
        got: `the end of the file after ${at}`,
        next: 'The file became shorter while it was read: wait until it is written completely.',
      })
    }
    at += bytesRead
  }
}

async function readChunk(
  file: FileHandle,
  path: string,
  bytes: Uint8Array,
  at: number,
  length: number,
): Promise<{ bytesRead: number }> {
  try {
    return await file.read(bytes, at, length, at)
  } catch (cause) {
    throw new FileError({ where: path, expected: 'a readable file', got: errorCode(cause), cause })
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, READ_WITHOUT_WAITING)
  } catch (cause) {
    const code = errorCode(cause)
    if (code === 'ENOENT' || code === 'ENOTDIR') throw await missingError(path, cause)
    // Windows does not open folders at all.
    if (code === 'EISDIR' || (code === 'EPERM' && (await listFolder(path)).length > 0)) throw await folderError(path)
    const got = code === 'EACCES' || code === 'EPERM' ? 'a file that may not be read' : code
    throw new FileError({ where: path, expected: 'a readable file', got, next: 'Check its permissions.', cause })
  }
}

async function missingError(path: string, cause: unknown): Promise<FileError> {
  const near = nearestNames(basename(path), await listFolder(dirname(path)))
  return new FileError({
    where: path,
    expected: 'a weight file',
    got: 'no such file',
    ...(near.length === 0
      ? {}
      : { next: `Did you mean ${near.map((name) => join(dirname(path), name)).join(' or ')}?` }),
    cause,
  })
}

async function folderError(path: string): Promise<FileError> {
  const inside = (await listFolder(path)).filter((name) => /\.(?:safetensors|pth?|bin|ckpt)$/.test(name))
  return new FileError({
    where: path,
    expected: 'a weight file',
    got: 'a folder',
    next: inside.length === 0 ? 'Give the path of a file.' : `It holds ${inside.slice(0, 5).join(', ')}.`,
  })
}

async function listFolder(path: string): Promise<string[]> {
  try {
    return await readdir(path)
  } catch {
    return []
  }
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}

/** zlib.crc32 uses the processor's own instructions; it exists since Node 20.15 and 22.2. */
function nativeCrc32(): Crc32 {
  return (bytes) => zlib.crc32(bytes)
}
