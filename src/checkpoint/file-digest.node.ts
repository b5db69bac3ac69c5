/**
 * @file SHA-256 of files: the digest that is demanded of a file (all 64 hex digits, or the first ones as
 * torch hub publishes them in file names) and the check of a file on disk against it.
 */
import { createHash, type Hash } from 'node:crypto'
import { constants, type FileHandle, open } from 'node:fs/promises'
import { DownloadError } from '../tensor/index.js'
import { faultCode, fileFault } from './file-fault.node.js'

/** What a file must be; a demand that is left out always holds. */
export interface FileDemands {
  /** SHA-256 in hex, upper or lower case: all 64 digits, or a published prefix of at least 8. */
  readonly sha256?: string | undefined
  readonly sizeBytes?: number | undefined
}

/** What a file on disk is; `sha256` only where a digest was demanded and the size fits. */
export interface FileFacts {
  readonly sizeBytes: number
  readonly sha256: string | undefined
  /** Undefined where the file is as demanded, else the first demand that fails. */
  readonly misfit: { readonly expected: string; readonly got: string } | undefined
}

/** Bytes per read: large enough that the calls cost nothing beside hashing. */
const READ_BYTES = 1 << 20

/**
 * The demands with a lower-case digest.
 * @throws DownloadError when the digest is not 8 to 64 hex digits or the size is not a positive whole number.
 */
export function checkDemands(demands: FileDemands, where: string): FileDemands {
  const { sha256, sizeBytes } = demands
  if (sha256 !== undefined && !/^[0-9a-f]{8,64}$/i.test(sha256)) {
    throw new DownloadError({ where, expected: 'a sha256 of 8 to 64 hex digits', got: JSON.stringify(sha256) })
  }
  if (sizeBytes !== undefined && !(Number.isSafeInteger(sizeBytes) && sizeBytes > 0)) {
    throw new DownloadError({ where, expected: 'a size of 1 or more bytes', got: String(sizeBytes) })
  }
  return { sha256: sha256?.toLowerCase(), sizeBytes }
}

/** The digest that was demanded, in words. */
export function digestInWords(sha256: string): string {
  return sha256.length === 64 ? `sha256 ${sha256}` : `a sha256 that starts with ${sha256}`
}

/** Feeds the first `length` bytes of an open file to `hash`; true when the file has that many. */
export async function hashBytes(
  file: FileHandle,
  length: number,
  hash: Hash,
  signal?: AbortSignal | undefined,
): Promise<boolean> {
  const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, Math.max(1, length)))
  for (let at = 0; at < length; ) {
    signal?.throwIfAborted()
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, length - at), at)
    if (bytesRead === 0) return false
    hash.update(buffer.subarray(0, bytesRead))
    at += bytesRead
  }
  return true
}

/**
 * Checks a file against `demands`, the cheap size first. Undefined where nothing is at `path`.
 * @throws FileError when something other than a readable regular file is at `path`.
 */
export async function checkFile(
  path: string,
  demands: FileDemands,
  signal?: AbortSignal | undefined,
): Promise<FileFacts | undefined> {
  let file: FileHandle | undefined
  try {
    // Without O_NONBLOCK (0 on Windows) a named pipe would be waited for.
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    const stat = await file.stat()
    if (!stat.isFile()) {
      return { sizeBytes: 0, sha256: undefined, misfit: { expected: 'a file', got: 'a folder or device' } }
    }
    const sizeBytes = stat.size
    if (demands.sizeBytes !== undefined && sizeBytes !== demands.sizeBytes) {
      const misfit = { expected: `${demands.sizeBytes} bytes`, got: `${sizeBytes} bytes` }
      return { sizeBytes, sha256: undefined, misfit }
    }
    if (demands.sha256 === undefined) return { sizeBytes, sha256: undefined, misfit: undefined }
    const hash = createHash('sha256')
    await hashBytes(file, sizeBytes, hash, signal)
    const sha256 = hash.digest('hex')
    const fits = sha256.startsWith(demands.sha256)
    return { sizeBytes, sha256, misfit: fits ? undefined : { expected: digestInWords(demands.sha256), got: sha256 } }
  } catch (error) {
    if (faultCode(error) === 'ENOENT') return undefined
    throw fileFault(error, path)
  } finally {
    await file?.close()
  }
}
