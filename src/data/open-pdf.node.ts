/**
 * @file A thread's one open PDF document: pages are asked for one by one, and neither is the file read nor its table of
 * contents parsed again for each. Requests take turns, so that none has its document closed under it.
 */
import { stat } from 'node:fs/promises'
import { PdfDocument } from './pdf.node.js'

/** A document's path; or its bytes, and a text that tells them from all others. */
export type PdfSource = string | { readonly bytes: Uint8Array; readonly key: string }

let open: { readonly key: string; readonly pdf: PdfDocument } | undefined
let turn: Promise<unknown> = Promise.resolve()

/**
 * What `action` makes of the document, which stays open for the next call.
 * @throws what `PdfDocument.open` and `action` throw.
 */
export function withPdf<T>(source: PdfSource, where: string, action: (pdf: PdfDocument) => T): Promise<T> {
  const result = turn.then(async () => action(await openOnce(source, where)))
  turn = result.catch(() => undefined)
  return result
}

async function openOnce(source: PdfSource, where: string): Promise<PdfDocument> {
  const key = `${where}\0${typeof source === 'string' ? await stateOfFile(source) : source.key}`
  if (open?.key === key && !open.pdf.closed) return open.pdf
  open?.pdf.close()
  open = undefined
  const pdf = await PdfDocument.open(typeof source === 'string' ? source : source.bytes, where)
  open = { key, pdf }
  return pdf
}

/** Changes when the file does. Whatever is wrong with it, opening it says. */
async function stateOfFile(path: string): Promise<string> {
  const status = await stat(path).catch(() => undefined)
  return status === undefined ? path : `${path}\0${status.ino}\0${status.size}\0${status.mtimeMs}`
}
