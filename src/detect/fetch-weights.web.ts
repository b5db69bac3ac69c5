/** @file A weight file by its address, with one sentence for each way in which servers do not give it. */
import { models } from '../models/index.js'
import { ConfigError, DownloadError } from '../tensor/index.js'

/** A weight file. */
export interface WeightBytes {
  readonly bytes: Uint8Array
  /** What errors call it. */
  readonly name: string
}

/**
 * The bytes of a weight file, fetched where an address is given.
 * @throws DownloadError when the address does not give a file; ConfigError for a model's name in the place of an address.
 */
export async function fetchWeights(weights: string | URL | Uint8Array | ArrayBuffer): Promise<WeightBytes> {
  if (weights instanceof Uint8Array) return { bytes: weights, name: 'weights' }
  if (weights instanceof ArrayBuffer) return { bytes: new Uint8Array(weights), name: 'weights' }
  if (typeof weights !== 'string' && !(weights instanceof URL)) {
    const expected = 'the address of a weight file, or its bytes'
    throw new ConfigError({ where: 'loadDetector', expected, got: weights === null ? 'null' : typeof weights })
  }
  refuseModelName(String(weights))
  // Queries can hold keys, and data: addresses are as long as the file.
  const where = String(weights)
    .replace(/[?#].*$/s, '')
    .slice(0, 200)
  const name = where.slice(where.lastIndexOf('/') + 1) || where
  const expected = 'the weight file'
  const response = await fetch(weights).catch((cause: unknown) => {
    const next =
      'Check the address and the connection; a server of another origin must allow this page by the header Access-Control-Allow-Origin.'
    throw new DownloadError({
      where,
      expected,
      got: `no answer that this page may read (${textOf(cause)})`,
      next,
      cause,
    })
  })
  if (!response.ok) {
    const got = `HTTP ${response.status} ${response.statusText}`.trim()
    throw new DownloadError({ where, expected, got, next: 'Check the address, and that the file is served there.' })
  }
  const buffer = await response.arrayBuffer().catch((cause: unknown) => {
    const got = `a download that broke off (${textOf(cause)})`
    throw new DownloadError({ where, expected, got, next: 'Load it again.', cause })
  })
  const bytes = new Uint8Array(buffer)
  if (isPage(bytes)) {
    const next =
      'Many servers answer so for files that they do not have: check the address, and that the file is served there.'
    throw new DownloadError({ where, expected, got: 'a web page', next })
  }
  return { bytes, name }
}

function refuseModelName(text: string): void {
  const model = models.find(({ name }) => name === text)
  if (model === undefined) return
  const file = model.included === undefined ? 'its weights' : `node_modules/detrs/weights/${model.included}`
  throw new ConfigError({
    where: 'loadDetector',
    expected: 'the address of a weight file',
    got: `the name of a model, '${text}'`,
    next: `Serve ${file}, and pass the address.`,
  })
}

function isPage(bytes: Uint8Array): boolean {
  return /^\s*<(?:!doctype|!--|\?xml|html|head|body)/i.test(new TextDecoder().decode(bytes.slice(0, 100)))
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
