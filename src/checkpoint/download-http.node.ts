/**
 * @file One GET request of a download: through the proxy that the environment asks for, along redirects, watched for
 * silence; faults sorted into those worth another try (TransientFault) and those that are final (DownloadError).
 */
import { STATUS_CODES } from 'node:http'
import type { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import { DownloadError } from '../tensor/index.js'
import { faultCode } from './file-fault.node.js'
import { proxyFor, type Variables } from './proxy-settings.js'

/** A fault that may be gone on the next try. The message continues the sentence "expected …, got". */
export class TransientFault extends Error {
  /** The wait that the server asked for. */
  readonly retryAfterMs: number | undefined

  constructor(got: string, cause?: unknown, retryAfterMs?: number) {
    super(got, { cause })
    this.name = 'TransientFault'
    this.retryAfterMs = retryAfterMs
  }
}

/** The start of a server's answer, and its body. */
export interface HttpAnswer {
  readonly status: number
  /** Address after redirects. */
  readonly url: URL
  /** A header by its lower-case name; the first where there are several. */
  header(name: string): string | undefined
  /** @throws TransientFault when the connection breaks or falls silent. */
  body(): AsyncGenerator<Uint8Array, void, undefined>
}

export interface HttpOptions {
  /** Subject of error sentences. */
  readonly where: string
  readonly env: Variables
  /** Silence after which a connection counts as broken. */
  readonly stallMs: number
  readonly signal: AbortSignal
}

const MAX_REDIRECTS = 10
const CONNECT_TIMEOUT_MS = 15_000

/** Codes of faults that may pass: of the operating system and of undici. */
const TRANSIENT: ReadonlySet<string> = new Set([
  ...['ECONNRESET', 'ECONNREFUSED', 'ECONNABORTED', 'ETIMEDOUT', 'EPIPE', 'EAI_AGAIN', 'ENETUNREACH', 'ENETDOWN'],
  ...['EHOSTUNREACH', 'EHOSTDOWN', 'ENETRESET', 'EADDRNOTAVAIL', 'ERR_SSL_UNEXPECTED_EOF_WHILE_READING'],
  ...['UND_ERR_SOCKET', 'UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'],
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
])

/** One request with its redirects; `close` ends it, however far it got. */
export class HttpRequest {
  readonly #options: HttpOptions
  readonly #dispatchers: Dispatcher[] = []
  #proxy: URL | undefined

  constructor(options: HttpOptions) {
    this.#options = options
  }

  /**
   * The answer to a GET of `url`, after redirects, whatever its status.
   * @throws TransientFault or DownloadError when there is no answer; the signal's reason when it aborts.
   */
  async get(url: URL, headers: Readonly<Record<string, string>>): Promise<HttpAnswer> {
    const { where } = this.#options
    let at = url
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const answer = await this.#send(at, headers)
      if (![301, 302, 303, 307, 308].includes(answer.status)) return answer
      at = redirectTarget(at, answer.header('location'), where)
    }
    throw new DownloadError({
      where,
      expected: `at most ${MAX_REDIRECTS} redirects from ${addressInWords(url)}`,
      got: `one more, to ${addressInWords(at)}`,
      next: 'Check the address.',
    })
  }

  /** Ends all connections of this request. */
  async close(): Promise<void> {
    await Promise.all(this.#dispatchers.map((dispatcher) => dispatcher.destroy().catch(() => undefined)))
  }

  async #send(url: URL, headers: Readonly<Record<string, string>>): Promise<HttpAnswer> {
    const { Agent, ProxyAgent, request } = await import('undici')
    // The silence watch below replaces undici's own timers: it also covers proxies that accept and say nothing.
    const options = { connect: { timeout: CONNECT_TIMEOUT_MS }, headersTimeout: 0, bodyTimeout: 0 }
    this.#proxy = proxyFor(url, this.#options.env)
    // Plain http goes through a proxy without CONNECT: many proxies allow CONNECT to port 443 only.
    const dispatcher = this.#proxy
      ? new ProxyAgent({ ...options, uri: this.#proxy.href, proxyTunnel: this.#proxy.protocol.startsWith('socks') })
      : new Agent(options)
    this.#dispatchers.push(dispatcher)
    const answer = await this.#watched(request(url, { dispatcher, headers }), url)
    // Without a listener, an error after the last read would end the process.
    answer.body.on('error', () => undefined)
    return {
      status: answer.statusCode,
      url,
      header: (name) => [answer.headers[name]].flat()[0],
      body: () => this.#read(answer.body, url),
    }
  }

  async *#read(body: Readable, url: URL): AsyncGenerator<Uint8Array, void, undefined> {
    const chunks: AsyncIterator<Uint8Array> = body[Symbol.asyncIterator]()
    for (;;) {
      const next = await this.#watched(chunks.next(), url)
      if (next.done === true) return
      yield next.value
    }
  }

  /** `work`, unless the line is silent for too long or the signal aborts; its errors sorted. */
  async #watched<T>(work: Promise<T>, url: URL): Promise<T> {
    const { signal, stallMs } = this.#options
    const { promise: stop, reject } = promiseParts()
    const abort = (): void => reject(signal.reason)
    const silent = (): void => reject(new TransientFault(`no answer for ${stallMs / 1000} s`))
    const timer = setTimeout(silent, stallMs)
    signal.addEventListener('abort', abort, { once: true })
    if (signal.aborted) abort()
    try {
      return await Promise.race([work, stop])
    } catch (error) {
      throw signal.aborted ? signal.reason : this.#sorted(error, url)
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
      // The loser of the race must not end the process as an unhandled rejection.
      work.catch(() => undefined)
    }
  }

  #sorted(error: unknown, url: URL): unknown {
    if (error instanceof TransientFault || error instanceof DownloadError || !(error instanceof Error)) return error
    const through = this.#proxy === undefined ? '' : ` through the proxy ${this.#proxy.host}`
    const code = faultCode(error)
    const refusal = /\b(?:Proxy response|Proxy Authentication Required) \((\d{3})\)/.exec(error.message)?.[1]
    if (refusal !== undefined) {
      const name = STATUS_CODES[refusal] ?? ''
      return this.#final(url, `HTTP ${refusal} ${name} from the proxy ${this.#proxy?.host}`, PROXY_ADVICE, error)
    }
    if (TRANSIENT.has(code) || error.name === 'HTTPParserError') {
      return new TransientFault(`${error.message}${through}`, error)
    }
    if (code === 'ENOTFOUND') {
      const next = `Check the address and the network${through === '' ? '; HTTPS_PROXY sets a proxy' : ''}.`
      return this.#final(url, `no such server${through}`, next, error)
    }
    if (/CERT|SELF_SIGNED|UNABLE_TO_|^ERR_TLS|^ERR_SSL|^UND_ERR_PRX_TLS/.test(code)) {
      const next = 'Behind a company proxy, set NODE_EXTRA_CA_CERTS to the file of its root certificate.'
      return this.#final(url, `no secure connection${through}: ${code}`, next, error)
    }
    return this.#final(url, `${error.message}${through}`, undefined, error)
  }

  #final(url: URL, got: string, next: string | undefined, cause: Error): DownloadError {
    const expected = `an answer from ${addressInWords(url)}`
    return new DownloadError({
      where: this.#options.where,
      expected,
      got,
      cause,
      ...(next === undefined ? {} : { next }),
    })
  }
}

const PROXY_ADVICE = 'Check HTTP_PROXY, HTTPS_PROXY and their user name and password, or put the server into NO_PROXY.'

/**
 * Where a redirect from `from` leads. `location` may be relative.
 * @throws DownloadError when it is no address, not http or https, or leads from https to http.
 */
export function redirectTarget(from: URL, location: string | undefined, where: string): URL {
  const to = location !== undefined && URL.canParse(location, from) ? new URL(location, from) : undefined
  const secure = from.protocol === 'https:'
  if (to !== undefined && (to.protocol === 'https:' || (to.protocol === 'http:' && !secure))) return to
  throw new DownloadError({
    where,
    expected: `a redirect from ${addressInWords(from)} to ${secure ? 'https' : 'http or https'}`,
    got: to === undefined ? 'one without a valid address' : `one to ${addressInWords(to)}`,
  })
}

/** An address for a message: without user name, password and query, which may be secrets. */
export function addressInWords(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}${url.search === '' ? '' : '?…'}`
}

/** Milliseconds of a Retry-After header (seconds or a date), undefined where it says nothing. */
export function retryAfterMs(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined
  const ms = /^\d{1,9}$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - nowMs
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined
}

function promiseParts(): { promise: Promise<never>; reject: (reason: unknown) => void } {
  let reject: (reason: unknown) => void = () => undefined
  const promise = new Promise<never>((_, refuse) => {
    reject = refuse
  })
  return { promise, reject }
}
