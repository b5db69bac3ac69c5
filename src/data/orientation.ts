/** @file The orientation that a file's EXIF block or XMP text asks for, read as Pillow's `exif_transpose` reads it. */

/** EXIF orientation: 1 is upright; 2, 4, 5 and 7 mirror; 5 to 8 swap width and height. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8

const TAG = 0x0112
const SHORT = 3
const LONG = 4

/**
 * Orientation from an EXIF block or, when that has none, from XMP text; 1 when neither says anything usable.
 * @param exif The TIFF structure, with or without `Exif\0\0` before it.
 */
export function orientationOf(exif: Uint8Array | undefined, xmp: string | undefined): Orientation {
  const value = (exif && exifOrientation(exif)) ?? (xmp && /tiff:Orientation(?:="|>)([0-9])/.exec(xmp)?.[1])
  const orientation = Number(value ?? 1)
  return orientation >= 1 && orientation <= 8 ? (orientation as Orientation) : 1
}

function exifOrientation(exif: Uint8Array): number | undefined {
  let bytes = exif
  while (bytes.length > 6 && String.fromCharCode(...bytes.subarray(0, 6)) === 'Exif\0\0') bytes = bytes.subarray(6)
  if (bytes.length < 8) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const mark = view.getUint16(0)
  if (mark !== 0x4949 && mark !== 0x4d4d) return undefined
  const little = mark === 0x4949
  const start = view.getUint32(4, little)
  if (start + 2 > bytes.length) return undefined
  const entries = view.getUint16(start, little)
  for (let i = 0; i < entries; i++) {
    const entry = start + 2 + i * 12
    if (entry + 12 > bytes.length) return undefined
    if (view.getUint16(entry, little) !== TAG) continue
    const type = view.getUint16(entry + 2, little)
    if (view.getUint32(entry + 4, little) !== 1) return undefined
    if (type === SHORT) return view.getUint16(entry + 8, little)
    return type === LONG ? view.getUint32(entry + 8, little) : undefined
  }
  return undefined
}

/** The EXIF block that ImageMagick hides in a PNG's text chunk `Raw profile type exif`: a header line, then hexadecimal. */
export function rawProfileBytes(text: string): Uint8Array {
  const digits = text.split('\n').slice(3).join('')
  const count = /^[0-9a-fA-F]*/.exec(digits)![0].length >> 1
  return Uint8Array.from({ length: count }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16))
}
