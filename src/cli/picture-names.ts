/** @file How annotated pictures are named after their photos. */
import { basename, extname } from 'node:path'

/** Bytes of a name before its number and extension; file systems allow 255 in all. */
const MAX_STEM_BYTES = 200

/**
 * One file name per photo: the photo's own, with the extension of what is written (PNG for what was without loss, else
 * JPEG), numbered where several photos would have the same. A page of a document has its number: `report-page-3.png`.
 * @param photos paths, web addresses or other names
 */
export function pictureNames(photos: readonly string[]): string[] {
  const taken = new Set<string>()
  return photos.map((photo) => {
    const { stem, extension } = nameParts(photo)
    let name = `${stem}${extension}`
    for (let n = 2; taken.has(comparable(name)); n++) name = `${stem}-${n}${extension}`
    taken.add(comparable(name))
    return name
  })
}

/** Names that some file systems take for the same are equal here. */
export function comparable(name: string): string {
  return name.normalize('NFC').toLowerCase()
}

function nameParts(photo: string): { stem: string; extension: string } {
  const page = /#page=(\d+)$/.exec(photo)
  const name = page === null ? photo : photo.slice(0, page.index)
  const path = /^https?:/i.test(name) ? pathOfAddress(name) : name
  // Characters that a file name cannot have on every system.
  const stem = basename(path, extname(path)).replace(/[<>:"/\\|?*\p{Cc}\p{Cs}]/gu, '_')
  if (page !== null) return { stem: `${cut(stem, MAX_STEM_BYTES) || 'document'}-page-${page[1]}`, extension: '.png' }
  const extension = /\.(png|gif|webp|tiff?)$/i.test(path) ? '.png' : '.jpg'
  return { stem: cut(stem, MAX_STEM_BYTES) || 'photo', extension }
}

function pathOfAddress(address: string): string {
  if (!URL.canParse(address)) return ''
  const { pathname } = new URL(address)
  try {
    return decodeURIComponent(pathname)
  } catch {
    return pathname
  }
}

/** The longest beginning that takes at most `bytes` in UTF-8, without half a character. */
function cut(text: string, bytes: number): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(bytes))
  return text.slice(0, read)
}
