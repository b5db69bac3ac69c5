/**
 * @file The colour model of a TIFF file's first page. libvips hands YCbCr that is not JPEG-compressed through as if it
 * were RGB, so that the pixels would be silently wrong.
 */

const COMPRESSION = 259
const PHOTOMETRIC = 262
const JPEG_COMPRESSIONS = [6, 7]

/** Photometric interpretations by their number in the TIFF specification. */
const MODELS: Readonly<Record<number, string>> = {
  4: 'a transparency mask',
  6: 'YCbCr colours',
  8: 'CIE L*a*b* colours',
  9: 'ICC L*a*b* colours',
  10: 'ITU L*a*b* colours',
  32803: 'raw colour-filter data',
  32844: 'logarithmic luminance',
  32845: 'logarithmic colours',
  34892: 'linear raw data',
}

/** Words for a colour model that does not decode; undefined when it does or when the header does not say. */
export function unsupportedTiffColours(bytes: Uint8Array): string | undefined {
  const tags = firstPageTags(bytes)
  const photometric = tags.get(PHOTOMETRIC)
  const model = photometric === undefined ? undefined : MODELS[photometric]
  return photometric === 6 && JPEG_COMPRESSIONS.includes(tags.get(COMPRESSION) ?? 1) ? undefined : model
}

/** Values of the first page's 16-bit tags; classic TIFF and BigTIFF. Empty when the page lies outside the file. */
function firstPageTags(bytes: Uint8Array): Map<number, number> {
  const tags = new Map<number, number>()
  if (bytes.length < 16) return tags
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const little = bytes[0] === 0x49
  const big = view.getUint16(2, little) === 43
  const page = big ? Number(view.getBigUint64(8, little)) : view.getUint32(4, little)
  const [countBytes, entryBytes, valueOffset] = big ? [8, 20, 12] : [2, 12, 8]
  if (page + countBytes > bytes.length) return tags
  const entries = big ? Number(view.getBigUint64(page, little)) : view.getUint16(page, little)
  for (let i = 0; i < entries; i++) {
    const entry = page + countBytes + i * entryBytes
    if (entry + entryBytes > bytes.length) break
    tags.set(view.getUint16(entry, little), view.getUint16(entry + valueOffset, little))
  }
  return tags
}
