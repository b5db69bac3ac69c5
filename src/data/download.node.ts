/** @file Downloads one image that the user named, bounded in size, time and redirects. */
import { DownloadError, isSwitchedOn } from '../tensor/index.node.js'

/** Options of `downloadImage`. */
export interface DownloadOptions {
  /** Largest file that is accepted, bytes; 100 MiB when left out. */
  readonly maxBytes?: number
  /** Time for the whole download, milliseconds; 30 seconds when left out. */
  readonly timeoutMs?: number
}

const MAX_REDIRECTS = 5

/**
 * The bytes behind an http or https address.
 * @throws DownloadError when `DETRS_OFFLINE=1` is set, the address is not valid, does not answer with a file, redirects too often or away from
 *   https, or the file is too large or too slow.
 */
export async function downloadImage(address: string, options: DownloadOptions = {}): Promise<Uint8Array> {
  if (isSwitchedOn(process.env['DETRS_OFFLINE'])) {
    const got = 'DETRS_OFFLINE, which forbids to ask for it'
    throw new DownloadError({ where: withoutSecrets(address), expected: 'an image', got, next: 'Unset DETRS_OFFLINE.' })
  }
  const maxBytes = options.maxBytes ?? 100 * 2 ** 20
  const timeoutMs = options.timeoutMs ?? 30_000
  const signal = AbortSignal.timeout(timeoutMs)
  const where = withoutSecrets(address)
  try {
    const response = await request(parseAddress(address, where), where, signal)
    return await readBody(response, where, maxBytes)
  } catch (error) {
    if (error instanceof DownloadError) throw error
    const got = signal.aborted ? `no complete file within ${timeoutMs / 1000} seconds` : describeNetworkFault(error)
    throw new DownloadError({ where, expected: 'an image', got, cause: error })
  }
}

async function request(first: URL, where: string, signal: AbortSignal): Promise<Response> {
  let url = first
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const response = await fetch(url, { redirect: 'manual', signal, headers: { accept: 'image/*' } })
    if (response.ok) return response
    await response.body?.cancel()
    const location = response.headers.get('location')
    if (response.status < 300 || response.status >= 400 || location === null) {
      const status = `${response.status} ${response.statusText}`.trim()
      throw new DownloadError({ where, expected: 'an image', got: `the answer ${status}` })
    }
    const next = parseAddress(new URL(location, url).href, where)
    if (url.protocol === 'https:' && next.protocol !== 'https:') {
      throw new DownloadError({ where, expected: 'an https address', got: 'a redirect to an unprotected one' })
    }
    url = next
  }
  throw new DownloadError({ where, expected: `at most ${MAX_REDIRECTS} redirects`, got: 'more' })
}

async function readBody(response: Response, where: string, maxBytes: number): Promise<Uint8Array> {
  const tooLarge = (): DownloadError => new DownloadError({ where, expected: `at most ${maxBytes} bytes`, got: 'more' })
  const announced = Number(response.headers.get('content-length') ?? 0)
  if (announced > maxBytes) {
    await response.body?.cancel()
    throw tooLarge()
  }
  const chunks: Uint8Array[] = []
  let length = 0
  // Leaving the loop early cancels the download.
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.length
    if (length > maxBytes) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function parseAddress(address: string, where: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new DownloadError({ where, expected: 'an http or https address', got: withoutSecrets(address) })
  }
  if (url.username !== '' || url.password !== '') {
    throw new DownloadError({ where, expected: 'an address without a user name or password', got: 'one with them' })
  }
  return url
}

/** The address without user name, password and query: these may hold secrets, and errors are logged. */
function withoutSecrets(address: string): string {
  if (!URL.canParse(address)) return address.slice(0, 200)
  const { protocol, host, pathname } = new URL(address)
  return `${protocol}//${host}${pathname}`
}

function describeNetworkFault(error: unknown): string {
  const cause = (error as { readonly cause?: unknown }).cause
  const code = (cause as NodeJS.ErrnoException | undefined)?.code
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'no host of that name'
    case 'ECONNREFUSED':
      return 'a refused connection'
    case 'ECONNRESET':
    case 'UND_ERR_SOCKET':
      return 'a connection that broke off'
    default:
      return cause instanceof Error ? cause.message : error instanceof Error ? error.message : String(error)
  }
}
