/**
 * @file Zip archives, as PyTorch writes them and as re-zipping tools do: stored and deflated entries, zip64, data
 * descriptors. Everything is read from the central directory and checked against the local headers.
 * Source: PKWARE APPNOTE 6.3.10, sections 4.3 and 4.4.
 */
import { Inflate } from 'fflate'
import { CheckpointError } from '../tensor/index.js'
import { ByteReader } from './byte-reader.js'
import { type Crc32, crc32 } from './crc32.js'
import { allocateBytes, decodeUtf8 } from './file-bytes.js'
import { findDirectory, readZip64Fields } from './zip-directory.js'

/** One file of the archive. */
export interface ZipEntry {
  readonly name: string
  readonly compressed: boolean
  readonly crc: number
  /** Bytes in the archive, and bytes of the file. */
  readonly compressedSize: number
  readonly size: number
  /** Where its bytes begin in the archive. */
  readonly start: number
}

/** More entries than this are refused: a state dict has hundreds to thousands. */
const MAX_ENTRIES = 200_000
/** Deflated entries may add up to this much plus `INFLATE_RATIO` bytes per byte of the archive. */
const INFLATE_FLOOR = 64 * 2 ** 20
const INFLATE_RATIO = 32
/** Deflate expands at most 1032-fold, so one push of the inflater never makes more than 17 MB. */
const INFLATE_STEP = 16 * 2 ** 10

/** A zip archive in memory; `read` gives an entry's bytes. */
export class ZipArchive {
  readonly where: string
  readonly entries: ReadonlyMap<string, ZipEntry>
  readonly #bytes: Uint8Array
  readonly #crc32: Crc32
  readonly #hasChecksums: boolean

  constructor(bytes: Uint8Array, where: string, entries: ReadonlyMap<string, ZipEntry>, checksum: Crc32) {
    this.where = where
    this.entries = entries
    this.#bytes = bytes
    this.#crc32 = checksum
    // torch.serialization.set_crc32_options(False) writes 0 for every entry.
    this.#hasChecksums = [...entries.values()].some(({ crc }) => crc !== 0)
  }

  /**
   * The entry's bytes: a view of the archive when stored, a new array when deflated.
   * @throws CheckpointError when there is no such entry, its data is damaged or does not have the declared size.
   */
  read(name: string): Uint8Array {
    const entry = this.entries.get(name)
    if (entry === undefined) {
      throw new CheckpointError({
        where: this.where,
        expected: `entry ${JSON.stringify(name)}`,
        got: 'a zip without it',
      })
    }
    const stored = this.#bytes.subarray(entry.start, entry.start + entry.compressedSize)
    const data = entry.compressed ? inflate(stored, entry, this.where) : stored
    if (this.#hasChecksums && this.#crc32(data) !== entry.crc) {
      throw new CheckpointError({
        where: `${this.where}: ${name}`,
        expected: `CRC-32 ${hex(entry.crc)}`,
        got: hex(this.#crc32(data)),
        next: 'The file is damaged: download or copy it again.',
      })
    }
    return data
  }
}

/**
 * Reads the directory of a zip archive.
 * @throws CheckpointError when the directory is missing or truncated, two entries have one name or share bytes, a
 * name leads out of the archive, an entry is encrypted or of another compression method, sizes disagree between
 * directory and local header, or the deflated entries declare more than 64 MiB + 32 × the archive's size.
 */
export function openZip(bytes: Uint8Array, where: string, checksum: Crc32 = crc32): ZipArchive {
  const directory = findDirectory(bytes, where)
  if (directory.entries > MAX_ENTRIES) {
    throw new CheckpointError({ where, expected: `at most ${MAX_ENTRIES} zip entries`, got: `${directory.entries}` })
  }
  const reader = new ByteReader(bytes.subarray(0, directory.start + directory.size), where, directory.start)
  const entries = new Map<string, ZipEntry>()
  let inflated = 0
  for (let i = 0; i < directory.entries; i++) {
    const entry = readEntry(reader, bytes, directory.start, where)
    if (entries.has(entry.name)) refuse(where, 'every zip entry once', `${JSON.stringify(entry.name)} twice`)
    entries.set(entry.name, entry)
    if (entry.compressed) inflated += entry.size
  }
  if (reader.remaining !== 0) refuse(where, 'a zip directory of the declared size', `${reader.remaining} bytes more`)
  const limit = INFLATE_FLOOR + INFLATE_RATIO * bytes.byteLength
  if (inflated > limit) refuse(where, `at most ${limit} bytes of inflated data`, `${inflated} declared (a zip bomb?)`)
  checkDisjoint(entries, where)
  return new ZipArchive(bytes, where, entries, checksum)
}

function readEntry(reader: ByteReader, bytes: Uint8Array, dataEnd: number, where: string): ZipEntry {
  const what = 'zip directory'
  if (reader.u32(what) !== 0x02014b50)
    refuse(where, 'a zip directory entry', `other bytes at byte ${reader.position - 4}`)
  reader.take(4, what) // versions made by and needed
  const flags = reader.u16(what)
  const method = reader.u16(what)
  reader.take(4, what) // time and date
  const crc = reader.u32(what)
  const sizes32 = { compressedSize: reader.u32(what), size: reader.u32(what) }
  const nameLength = reader.u16(what)
  const extraLength = reader.u16(what)
  const commentLength = reader.u16(what)
  reader.take(8, what) // disk, attributes
  const offset32 = reader.u32(what)
  const name = decodeName(reader.take(nameLength, what), where)
  const extra = reader.take(extraLength, what)
  reader.take(commentLength, what)
  const { compressedSize, size, offset } = readZip64Fields({ ...sizes32, offset: offset32 }, extra, where)
  const at = `${where}: ${name}`
  if (flags & 0x2041) refuse(at, 'a plain zip entry', 'an encrypted one')
  if (method !== 0 && method !== 8) refuse(at, 'a stored or deflated zip entry', `compression method ${method}`)
  if (method === 0 && compressedSize !== size) {
    refuse(at, 'equal sizes of a stored entry', `${compressedSize} in the archive and ${size} as a file`)
  }
  const start = checkLocalHeader(bytes.subarray(0, dataEnd), offset, { at, name, method, compressedSize, size })
  return { name, compressed: method === 8, crc, compressedSize, size, start }
}

/** Compares the local header with the directory, and gives the position of the data behind it. */
function checkLocalHeader(
  bytes: Uint8Array,
  offset: number,
  entry: { at: string; name: string; method: number; compressedSize: number; size: number },
): number {
  const what = 'local zip header'
  const reader = new ByteReader(bytes, entry.at, offset)
  if (offset > bytes.byteLength || reader.u32(what) !== 0x04034b50) {
    refuse(entry.at, `a local zip header at byte ${offset}`, 'other bytes')
  }
  reader.take(2, what) // version needed
  const flags = reader.u16(what)
  const method = reader.u16(what)
  reader.take(8, what) // time, date, CRC
  const sizes = { compressedSize: reader.u32(what), size: reader.u32(what), offset: 0 }
  const nameLength = reader.u16(what)
  const extraLength = reader.u16(what)
  const name = decodeName(reader.take(nameLength, what), entry.at)
  const extra = reader.take(extraLength, what)
  if (name !== entry.name || method !== entry.method) {
    refuse(
      entry.at,
      'the same name and method in local header and directory',
      `${JSON.stringify(name)}, method ${method}`,
    )
  }
  // With a data descriptor (bit 3) the sizes are known only behind the data, and the local ones are 0 or -1.
  if ((flags & 8) === 0) {
    const local = readZip64Fields(sizes, extra, entry.at)
    if (local.compressedSize !== entry.compressedSize || local.size !== entry.size) {
      refuse(entry.at, `the sizes of the directory (${entry.size} bytes)`, `${local.size} in the local header`)
    }
  }
  const start = reader.position
  reader.take(entry.compressedSize, 'zip entry data')
  return start
}

/** Entries that share bytes are how a small archive becomes an endless one. */
function checkDisjoint(entries: ReadonlyMap<string, ZipEntry>, where: string): void {
  let previous: ZipEntry | undefined
  for (const entry of [...entries.values()].sort((a, b) => a.start - b.start)) {
    if (previous !== undefined && previous.start + previous.compressedSize > entry.start) {
      refuse(
        where,
        'zip entries that share no bytes',
        `${JSON.stringify(previous.name)} over ${JSON.stringify(entry.name)}`,
      )
    }
    previous = entry
  }
}

function decodeName(bytes: Uint8Array, where: string): string {
  let name: string
  try {
    name = decodeUtf8(bytes)
  } catch (cause) {
    throw new CheckpointError({ where, expected: 'zip entry names in UTF-8', got: 'other bytes', cause })
  }
  const parts = name.split('/')
  if (
    name === '' ||
    /[\\\0]/.test(name) ||
    /^(?:\/|[A-Za-z]:)/.test(name) ||
    parts.includes('..') ||
    parts.includes('.')
  ) {
    refuse(where, 'zip entry names that stay inside the archive', JSON.stringify(name.slice(0, 200)))
  }
  return name
}

/** Inflates in small steps, and stops at the first byte above the declared size. */
function inflate(data: Uint8Array, entry: ZipEntry, where: string): Uint8Array {
  const at = `${where}: ${entry.name}`
  const out = allocateBytes(entry.size, at)
  let position = 0
  const inflater = new Inflate((chunk) => {
    if (chunk.length > out.length - position) refuse(at, `${entry.size} bytes, as declared`, 'more (a zip bomb?)')
    out.set(chunk, position)
    position += chunk.length
  })
  try {
    for (let from = 0; from < data.length; from += INFLATE_STEP) {
      inflater.push(data.subarray(from, from + INFLATE_STEP), from + INFLATE_STEP >= data.length)
    }
  } catch (cause) {
    if (cause instanceof CheckpointError) throw cause
    throw new CheckpointError({ where: at, expected: 'valid deflated data', got: 'damaged data', cause })
  }
  if (position !== out.length) refuse(at, `${entry.size} bytes, as declared`, `${position}`)
  return out
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`
}

function refuse(where: string, expected: string, got: string): never {
  throw new CheckpointError({ where, expected, got })
}
