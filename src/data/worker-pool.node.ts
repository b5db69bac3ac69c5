/**
 * @file A pool of worker threads that answer requests. Each worker has at most two requests at a time; the others wait
 * here. A worker that dies or takes too long fails its own requests and is replaced. An idle pool does not keep the
 * process alive.
 *
 * A worker receives `PoolRequest` messages and answers each with one `PoolAnswer`, in any order: `answerRequests`.
 */
import { parentPort, Worker } from 'node:worker_threads'
import { ConfigError, type DetrsError, FileError, ImageError } from '../tensor/index.js'

/** What a worker receives. */
export interface PoolRequest<Request> {
  readonly id: number
  readonly request: Request
}

/** What a worker sends back for one request. */
export type PoolAnswer<Result> =
  | { readonly id: number; readonly result: Result; readonly fault?: undefined }
  | { readonly id: number; readonly fault: Fault }

/** An error in a form that crosses threads: classes do not survive the crossing. */
export interface Fault {
  readonly code: string
  readonly path: string
  readonly message: string
  readonly stack: string | undefined
}

/** A pool of workers. */
export interface WorkerPool<Request, Result> {
  /**
   * Has one request answered. `where` names it in the error of a worker that dies.
   * @throws whatever the worker threw; ImageError when the worker stopped or the pool was closed.
   */
  run(request: Request, where: string, transfer?: readonly ArrayBuffer[]): Promise<Result>
  /** Fails what still waits, lets what runs finish, and ends the workers. */
  close(): Promise<void>
}

/** Options of `createWorkerPool`. */
export interface WorkerPoolOptions {
  /**
   * Longest time for one request, milliseconds; none when left out. A worker that takes longer is ended, and has one
   * request at a time, so that no other ends with it.
   */
  readonly limitMs?: number
}

interface Job<Request, Result> {
  readonly id: number
  readonly request: Request
  readonly where: string
  readonly transfer: readonly ArrayBuffer[]
  readonly resolve: (result: Result) => void
  readonly reject: (error: unknown) => void
  /** Ends the worker that takes too long. */
  timer?: NodeJS.Timeout
}

interface Member<Request, Result> {
  readonly worker: Worker
  readonly running: Map<number, Job<Request, Result>>
  /** The error that the worker died of. */
  death: unknown
}

/** One request is worked on while the next one's file is read and decoded. */
const REQUESTS_PER_WORKER = 2

/**
 * A pool of at most `size` threads that run the script `entry`. The first starts at once, the others when needed.
 */
export function createWorkerPool<Request, Result>(
  entry: URL,
  size: number,
  options: WorkerPoolOptions = {},
): WorkerPool<Request, Result> {
  const { limitMs } = options
  const perWorker = limitMs === undefined ? REQUESTS_PER_WORKER : 1
  const members = new Set<Member<Request, Result>>()
  const waiting: Job<Request, Result>[] = []
  let closing: Promise<void> | undefined
  let nextId = 0
  let whenIdle: (() => void) | undefined

  function start(): Member<Request, Result> {
    // Flags of this process are not for its workers: with --input-type, for one, no worker would start.
    const worker = new Worker(entry, { name: 'detrs-images', execArgv: [] })
    const member: Member<Request, Result> = { worker, running: new Map(), death: undefined }
    worker.on('message', (answer: PoolAnswer<Result>) => settle(member, answer))
    worker.on('messageerror', (error) => {
      member.death = error
      void worker.terminate()
    })
    worker.on('error', (error) => {
      member.death = error
    })
    worker.on('exit', (code) => bury(member, code))
    // After the listeners: adding one takes a reference.
    worker.unref()
    members.add(member)
    return member
  }

  function settle(member: Member<Request, Result>, answer: PoolAnswer<Result>): void {
    const job = member.running.get(answer.id)
    if (job === undefined) return
    release(member, job)
    if (answer.fault === undefined) job.resolve(answer.result)
    else job.reject(errorOfFault(answer.fault))
    assign()
  }

  function release(member: Member<Request, Result>, job: Job<Request, Result>): void {
    member.running.delete(job.id)
    clearTimeout(job.timer)
    if (member.running.size === 0) member.worker.unref()
  }

  function bury(member: Member<Request, Result>, code: number): void {
    members.delete(member)
    const reason = member.death instanceof Error ? member.death.message : `exit code ${code}`
    for (const job of [...member.running.values()]) {
      release(member, job)
      job.reject(
        new ImageError({
          where: job.where,
          expected: 'the image worker to answer',
          got: `a worker thread that stopped (${reason})`,
          cause: member.death,
        }),
      )
    }
    assign()
  }

  function watch(member: Member<Request, Result>, job: Job<Request, Result>, limit: number): void {
    const end = (): void => {
      if (!member.running.has(job.id)) return
      member.death = new Error(`it took longer than ${limit / 1000} seconds`)
      void member.worker.terminate()
    }
    job.timer = setTimeout(end, limit).unref()
  }

  /** Hands waiting jobs to the least busy worker; a new one starts only when every other has work. */
  function assign(): void {
    while (waiting.length > 0) {
      let member = leastBusy(members)
      if (members.size < size && (member === undefined || member.running.size > 0)) member = start()
      if (member === undefined || member.running.size >= perWorker) break
      const job = waiting.shift()!
      member.running.set(job.id, job)
      member.worker.ref()
      const message: PoolRequest<Request> = { id: job.id, request: job.request }
      member.worker.postMessage(message, job.transfer as ArrayBuffer[])
      if (limitMs !== undefined) watch(member, job, limitMs)
    }
    if (whenIdle !== undefined && [...members].every(({ running }) => running.size === 0)) whenIdle()
  }

  async function shutDown(): Promise<void> {
    for (const job of waiting.splice(0)) job.reject(closedError(job.where))
    await new Promise<void>((resolve) => {
      whenIdle = resolve
      assign()
    })
    await Promise.all([...members].map(({ worker }) => worker.terminate()))
  }

  start()
  return {
    run(request, where, transfer = []): Promise<Result> {
      if (closing !== undefined) return Promise.reject(closedError(where))
      return new Promise<Result>((resolve, reject) => {
        waiting.push({ id: nextId++, request, where, transfer, resolve, reject })
        assign()
      })
    },
    close(): Promise<void> {
      closing ??= shutDown()
      return closing
    },
  }
}

function leastBusy<Request, Result>(members: Iterable<Member<Request, Result>>): Member<Request, Result> | undefined {
  let best: Member<Request, Result> | undefined
  for (const member of members) if (best === undefined || member.running.size < best.running.size) best = member
  return best
}

function closedError(where: string): ImageError {
  return new ImageError({ where, expected: 'an open worker pool', got: 'a closed one' })
}

/**
 * The worker's side: answers every request with what `handle` gives or throws. `transferOf` names the buffers of a result
 * that are handed over instead of copied. Does nothing outside of a worker.
 */
export function answerRequests<Request, Result>(
  handle: (request: Request) => Promise<Result>,
  transferOf: (result: Result) => readonly ArrayBuffer[],
): void {
  const port = parentPort
  port?.on('message', ({ id, request }: PoolRequest<Request>) => {
    const answer = (message: PoolAnswer<Result>, transfer: readonly ArrayBuffer[] = []): void =>
      port.postMessage(message, transfer)
    handle(request).then(
      (result) => answer({ id, result }, transferOf(result)),
      (error: unknown) => answer({ id, fault: faultOfError(error) }),
    )
  })
}

/** The error in a form that can be posted. */
export function faultOfError(error: unknown): Fault {
  const { code, path } = error as Partial<DetrsError>
  return {
    code: String(code ?? ''),
    path: String(path ?? ''),
    message: error instanceof Error ? error.message : String(error),
    stack: error instanceof Error ? error.stack : undefined,
  }
}

/** The error again, of its own class and with its own sentence. */
export function errorOfFault(fault: Fault): Error {
  const { message, stack } = fault
  const parts = { where: fault.path, expected: '', got: '' }
  const error =
    fault.code === 'FILE'
      ? new FileError(parts)
      : fault.code === 'CONFIG'
        ? new ConfigError(parts)
        : fault.code === 'IMAGE'
          ? new ImageError(parts)
          : new Error(message)
  return Object.assign(error, { message }, stack === undefined ? {} : { stack })
}
