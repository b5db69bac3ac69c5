/**
 * @file What is asked of a download, what it tells while it runs, and the checked form of it that its parts share.
 */
import { createHash } from 'node:crypto'
import { basename, resolve } from 'node:path'
import { DownloadError } from '../tensor/index.js'
import type { CacheEnvironment } from './cache.node.js'
import { addressInWords } from './download-http.node.js'
import { checkDemands, type FileDemands } from './file-digest.node.js'

/** What a download is doing. */
export interface DownloadProgress {
  /** `waiting` for another process that downloads the same file; `retrying` after a fault, which `note` tells. */
  readonly phase: 'waiting' | 'receiving' | 'retrying'
  /** Bytes of the file that are here, earlier ones included. */
  readonly receivedBytes: number
  /** Undefined as long as nobody has said it. */
  readonly totalBytes: number | undefined
  readonly note?: string
}

/** Bounds of a download; times in milliseconds. */
export interface DownloadLimits {
  /** Requests in a row that may fail without a mebibyte of new bytes. */
  readonly attempts: number
  /** Pause before the second request; doubled with each further one, at most 30 s. */
  readonly firstPauseMs: number
  /** Silence after which a connection counts as broken. */
  readonly stallMs: number
  /** Largest file where neither the caller nor the server says a size. */
  readonly maxBytes: number
  /** How often the lock is renewed. */
  readonly heartbeatMs: number
}

/** The bounds that hold where a request says nothing else. */
export const DOWNLOAD_LIMITS: DownloadLimits = {
  attempts: 5,
  firstPauseMs: 500,
  stallMs: 30_000,
  maxBytes: 16 * 2 ** 30,
  heartbeatMs: 2000,
}

/** One file to download. */
export interface DownloadRequest extends FileDemands {
  /** http or https, without user name and password. */
  readonly url: string
  /** Path of the finished file; its folder is made where it is missing. */
  readonly destination: string
  readonly environment: CacheEnvironment
  /** Called at most ten times a second, and at the end. */
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined
  /** Stops the download; what has been received stays, and the next call goes on from there. */
  readonly signal?: AbortSignal | undefined
  readonly limits?: Partial<DownloadLimits> | undefined
}

const PROGRESS_MS = 100

/** A request with its parts checked and filled in. */
export interface DownloadJob {
  readonly url: URL
  /** SHA-256 of the address: what a part file is recognised by. */
  readonly source: string
  readonly destination: string
  readonly fileName: string
  readonly demands: FileDemands
  readonly environment: CacheEnvironment
  readonly signal: AbortSignal
  readonly limits: DownloadLimits
  readonly report: (progress: DownloadProgress, always?: boolean) => void
}

/**
 * The checked form of `request`.
 * @throws DownloadError when its address, digest or size is not valid.
 */
export function jobOf(request: DownloadRequest): DownloadJob {
  const destination = resolve(request.destination)
  const fileName = basename(destination)
  const url = URL.canParse(request.url) ? new URL(request.url) : undefined
  if (url === undefined || !['http:', 'https:'].includes(url.protocol) || url.username + url.password !== '') {
    throw new DownloadError({
      where: fileName,
      expected: 'an http or https address without user name and password',
      got: url === undefined ? JSON.stringify(request.url.slice(0, 200)) : addressInWords(url),
    })
  }
  let lastReport = -Infinity
  return {
    url,
    source: createHash('sha256').update(url.href).digest('hex'),
    destination,
    fileName,
    demands: checkDemands(request, fileName),
    environment: request.environment,
    signal: request.signal ?? new AbortController().signal,
    limits: { ...DOWNLOAD_LIMITS, ...request.limits },
    report: (progress, always = false) => {
      if (!always && performance.now() - lastReport < PROGRESS_MS) return
      lastReport = performance.now()
      request.onProgress?.(progress)
    },
  }
}

/** What a reader can do without this program. */
export function byHand(job: DownloadJob): string {
  return `fetch ${addressInWords(job.url)} in another way and put it at ${job.destination}`
}
