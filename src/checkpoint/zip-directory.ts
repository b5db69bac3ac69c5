/** @file Where a zip archive's directory lies: end record, zip64 end record and the zip64 extra field. */
import { CheckpointError } from '../tensor/index.js'
import { ByteReader } from './byte-reader.js'

/** Position and size of the central directory, bytes. */
export interface ZipDirectory {
  readonly entries: number
  readonly start: number
  readonly size: number
}

const END_SIZE = 22
const END_SIGNATURE = 0x06054b50
const ZIP64_END_SIZE = 56
const ZIP64_END_SIGNATURE = 0x06064b50
const ZIP64_LOCATOR_SIZE = 20
const ZIP64_LOCATOR_SIGNATURE = 0x07064b50
const ZIP64_EXTRA = 1

/**
 * Finds the central directory from the end of the archive.
 * @throws CheckpointError when there is none (a truncated file), or it does not lie inside the file.
 */
export function findDirectory(bytes: Uint8Array, where: string): ZipDirectory {
  const endAt = findEndRecord(bytes, where)
  const reader = new ByteReader(bytes, where, endAt + 4)
  const what = 'zip end record'
  const disks = [reader.u16(what), reader.u16(what)]
  const entriesHere = reader.u16(what)
  const short = { entries: reader.u16(what), size: reader.u32(what), start: reader.u32(what) }
  if (disks.some((disk) => disk !== 0 && disk !== 0xffff)) refuse(where, 'a zip archive in one part', 'one of several')
  if (entriesHere !== short.entries)
    refuse(where, 'a zip archive in one part', `${entriesHere} of ${short.entries} entries`)
  // PyTorch writes the zip64 record always: each short field then repeats it or is all ones.
  const directory = readZip64End(bytes, endAt, where) ?? { ...short, limit: endAt }
  const { entries, size, start, limit } = directory
  if (!agrees(short.entries, entries, 0xffff) || !agrees(short.size, size, ONES) || !agrees(short.start, start, ONES)) {
    refuse(where, 'equal zip end records', `${entries} and ${short.entries} entries, or other places of the directory`)
  }
  if (start + size !== limit) {
    refuse(where, `a zip directory that ends at byte ${limit}`, `${size} bytes at byte ${start}`)
  }
  return { entries, size, start }
}

/** A 32-bit field that says: see the zip64 field. */
const ONES = 0xffffffff

function agrees(short: number, long: number, seeLong: number): boolean {
  return short === long || short === seeLong
}

function findEndRecord(bytes: Uint8Array, where: string): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const earliest = Math.max(0, bytes.byteLength - END_SIZE - 0xffff)
  for (let at = bytes.byteLength - END_SIZE; at >= earliest; at--) {
    // The comment must reach exactly to the end: its text could hold a signature of its own.
    if (
      view.getUint32(at, true) === END_SIGNATURE &&
      at + END_SIZE + view.getUint16(at + 20, true) === bytes.byteLength
    ) {
      return at
    }
  }
  throw new CheckpointError({
    where,
    expected: 'a zip archive with its directory at the end',
    got: `${bytes.byteLength} bytes without one`,
    next: 'The file is truncated: download or copy it again.',
  })
}

function readZip64End(bytes: Uint8Array, endAt: number, where: string): (ZipDirectory & { limit: number }) | undefined {
  const what = 'zip64 end record'
  const locatorAt = endAt - ZIP64_LOCATOR_SIZE
  if (locatorAt < 0) return undefined
  const locator = new ByteReader(bytes, where, locatorAt)
  if (locator.u32(what) !== ZIP64_LOCATOR_SIGNATURE) return undefined
  locator.take(4, what) // disk
  const recordAt = locator.u64('the position of the zip64 end record')
  if (recordAt > locatorAt - ZIP64_END_SIZE) refuse(where, `a ${what} before byte ${locatorAt}`, `byte ${recordAt}`)
  const record = new ByteReader(bytes, where, recordAt)
  if (record.u32(what) !== ZIP64_END_SIGNATURE) refuse(where, `a ${what} at byte ${recordAt}`, 'other bytes')
  record.take(20, what) // size, versions, disks
  const entriesHere = record.u64('the number of zip entries')
  const entries = record.u64('the number of zip entries')
  if (entriesHere !== entries) refuse(where, 'a zip archive in one part', `${entriesHere} of ${entries} entries`)
  const size = record.u64('the size of the zip directory')
  const start = record.u64('the position of the zip directory')
  return { entries, size, start, limit: recordAt }
}

/** Sizes and position of an entry; each is in the zip64 extra field when its 32-bit field is all ones. */
export function readZip64Fields(
  fields: { compressedSize: number; size: number; offset: number },
  extra: Uint8Array,
  where: string,
): { compressedSize: number; size: number; offset: number } {
  let { compressedSize, size, offset } = fields
  if (compressedSize !== ONES && size !== ONES && offset !== ONES) return fields
  const zip64 = findExtraField(extra, ZIP64_EXTRA, where)
  if (zip64 === undefined) return fields
  if (size === ONES) size = zip64.u64('zip64 entry size')
  if (compressedSize === ONES) compressedSize = zip64.u64('zip64 entry size')
  if (offset === ONES) offset = zip64.u64('zip64 entry position')
  return { compressedSize, size, offset }
}

function findExtraField(extra: Uint8Array, id: number, where: string): ByteReader | undefined {
  const reader = new ByteReader(extra, where)
  while (reader.remaining > 0) {
    const found = reader.u16('zip extra field')
    const data = reader.take(reader.u16('zip extra field'), 'zip extra field')
    if (found === id) return new ByteReader(data, where)
  }
  return undefined
}

function refuse(where: string, expected: string, got: string): never {
  throw new CheckpointError({ where, expected, got })
}
