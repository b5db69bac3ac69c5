/**
 * @file One writer at a time: a lock file that says which process works on what it stands for, a download or a training
 * run. Its time stamp is renewed while that process lives; the lock of a dead process is taken over.
 *
 * Two processes may both believe that they hold it when one was asleep for long: a holder asks before it relies on it.
 */
import { randomUUID } from 'node:crypto'
import { type FileHandle, open, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { FileError } from '../tensor/index.js'
import { faultCode, fileFault } from './file-fault.node.js'

/**
 * How long to wait for what, in milliseconds. `onWait` is called once when another process holds the lock, `onAlive` when
 * that process has renewed it meanwhile; what they throw ends the waiting.
 */
export interface LockOptions {
  /** A holder renews its lock this often; without a sign for 15 times as long it counts as dead. */
  readonly heartbeatMs: number
  readonly signal: AbortSignal
  readonly onWait: () => void
  readonly onAlive?: () => void
}

interface Holder {
  readonly token: string
  readonly pid: number
  readonly host: string
}

/** Heartbeats that may be missed by a process that is not known to be dead (it may be busy or on another machine). */
const SILENT_BEATS = 15
/**
 * The same for a process id that does not exist on this machine. Not 0: containers may share a host name without
 * seeing each other's processes.
 */
const DEAD_BEATS = 2
/** Looks at a lock file that exists but cannot be read, before giving up. */
const UNREADABLE_ROUNDS = 40

/** A lock that this process holds. */
export class FileLock {
  readonly path: string
  readonly #token: string
  readonly #timer: NodeJS.Timeout

  constructor(path: string, token: string, heartbeatMs: number) {
    this.path = path
    this.#token = token
    this.#timer = setInterval(() => void this.#renew(), heartbeatMs).unref()
  }

  /** False when another process took the lock over while this one slept, or the lock file is gone. */
  async isOwned(): Promise<boolean> {
    return holderOf(await textOf(this.path))?.token === this.#token
  }

  /** True when another process took the lock over while this one slept. */
  async isTaken(): Promise<boolean> {
    const holder = holderOf(await textOf(this.path))
    return holder !== undefined && holder.token !== this.#token
  }

  /** Gives the lock back; harmless when it is no longer ours. */
  async release(): Promise<void> {
    clearInterval(this.#timer)
    // A lock file that cannot be removed is taken over by the next process, as it is not renewed any more.
    if (await this.isOwned()) await rm(this.path, { force: true }).catch(() => undefined)
  }

  async #renew(): Promise<void> {
    const now = new Date()
    // A lock file that is gone, or on a disk that is gone, shows in isOwned.
    if (await this.isOwned()) await utimes(this.path, now, now).catch(() => undefined)
  }
}

/**
 * Waits until the lock at `path` is ours: as long as its holder shows signs of life, or until `signal` aborts.
 * @throws FileError when no file can be made there; the signal's reason when it aborts.
 */
export async function acquireLock(path: string, options: LockOptions): Promise<FileLock> {
  const { heartbeatMs, signal, onWait } = options
  const token = randomUUID()
  const text = JSON.stringify({ token, pid: process.pid, host: hostname() } satisfies Holder)
  const pause = Math.min(250, heartbeatMs / 4)
  let seen = { state: '', since: performance.now() }
  let told = false
  let unreadable = 0
  for (;;) {
    signal.throwIfAborted()
    if (await create(path, text)) return new FileLock(path, token, heartbeatMs)
    const held = await stateOf(path)
    if (held === undefined) {
      // Gone since `create` looked, or something that is not a lock file.
      if (++unreadable > UNREADABLE_ROUNDS) throw unusable(path)
      await delay(pause, undefined, { signal })
      continue
    }
    unreadable = 0
    if (!told) onWait()
    told = true
    // Silence is measured by our own clock, because the file system's clock may be another machine's.
    if (held.state !== seen.state) {
      if (seen.state !== '') options.onAlive?.()
      seen = { state: held.state, since: performance.now() }
    }
    const silence = performance.now() - seen.since
    const dead = isDead(held.holder)
    const silenceOfDead = Math.max(silence, Date.now() - held.renewedMs)
    if (silence > SILENT_BEATS * heartbeatMs || (dead && silenceOfDead > DEAD_BEATS * heartbeatMs)) {
      await takeOver(path, text, token, held.state)
      // Of several that take over at once, the last one stays: it is found after a moment.
      await delay(pause, undefined, { signal })
      if (holderOf(await textOf(path))?.token === token) return new FileLock(path, token, heartbeatMs)
    }
    await delay(pause, undefined, { signal })
  }
}

/** Makes the lock file; false when there is one. */
async function create(path: string, text: string): Promise<boolean> {
  let file: FileHandle
  try {
    file = await open(path, 'wx')
  } catch (error) {
    // Windows answers EPERM or EACCES for a lock that is just being deleted; a real refusal has no file there.
    if (faultCode(error) === 'EEXIST' || (await textOf(path)) !== undefined) return false
    throw fileFault(error, path)
  }
  try {
    await file.writeFile(text)
    await file.close()
    return true
  } catch (error) {
    await file.close().catch(() => undefined)
    await rm(path, { force: true }).catch(() => undefined)
    throw fileFault(error, path)
  }
}

/** Replaces the lock file, unless it has changed since `state` was read. */
async function takeOver(path: string, text: string, token: string, state: string): Promise<void> {
  const ours = `${path}.${token}`
  try {
    await writeFile(ours, text, { flag: 'wx' })
    if ((await stateOf(path))?.state === state) await rename(ours, path)
    else await rm(ours, { force: true })
  } catch (error) {
    await rm(ours, { force: true }).catch(() => undefined)
    throw fileFault(error, path)
  }
}

function unusable(path: string): FileError {
  return new FileError({
    where: path,
    expected: 'a lock file',
    got: 'something that cannot be read',
    next: 'Move it away and try again.',
  })
}

interface LockState {
  readonly state: string
  readonly holder: Holder | undefined
  readonly renewedMs: number
}

/** What is in the lock file now; undefined when it is gone. */
async function stateOf(path: string): Promise<LockState | undefined> {
  const text = await textOf(path)
  const renewedMs = await stat(path).then(
    (found) => found.mtimeMs,
    () => undefined,
  )
  if (text === undefined || renewedMs === undefined) return undefined
  return { state: `${renewedMs} ${text}`, holder: holderOf(text), renewedMs }
}

async function textOf(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined)
}

/** Undefined for a lock file that is empty (just being written) or damaged. */
function holderOf(text: string | undefined): Holder | undefined {
  try {
    const value = JSON.parse(text ?? '') as Partial<Holder> | null
    const { token, pid, host } = value ?? {}
    if (typeof token !== 'string' || typeof pid !== 'number' || typeof host !== 'string') return undefined
    return { token, pid, host }
  } catch {
    return undefined
  }
}

function isDead(holder: Holder | undefined): boolean {
  if (holder === undefined || holder.host !== hostname() || !(Number.isSafeInteger(holder.pid) && holder.pid > 0))
    return false
  try {
    process.kill(holder.pid, 0)
    return false
  } catch (error) {
    return faultCode(error) === 'ESRCH'
  }
}
