/** @file CRC-32 (ISO 3309, reflected polynomial 0xEDB88320), the checksum of zip entries. */

/** Checksum of bytes, as an unsigned 32-bit number. */
export type Crc32 = (bytes: Uint8Array) => number

const SLICES = 16

/** CRC-32 in TypeScript, sixteen bytes per step ("slicing by 16"); Node's own is faster still where it exists. */
export function crc32(bytes: Uint8Array): number {
  const table = crcTable()
  let crc = -1
  let at = 0
  const wholeSteps = bytes.length - (bytes.length % SLICES)
  while (at < wholeSteps) {
    const a = crc ^ (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24))
    crc =
      table[3840 + (a & 255)]! ^
      table[3584 + ((a >>> 8) & 255)]! ^
      table[3328 + ((a >>> 16) & 255)]! ^
      table[3072 + (a >>> 24)]! ^
      table[2816 + bytes[at + 4]!]! ^
      table[2560 + bytes[at + 5]!]! ^
      table[2304 + bytes[at + 6]!]! ^
      table[2048 + bytes[at + 7]!]! ^
      table[1792 + bytes[at + 8]!]! ^
      table[1536 + bytes[at + 9]!]! ^
      table[1280 + bytes[at + 10]!]! ^
      table[1024 + bytes[at + 11]!]! ^
      table[768 + bytes[at + 12]!]! ^
      table[512 + bytes[at + 13]!]! ^
      table[256 + bytes[at + 14]!]! ^
      table[bytes[at + 15]!]!
    at += SLICES
  }
  for (; at < bytes.length; at++) crc = table[(crc ^ bytes[at]!) & 255]! ^ (crc >>> 8)
  return ~crc >>> 0
}

let cachedTable: Int32Array | undefined

/** Entry `256·k + b`: the effect of byte b followed by k zero bytes. */
function crcTable(): Int32Array {
  if (cachedTable !== undefined) return cachedTable
  const table = new Int32Array(256 * SLICES)
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
    table[byte] = crc
  }
  for (let i = 256; i < table.length; i++) table[i] = (table[i - 256]! >>> 8) ^ table[table[i - 256]! & 255]!
  cachedTable = table
  return table
}
