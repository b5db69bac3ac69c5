/** @file Which kind of file some bytes are, by their first bytes and not by a name. */

/** Image formats that decode. */
export type ImageFormat = 'jpeg' | 'png' | 'webp' | 'avif' | 'tiff' | 'gif'

/** What the first bytes say: an image format that decodes, or words for what was found instead. */
export type Sniffed = { readonly format: ImageFormat } | { readonly format?: undefined; readonly other: string }

/** For error sentences. */
export const DECODABLE = 'a JPEG, PNG, WebP, AVIF, TIFF or GIF image'

const PDF_SIGNATURE = '%PDF'

/** Fixed signatures: offset, bytes as latin-1 text, and the format or what to call it. */
const SIGNATURES: readonly (readonly [number, string, ImageFormat | { readonly other: string }])[] = [
  [0, '\xff\xd8\xff', 'jpeg'],
  [0, '\x89PNG\r\n\x1a\n', 'png'],
  [0, 'GIF87a', 'gif'],
  [0, 'GIF89a', 'gif'],
  [0, 'II*\0', 'tiff'],
  [0, 'MM\0*', 'tiff'],
  [0, 'II+\0', 'tiff'],
  [0, 'MM\0+', 'tiff'],
  [0, PDF_SIGNATURE, { other: 'a PDF document' }],
  [0, 'BM', { other: 'a BMP image' }],
  [0, '\0\0\x01\0', { other: 'an ICO icon' }],
  [0, '\0\0\0\x0cjP  ', { other: 'a JPEG 2000 image' }],
  [0, '\xff\x4f\xff\x51', { other: 'a JPEG 2000 image' }],
  [0, '\0\0\0\x0cJXL ', { other: 'a JPEG XL image' }],
  [0, '\xff\x0a', { other: 'a JPEG XL image' }],
  [0, '8BPS', { other: 'a Photoshop document' }],
  [0, 'PK\x03\x04', { other: 'a ZIP archive' }],
  [0, '\x1f\x8b', { other: 'a gzip archive' }],
  [0, '\x1aE\xdf\xa3', { other: 'a Matroska or WebM video' }],
  [0, '\0\0\x01\xba', { other: 'an MPEG video' }],
  [0, '\0\0\x01\xb3', { other: 'an MPEG video' }],
  [0, '%!PS', { other: 'a PostScript document' }],
]

/** Brands of an ISO base media file (`ftyp` box). */
const BRANDS: readonly (readonly [RegExp, string])[] = [
  [/^(heic|heix|heim|heis|hevc|hevx|mif1|msf1)/, 'a HEIC image'],
  [/^avis/, 'an animated AVIF image'],
  [/^qt {2}/, 'a QuickTime video'],
]

/** Whether `bytes` begin a PDF document. */
export function isPdf(bytes: Uint8Array): boolean {
  return latin1(bytes.subarray(0, PDF_SIGNATURE.length)) === PDF_SIGNATURE
}

/** The kind of file that `bytes` begin; only the first 512 bytes are looked at. */
export function sniffImage(bytes: Uint8Array): Sniffed {
  if (bytes.length === 0) return { other: 'an empty file' }
  const head = latin1(bytes.subarray(0, 512))
  for (const [offset, signature, found] of SIGNATURES) {
    if (head.startsWith(signature, offset)) return typeof found === 'string' ? { format: found } : found
  }
  if (head.startsWith('RIFF')) {
    if (head.startsWith('WEBP', 8)) return { format: 'webp' }
    return { other: head.startsWith('AVI ', 8) ? 'an AVI video' : 'a RIFF file' }
  }
  if (head.startsWith('ftyp', 4)) return sniffBrands(head)
  return { other: describeText(head) }
}

function sniffBrands(head: string): Sniffed {
  const boxLength = Math.min(head.length, Math.max(16, head.charCodeAt(2) * 256 + head.charCodeAt(3)))
  const major = head.slice(8, 12)
  if (major === 'avif') return { format: 'avif' }
  // A still image may carry the generic brand first and its own among the compatible ones.
  const compatible = head.slice(16, boxLength)
  if ((major === 'mif1' || major === 'miaf') && compatible.includes('avif')) return { format: 'avif' }
  for (const [brand, name] of BRANDS) if (brand.test(major)) return { other: name }
  return { other: 'an MP4 video' }
}

function describeText(head: string): string {
  const text = head
    .replace(/^\xef\xbb\xbf/, '')
    .trimStart()
    .toLowerCase()
  if (/^<!doctype html|^<html|^<head|^<body/.test(text)) return 'an HTML page'
  if (/<svg[\s/>]/.test(text) && text.startsWith('<')) return 'an SVG drawing'
  if (text.startsWith('<?xml') || text.startsWith('<!doctype')) return 'an XML document'
  // An INI file starts with a name in brackets.
  if (/^(?:\{|\[\s*[^\sa-z_])/.test(text)) return 'a JSON document'
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what tells binary from text
  if (/^[^\0-\x08\x0e-\x1f]*$/.test(head)) return 'a text file'
  return 'bytes of no known image format'
}

function latin1(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
}
