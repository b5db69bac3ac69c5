/**
 * @file The half-finished download: `<name>.part` with its running SHA-256, and beside it `<name>.part.json`, which says what
 * the bytes are part of, so that a later process can go on where this one stopped.
 *
 * Bytes of another version of the file never go into an existing part file: a new start makes a new file. So
 * two processes that write one part file by mistake write the same bytes to the same places.
 */
import { createHash, type Hash } from 'node:crypto'
import { constants, type FileHandle, lstat, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { DownloadError } from '../tensor/index.js'
import { hashBytes } from './file-digest.node.js'
import { faultCode, fileFault } from './file-fault.node.js'

/** What the bytes of a part file are part of. */
export interface PartOrigin {
  /** SHA-256 of the address: addresses may hold secrets, which do not belong on disk. */
  readonly source: string
  /** Strong entity tag, with its quotes. */
  readonly etag?: string | undefined
  readonly lastModified?: string | undefined
  /** Size of the whole file, where the server said it. */
  readonly totalBytes?: number | undefined
}

const SIDECAR_LIMIT_BYTES = 4096
/** Virus scanners on Windows keep new files open for moments. */
const RENAME_TRIES = 20

/** A part file that is being written. */
export class PartFile {
  readonly path: string
  readonly #destination: string
  #file: FileHandle | undefined
  #hash: Hash = createHash('sha256')
  #offset = 0
  #origin: PartOrigin | undefined
  #continued = false
  #writtenBytes = 0

  private constructor(destination: string) {
    this.#destination = destination
    this.path = `${destination}.part`
  }

  /**
   * The part file of `destination`: what is left of an earlier download of the same `source` is read and hashed;
   * any other remains are removed at `begin`.
   * @throws FileError when the remains cannot be read.
   */
  static async open(destination: string, source: string, signal: AbortSignal): Promise<PartFile> {
    const part = new PartFile(destination)
    const origin = await readOrigin(part.#sidecar)
    if (origin?.source !== source) return part
    try {
      if (!(await lstat(part.path)).isFile()) return part
      part.#file = await open(part.path, constants.O_RDWR | (constants.O_NOFOLLOW ?? 0))
      const { size } = await part.#file.stat()
      if (await hashBytes(part.#file, size, part.#hash, signal)) {
        part.#offset = size
        part.#origin = origin
        part.#continued = size > 0
      }
      return part
    } catch (error) {
      await part.close()
      if (faultCode(error) === 'ENOENT') return new PartFile(destination)
      throw fileFault(error, part.path)
    }
  }

  /** Bytes that are there. */
  get offset(): number {
    return this.#offset
  }

  /** Undefined until `begin`, or until remains were found. */
  get origin(): PartOrigin | undefined {
    return this.#origin
  }

  /** True when the bytes come from more than one answer, or from an earlier process. */
  get continued(): boolean {
    return this.#continued
  }

  /** Bytes that `append` has written since `open`, lost ones included. */
  get writtenBytes(): number {
    return this.#writtenBytes
  }

  /** Notes that what is appended from here on comes from another answer. */
  goOn(): void {
    this.#continued = true
  }

  /** Starts an empty part file of `origin`; earlier bytes are removed. */
  async begin(origin: PartOrigin): Promise<void> {
    await this.discard()
    try {
      this.#file = await open(this.path, 'wx+')
      // Last, so that a sidecar never stands beside bytes of something else.
      await writeFile(this.#sidecar, JSON.stringify(origin))
    } catch (error) {
      throw fileFault(error, this.path)
    }
    this.#origin = origin
  }

  /** Writes `chunk` at the end. @throws FileError when the disk is full or gone. */
  async append(chunk: Uint8Array): Promise<void> {
    if (this.#file === undefined) throw new Error('PartFile.append before begin')
    try {
      for (let done = 0; done < chunk.length; ) {
        const { bytesWritten } = await this.#file.write(chunk, done, chunk.length - done, this.#offset + done)
        done += bytesWritten
      }
    } catch (error) {
      throw fileFault(error, this.path)
    }
    this.#hash.update(chunk)
    this.#offset += chunk.length
    this.#writtenBytes += chunk.length
  }

  /** SHA-256 of the bytes that are there, 64 hex digits. */
  sha256(): string {
    return this.#hash.copy().digest('hex')
  }

  /**
   * Makes the part file the finished one, in one step: after a power failure there is the whole file or none.
   * @throws DownloadError when another process has replaced the part file; FileError when the disk refuses.
   */
  async publish(): Promise<void> {
    if (this.#file === undefined) throw new Error('PartFile.publish before begin')
    try {
      await this.#file.sync()
      const [ours, there] = await Promise.all([
        this.#file.stat({ bigint: true }),
        stat(this.path, { bigint: true }).catch(() => undefined),
      ])
      if (ours.ino !== there?.ino) throw takenOver(this.#destination)
      await this.close()
      await renamePatiently(this.path, this.#destination)
      await rm(this.#sidecar, { force: true })
      await syncFolder(dirname(this.#destination))
    } catch (error) {
      throw fileFault(error, this.#destination)
    }
  }

  /** Removes the part file and its sidecar. */
  async discard(): Promise<void> {
    await this.close()
    try {
      await rm(this.#sidecar, { force: true, recursive: true })
      await rm(this.path, { force: true })
    } catch (error) {
      throw fileFault(error, this.path)
    }
    this.#hash = createHash('sha256')
    this.#offset = 0
    this.#origin = undefined
    this.#continued = false
  }

  /** Closes the file; its bytes stay for a later process. */
  async close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }

  get #sidecar(): string {
    return `${this.path}.json`
  }
}

/** The error of a process whose download another one has taken over. */
export function takenOver(destination: string): DownloadError {
  return new DownloadError({
    where: destination,
    expected: 'to be the only process that writes this file',
    got: 'another process that took over while this one was asleep',
    next: 'Run this again: it uses what the other process writes.',
  })
}

/** Undefined for a sidecar that is absent or not as `begin` wrote it. */
async function readOrigin(path: string): Promise<PartOrigin | undefined> {
  try {
    if ((await lstat(path)).size > SIDECAR_LIMIT_BYTES) return undefined
    const value = JSON.parse(await readFile(path, 'utf8')) as { [K in keyof PartOrigin]?: unknown } | null
    const { source, etag, lastModified, totalBytes } = value ?? {}
    if (typeof source !== 'string') return undefined
    return {
      source,
      etag: strongEtag(etag),
      lastModified: httpDate(lastModified),
      totalBytes: Number.isSafeInteger(totalBytes) ? (totalBytes as number) : undefined,
    }
  } catch {
    return undefined
  }
}

/** `value` where it is an entity tag that promises equal bytes; weak ones (`W/"…"`) do not. */
export function strongEtag(value: unknown): string | undefined {
  return typeof value === 'string' && /^"[\x21\x23-\x7e]{1,512}"$/.test(value) ? value : undefined
}

/** `value` where it is a date as HTTP writes it. */
export function httpDate(value: unknown): string | undefined {
  return typeof value === 'string' && /^[A-Za-z]{3}, [\x20-\x7e]{1,60} GMT$/.test(value) ? value : undefined
}

async function renamePatiently(from: string, to: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await rename(from, to)
    } catch (error) {
      const busy = process.platform === 'win32' && ['EPERM', 'EACCES', 'EBUSY'].includes(faultCode(error))
      if (!busy || attempt >= RENAME_TRIES) throw error
      await delay(50 * Math.min(attempt, 10))
    }
  }
}

/** Makes the new name survive a power failure. Windows cannot open folders, and some network disks refuse: no harm. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined)
  await handle?.sync().catch(() => undefined)
  await handle?.close()
}
