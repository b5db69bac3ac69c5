/**
 * @file What a server's answer means for a half-finished download: take it from the start, go on where it stopped, try
 * again later, or give up because this is not the file that was asked for.
 */
import { STATUS_CODES } from 'node:http'
import { DownloadError } from '../tensor/index.js'
import { addressInWords, type HttpAnswer, retryAfterMs, TransientFault } from './download-http.node.js'
import { httpDate, type PartFile, strongEtag } from './download-part.node.js'
import { byHand, type DownloadJob } from './download-request.node.js'

const TRANSIENT_STATUS: readonly number[] = [408, 425, 429, 500, 502, 503, 504]

/** The headers that ask for the missing rest, where it can be told that the rest belongs to what is there. */
export function rangeHeaders(job: DownloadJob, part: PartFile): Record<string, string> {
  const { etag, lastModified } = part.origin ?? {}
  const validator = etag ?? lastModified
  if (part.offset === 0 || (validator === undefined && job.demands.sha256 === undefined)) return {}
  const range = { range: `bytes=${part.offset}-` }
  return validator === undefined ? range : { ...range, 'if-range': validator }
}

/**
 * Makes the part file ready for the answer's body: emptied for a whole file, left for the missing rest.
 * Gives the size of the whole file, where it is known.
 * @throws TransientFault when another try may help; DownloadError when the server does not give the file, or gives one
 * of another size.
 */
export async function prepare(job: DownloadJob, part: PartFile, answer: HttpAnswer): Promise<number | undefined> {
  const { status } = answer
  const encoding = answer.header('content-encoding')
  if ((status === 200 || status === 206) && encoding !== undefined && encoding !== 'identity') {
    throw refusal(job, answer, `an answer in ${encoding} encoding`)
  }
  if (status === 200) {
    const declared = wholeNumber(answer.header('content-length'))
    await refuseSize(job, part, answer, declared)
    await part.begin({
      source: job.source,
      etag: strongEtag(answer.header('etag')),
      lastModified: httpDate(answer.header('last-modified')),
      totalBytes: declared,
    })
    return job.demands.sizeBytes ?? declared
  }
  if (status === 206 || status === 416) {
    const range = /^bytes (?:(\d+)-\d+|\*)\/(?:(\d+)|\*)$/.exec(answer.header('content-range') ?? '')
    const total = wholeNumber(range?.[2])
    await refuseSize(job, part, answer, total)
    if (status === 206 && part.offset > 0 && wholeNumber(range?.[1]) === part.offset) {
      part.goOn()
      return job.demands.sizeBytes ?? total
    }
    if (status === 416 && total !== undefined && total === part.offset) return total
    await part.discard()
    throw new TransientFault(`a range that does not continue the file (${statusInWords(status)})`)
  }
  if (TRANSIENT_STATUS.includes(status)) {
    const wait = retryAfterMs(answer.header('retry-after'), Date.now())
    throw new TransientFault(statusInWords(status), undefined, wait)
  }
  throw refusal(job, answer, statusInWords(status))
}

/**
 * Tells a web page from weights by its first bytes, as login and error pages come with HTTP 200 too.
 * @throws DownloadError, after removing the part file, for a page or a Git LFS pointer.
 */
export async function refuseText(job: DownloadJob, part: PartFile, head: Uint8Array): Promise<void> {
  const text = Buffer.from(head)
    .toString('latin1')
    .replace(/^\xef\xbb\xbf/, '')
    .trimStart()
  const page = /^<(?:!doctype|!--|\?xml|html|head|body|script|meta)/i.test(text)
  if (!page && !text.startsWith('version https://git-lfs.github.com/spec/')) return
  await part.discard()
  throw new DownloadError({
    where: job.fileName,
    expected: `weights from ${addressInWords(job.url)}`,
    got: page ? 'a web page' : 'a Git LFS pointer instead of the file',
    next: `Open the address in a browser to see why, or ${byHand(job)}.`,
  })
}

/** The error for a file of another size than `expected` says. */
export function wrongSize(job: DownloadJob, expected: string, got: string): DownloadError {
  return new DownloadError({
    where: job.fileName,
    expected: `${expected} from ${addressInWords(job.url)}`,
    got,
    next: 'Check the address, or whether something on the way alters downloads.',
  })
}

async function refuseSize(
  job: DownloadJob,
  part: PartFile,
  answer: HttpAnswer,
  declared: number | undefined,
): Promise<void> {
  const { sizeBytes } = job.demands
  const { maxBytes } = job.limits
  if (declared === undefined || (sizeBytes === undefined ? declared <= maxBytes : declared === sizeBytes)) return
  await part.discard()
  const type = answer.status === 416 ? undefined : answer.header('content-type')
  const got = `${declared} bytes${type === undefined ? '' : ` of ${type}`}`
  throw wrongSize(job, sizeBytes === undefined ? `at most ${maxBytes} bytes` : `${sizeBytes} bytes`, got)
}

function refusal(job: DownloadJob, answer: HttpAnswer, got: string): DownloadError {
  const permission = answer.status === 401 || answer.status === 403
  return new DownloadError({
    where: job.fileName,
    expected: `a file from ${addressInWords(answer.url)}`,
    got,
    next: permission ? `The server wants a permission: ${byHand(job)}.` : `Check the address, or ${byHand(job)}.`,
  })
}

function statusInWords(status: number): string {
  return `HTTP ${status} ${STATUS_CODES[status] ?? ''}`.trim()
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}
