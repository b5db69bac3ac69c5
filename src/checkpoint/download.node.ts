/**
 * @file Downloads of weights: verified, resumable, one writer per file, and never a half file under the final name.
 * Nothing here uses the network unless it is called; `DETRS_OFFLINE=1` or `HF_HUB_OFFLINE=1` forbids even that.
 */
import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { DetrsError, DownloadError, FileError, isSwitchedOn, makeFolder } from '../tensor/index.node.js'
import { checkpointPath, type FoundCheckpoint, findCheckpoint } from './cache.node.js'
import { prepare, rangeHeaders, refuseText, wrongSize } from './download-answer.node.js'
import { addressInWords, HttpRequest, TransientFault } from './download-http.node.js'
import { PartFile, takenOver } from './download-part.node.js'
import {
  byHand,
  type DownloadJob,
  type DownloadProgress,
  type DownloadRequest,
  jobOf,
} from './download-request.node.js'
import { checkFile, digestInWords } from './file-digest.node.js'
import { fileFault } from './file-fault.node.js'
import { acquireLock } from './file-lock.node.js'

/** A file that is there and as demanded. */
export interface DownloadResult {
  readonly path: string
  readonly sizeBytes: number
  /** All 64 hex digits; undefined for a file that was there before and of which no digest was demanded. */
  readonly sha256: string | undefined
  /** Bytes that came over the network in this call; 0 where the file was there. */
  readonly fetchedBytes: number
}

/** A weight file on this machine, and where it came from. */
export interface ObtainedCheckpoint extends Omit<FoundCheckpoint, 'origin'> {
  readonly origin: FoundCheckpoint['origin'] | 'download'
}

const LONGEST_PAUSE_MS = 30_000
/** New bytes after which the count of failed requests starts again. */
const GROUND_BYTES = 2 ** 20
/** Bytes that are enough to tell a web page from weights. */
const HEAD_BYTES = 512

/**
 * Downloads `url` to `destination`, or finds it there: a file that is there and fits is taken without any request.
 * Faults that may pass are retried; an interrupted download is continued, by this call or a later one of any process; a
 * second process waits for the first. The file appears under its final name only when size and SHA-256 are right.
 * Without `sha256` only the size is verified, so damage by a power failure in between could stay unseen.
 * @throws DownloadError when the request is not valid, the server does not give the file, the file is not as demanded (what
 * was received is then removed), the environment says offline, or `signal` aborts (its reason is the `cause`).
 * @throws FileError when a folder cannot be written, the disk is full, or another file is already at `destination`.
 */
export async function download(request: DownloadRequest): Promise<DownloadResult> {
  const job = jobOf(request)
  try {
    const present = await presentFile(job)
    if (present !== undefined) return present
    refuseOffline(job)
    await makeFolder(dirname(job.destination))
    const lock = await acquireLock(`${job.destination}.lock`, {
      heartbeatMs: job.limits.heartbeatMs,
      signal: job.signal,
      onWait: () => tellWaiting(job),
    })
    try {
      return (await presentFile(job)) ?? (await fetchFile(job, () => lock.isOwned()))
    } finally {
      await lock.release()
    }
  } catch (error) {
    if (error instanceof DetrsError || !job.signal.aborted) throw fileFault(error, dirname(job.destination))
    throw new DownloadError({
      where: job.fileName,
      expected: `to download ${addressInWords(job.url)}`,
      got: 'a request to stop',
      next: 'What has been received is kept: the next download goes on from there.',
      cause: job.signal.reason,
    })
  }
}

/**
 * A weight file by its name: from the cache of detrs, else from torch hub's folder (see `findCheckpoint`), else downloaded
 * into the cache of detrs.
 * @throws DownloadError, FileError and the reason of `signal` as `findCheckpoint` and `download` do.
 */
export async function obtainCheckpoint(
  request: Omit<DownloadRequest, 'destination'> & { readonly fileName: string },
): Promise<ObtainedCheckpoint> {
  const { fileName, environment, signal } = request
  const found = await findCheckpoint(request, environment, signal)
  if (found !== undefined) return found
  const { path, sizeBytes, sha256 } = await download({ ...request, destination: checkpointPath(fileName, environment) })
  return { path, sizeBytes, sha256, origin: 'download' }
}

/** The file at the destination, when it is as demanded; a different one is left alone. */
async function presentFile(job: DownloadJob): Promise<DownloadResult | undefined> {
  const facts = await checkFile(job.destination, job.demands, job.signal)
  if (facts === undefined) return undefined
  if (facts.misfit !== undefined) {
    const next = 'Move this file away: the right one can then be downloaded.'
    throw new FileError({ where: job.destination, ...facts.misfit, next })
  }
  return { path: job.destination, sizeBytes: facts.sizeBytes, sha256: facts.sha256, fetchedBytes: 0 }
}

function refuseOffline(job: DownloadJob): void {
  const name = ['DETRS_OFFLINE', 'HF_HUB_OFFLINE'].find((key) => isSwitchedOn(job.environment.env[key]))
  if (name === undefined) return
  throw new DownloadError({
    where: job.fileName,
    expected: `the file at ${job.destination}`,
    got: `no file there, and ${name} forbids downloads`,
    next: `Unset ${name}, or ${byHand(job)}.`,
  })
}

/** Fills the part file, verifies it and publishes it. */
async function fetchFile(job: DownloadJob, isOwned: () => Promise<boolean>): Promise<DownloadResult> {
  const part = await PartFile.open(job.destination, job.source, job.signal)
  try {
    for (let round = 1; ; round++) {
      await fillPart(job, part)
      const sizeBytes = part.offset
      const sha256 = part.sha256()
      const { sha256: wanted } = job.demands
      if (wanted === undefined || sha256.startsWith(wanted)) {
        if (!(await isOwned())) throw takenOver(job.destination)
        await part.publish()
        job.report({ phase: 'receiving', receivedBytes: sizeBytes, totalBytes: sizeBytes }, true)
        return { path: job.destination, sizeBytes, sha256, fetchedBytes: part.writtenBytes }
      }
      const { continued } = part
      await part.discard()
      if (!continued || round > 1) throw wrongDigest(job, wanted, sha256)
      // Bytes from before may be the damaged ones: once more from the start.
      tellRetry(job, part, 'the continued file had a wrong sha256')
    }
  } finally {
    await part.close()
  }
}

/** Requests until the part file is whole. */
async function fillPart(job: DownloadJob, part: PartFile): Promise<void> {
  const { limits, signal } = job
  let ground = part.offset
  for (let failures = 0; ; ) {
    if (part.offset > 0 && part.offset === totalOf(job, part)) return
    const http = new HttpRequest({ where: job.fileName, env: job.environment.env, stallMs: limits.stallMs, signal })
    try {
      return await receive(job, part, http)
    } catch (error) {
      if (!(error instanceof TransientFault)) throw error
      // A server that cannot continue starts from zero each time: only bytes further than ever are new ground.
      if (part.offset >= ground + GROUND_BYTES) failures = 0
      ground = Math.max(ground, part.offset)
      failures++
      if (failures >= limits.attempts) throw givenUp(job, part, failures, error)
      // A random part, so that many machines do not come back at the same moment.
      const pause = limits.firstPauseMs * 2 ** (failures - 1) * (0.75 + Math.random() / 2)
      const wait = Math.min(LONGEST_PAUSE_MS, Math.max(pause, error.retryAfterMs ?? 0))
      tellRetry(job, part, `${error.message}, next try in ${(wait / 1000).toFixed(1)} s`)
      await delay(wait, undefined, { signal })
    } finally {
      await http.close()
    }
  }
}

/** One request, and its body into the part file until that is whole. */
async function receive(job: DownloadJob, part: PartFile, http: HttpRequest): Promise<void> {
  const fixed = { 'accept-encoding': 'identity', 'user-agent': 'detrs' }
  const answer = await http.get(job.url, { ...fixed, ...rangeHeaders(job, part) })
  const total = await prepare(job, part, answer)
  if (part.offset > 0 && part.offset === total) return
  await refuseFullDisk(part, total)
  let head: Uint8Array | undefined = part.offset === 0 ? new Uint8Array(0) : undefined
  for await (const chunk of answer.body()) {
    const end = part.offset + chunk.length
    if (end > (total ?? job.limits.maxBytes)) {
      await part.discard()
      const expected = total === undefined ? `at most ${job.limits.maxBytes} bytes` : `${total} bytes`
      throw wrongSize(job, expected, `${end} bytes or more`)
    }
    await part.append(chunk)
    if (head !== undefined) {
      head = Buffer.concat([head, chunk.subarray(0, HEAD_BYTES - head.length)])
      if (head.length === HEAD_BYTES) {
        await refuseText(job, part, head)
        head = undefined
      }
    }
    job.report({ phase: 'receiving', receivedBytes: part.offset, totalBytes: total })
  }
  if (head !== undefined) await refuseText(job, part, head)
  if (total !== undefined && part.offset < total) {
    throw new TransientFault(`an end after ${part.offset} of ${total} bytes`)
  }
  if (part.offset === 0) {
    await part.discard()
    throw wrongSize(job, 'one byte or more', 'an empty file')
  }
}

/** @throws FileError at once, rather than after minutes, when the rest cannot fit on the disk. */
async function refuseFullDisk(part: PartFile, total: number | undefined): Promise<void> {
  if (total === undefined) return
  const folder = dirname(part.path)
  // Some network disks cannot say how much room they have, or say 0 of 0.
  const disk = await statfs(folder).catch(() => undefined)
  if (disk === undefined || disk.blocks === 0) return
  const free = disk.bavail * disk.bsize
  const missing = total - part.offset
  if (free >= missing) return
  throw new FileError({
    where: folder,
    expected: `room for ${missing} bytes on the disk`,
    got: `${free} bytes`,
    next: 'Free some space or choose a folder on another disk.',
  })
}

function wrongDigest(job: DownloadJob, expected: string, got: string): DownloadError {
  return new DownloadError({
    where: job.fileName,
    expected: `a file with ${digestInWords(expected)} from ${addressInWords(job.url)}`,
    got: `one with sha256 ${got}`,
    next: 'It was removed. Check the address, or whether something on the way alters downloads.',
  })
}

function givenUp(job: DownloadJob, part: PartFile, failures: number, fault: TransientFault): DownloadError {
  const kept = part.offset === 0 ? '' : ` ${part.offset} bytes are kept: the next download goes on from there.`
  return new DownloadError({
    where: job.fileName,
    expected: `a file from ${addressInWords(job.url)}`,
    got: `${fault.message} (${failures} tries in a row)`,
    next: `Try again later, or ${byHand(job)}.${kept}`,
    cause: fault.cause ?? fault,
  })
}

function totalOf(job: DownloadJob, part: PartFile): number | undefined {
  return job.demands.sizeBytes ?? part.origin?.totalBytes
}

function tellRetry(job: DownloadJob, part: PartFile, note: string): void {
  job.report({ phase: 'retrying', receivedBytes: part.offset, totalBytes: totalOf(job, part), note }, true)
}

function tellWaiting(job: DownloadJob): void {
  const waiting: DownloadProgress = { phase: 'waiting', receivedBytes: 0, totalBytes: job.demands.sizeBytes }
  job.report({ ...waiting, note: 'another process downloads this file' }, true)
}
