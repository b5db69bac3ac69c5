/**
 * @file Assemblers of pickles, zip archives and safetensors files for the tests: each field can be given a lie.
 * The name ends in `.test.kit` so that the package leaves it out and the test runner does not run it.
 */
import { deflateSync } from 'fflate'
import { crc32 } from './crc32.js'

/** Bytes, text (Latin-1) or nested lists of them, in order. */
export type Part = number | string | Uint8Array | readonly Part[]

/** All parts in one array. */
export function bytesFrom(...parts: readonly Part[]): Uint8Array {
  const pieces: Uint8Array[] = []
  collect(parts, pieces)
  const out = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    out.set(piece, at)
    at += piece.length
  }
  return out
}

function collect(parts: readonly Part[], pieces: Uint8Array[]): void {
  for (const part of parts) {
    if (typeof part === 'number') pieces.push(Uint8Array.of(part))
    else if (typeof part === 'string') pieces.push(Uint8Array.from(part, (character) => character.charCodeAt(0)))
    else if (part instanceof Uint8Array) pieces.push(part)
    else collect(part, pieces)
  }
}

/** Little-endian numbers. */
export const u16 = (value: number): number[] => [value & 255, (value >>> 8) & 255]
export const u32 = (value: number): number[] => [...u16(value & 0xffff), ...u16(value >>> 16)]
export const u64 = (value: number | bigint): number[] => {
  const big = BigInt.asUintN(64, BigInt(value))
  return [...u32(Number(big & 0xffffffffn)), ...u32(Number(big >> 32n))]
}
/** float32 elements as bytes. */
export const f32 = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer)

/** Pickle opcodes with their operands. */
export const P = {
  proto: (version = 2): Part => [0x80, version],
  stop: '.',
  mark: '(',
  none: 'N',
  dict: '}',
  list: ']',
  emptyTuple: ')',
  tuple: 't',
  tuple1: 0x85,
  tuple2: 0x86,
  tuple3: 0x87,
  setItem: 's',
  setItems: 'u',
  append: 'a',
  appends: 'e',
  reduce: 'R',
  newObject: 0x81,
  build: 'b',
  persistentId: 'Q',
  stackGlobal: 0x93,
  int: (value: number): Part => ['J', u32(value)],
  float: (value: number): Part => ['G', new Uint8Array(Float64Array.of(value).buffer).reverse()],
  long: (...littleEndian: number[]): Part => [0x8a, littleEndian.length, littleEndian],
  text: (value: string): Part => {
    const utf8 = new TextEncoder().encode(value)
    return ['X', u32(utf8.length), utf8]
  },
  global: (module: string, name: string): Part => ['c', module, '\n', name, '\n'],
  put: (index: number): Part => ['r', u32(index)],
  get: (index: number): Part => ['j', u32(index)],
} as const

/** A whole pickle of protocol 2. */
export function pickle(...parts: readonly Part[]): Uint8Array {
  return bytesFrom(P.proto(), ...parts, P.stop)
}

/** How one tensor of a state dict is described; every field may lie. */
export interface TensorSpec {
  readonly storage?: string
  readonly key?: string
  readonly count?: number | Part
  readonly offset?: number | Part
  readonly shape?: readonly (number | Part)[]
  readonly stride?: readonly (number | Part)[]
  /** Legacy only: the view part of the storage id. */
  readonly view?: Part
  readonly legacy?: boolean
}

const number = (value: number | Part): Part => (typeof value === 'number' ? P.int(value) : value)

/** The opcodes that build one tensor by `_rebuild_tensor_v2`; by default 4 floats of storage 0. */
export function tensorOps(spec: TensorSpec = {}): Part {
  const { storage = 'FloatStorage', key = '0', count = 4, offset = 0, shape = [4], stride = [1] } = spec
  const id: Part[] = [P.mark, P.text('storage'), P.global('torch', storage), P.text(key), P.text('cpu'), number(count)]
  if (spec.legacy) id.push(spec.view ?? P.none)
  return [
    P.global('torch._utils', '_rebuild_tensor_v2'),
    P.mark,
    [...id, P.tuple, P.persistentId],
    number(offset),
    [P.mark, ...shape.map(number), P.tuple],
    [P.mark, ...stride.map(number), P.tuple],
    0x89,
    [P.global('collections', 'OrderedDict'), P.emptyTuple, P.reduce],
    P.tuple,
    P.reduce,
  ]
}

/** The pickle of a state dict. */
export function statePickle(tensors: Readonly<Record<string, TensorSpec>>): Uint8Array {
  return pickle(
    P.dict,
    P.mark,
    ...Object.entries(tensors).map(([name, spec]) => [P.text(name), tensorOps(spec)]),
    P.setItems,
  )
}

/** One entry of a zip archive; every header field may lie. */
export interface ZipSpec {
  readonly name: string
  readonly data?: Uint8Array
  readonly deflate?: boolean
  readonly method?: number
  readonly flags?: number
  readonly crc?: number
  readonly size?: number | bigint
  readonly localSize?: number
  readonly compressedSize?: number
  readonly localName?: string
  /** Sizes and position in the zip64 extra field of the directory. */
  readonly zip64?: boolean
  /** Sizes behind the data instead of in the local header. */
  readonly descriptor?: boolean
  readonly offset?: number
}

/** Lies of the end record. */
export interface ZipEnd {
  readonly entries?: number
  readonly directorySize?: number
  readonly directoryStart?: number
  readonly comment?: string
  readonly zip64?: boolean
  readonly disk?: number
}

/** A zip archive. */
export function buildZip(specs: readonly ZipSpec[], end: ZipEnd = {}): Uint8Array {
  const body: Uint8Array[] = []
  const directory: Uint8Array[] = []
  let offset = 0
  for (const spec of specs) {
    const local = localEntry(spec)
    directory.push(directoryEntry(spec, spec.offset ?? offset))
    body.push(local)
    offset += local.length
  }
  const size = end.directorySize ?? bytesFrom(...directory).length
  const start = end.directoryStart ?? offset
  const entries = end.entries ?? specs.length
  const tail: Part[] = []
  if (end.zip64) {
    const record = bytesFrom(
      'PK\x06\x06',
      u64(44),
      u16(45),
      u16(45),
      u32(0),
      u32(0),
      u64(entries),
      u64(entries),
      u64(size),
      u64(start),
    )
    tail.push(record, 'PK\x06\x07', u32(0), u64(offset + bytesFrom(...directory).length), u32(1))
  }
  const field16 = end.zip64 ? 0xffff : entries
  const [size32, start32] = end.zip64 ? [0xffffffff, 0xffffffff] : [size, start]
  const comment = end.comment ?? ''
  tail.push(
    'PK\x05\x06',
    u16(end.disk ?? 0),
    u16(0),
    u16(field16),
    u16(field16),
    u32(size32),
    u32(start32),
    u16(comment.length),
    comment,
  )
  return bytesFrom(...body, ...directory, ...tail)
}

interface EntryFields {
  readonly stored: Uint8Array
  readonly method: number
  readonly flags: number
  readonly crc: number
  readonly size: number | bigint
  readonly compressedSize: number
}

function entryFields(spec: ZipSpec): EntryFields {
  const data = spec.data ?? new Uint8Array(0)
  const stored = spec.deflate ? deflateSync(data) : data
  return {
    stored,
    method: spec.method ?? (spec.deflate ? 8 : 0),
    flags: spec.flags ?? (spec.descriptor ? 8 : 0),
    crc: spec.crc ?? crc32(data),
    size: spec.size ?? data.length,
    compressedSize: spec.compressedSize ?? stored.length,
  }
}

function localEntry(spec: ZipSpec): Uint8Array {
  const { stored, method, flags, crc, size, compressedSize } = entryFields(spec)
  const name = new TextEncoder().encode(spec.localName ?? spec.name)
  const sizes = spec.descriptor
    ? [u32(0), u32(0), u32(0)]
    : [u32(crc), u32(compressedSize), u32(spec.localSize ?? Number(size))]
  const descriptor = spec.descriptor ? ['PK\x07\x08', u32(crc), u32(compressedSize), u32(Number(size))] : []
  return bytesFrom(
    'PK\x03\x04',
    u16(20),
    u16(flags),
    u16(method),
    u32(0),
    sizes,
    u16(name.length),
    u16(0),
    name,
    stored,
    descriptor,
  )
}

function directoryEntry(spec: ZipSpec, offset: number): Uint8Array {
  const { method, flags, crc, size, compressedSize } = entryFields(spec)
  const name = new TextEncoder().encode(spec.name)
  const extra = spec.zip64 ? bytesFrom(u16(1), u16(24), u64(size), u64(compressedSize), u64(offset)) : new Uint8Array(0)
  const fields = spec.zip64 ? [0xffffffff, 0xffffffff, 0xffffffff] : [compressedSize, Number(size), offset]
  return bytesFrom(
    ['PK\x01\x02', u16(20), u16(20), u16(flags), u16(method), u32(0), u32(crc), u32(fields[0]!), u32(fields[1]!)],
    [u16(name.length), u16(extra.length), u16(0), u16(0), u16(0), u32(0), u32(fields[2]!), name, extra],
  )
}

/** A file of torch.save (1.6 and later) around a pickle and raw storages. */
export function torchZip(
  data: Uint8Array,
  storages: Readonly<Record<string, Uint8Array>> = {},
  more: readonly ZipSpec[] = [],
): Uint8Array {
  return buildZip([
    { name: 'archive/data.pkl', data },
    ...Object.entries(storages).map(([key, bytes]) => ({ name: `archive/data/${key}`, data: bytes })),
    { name: 'archive/version', data: bytesFrom('3\n') },
    ...more,
  ])
}

const MAGIC = pickle(P.long(0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19))

/** A file of torch.save before 1.6; storages are [key, declared elements, bytes]. */
export function torchLegacy(
  data: Uint8Array,
  storages: readonly (readonly [key: string, elements: number | bigint, bytes: Uint8Array])[],
  more: Part = [],
): Uint8Array {
  const keys = pickle(P.list, P.mark, ...storages.map(([key]) => P.text(key)), P.appends)
  return bytesFrom(
    [MAGIC, pickle(['M', u16(1001)]), pickle(P.dict), data, keys],
    storages.map(([, elements, bytes]) => [u64(elements), bytes]),
    more,
  )
}

/** A safetensors file with this header text and so many bytes of data. */
export function rawSafetensors(
  header: string | Uint8Array,
  dataLength = 0,
  headerLength?: number | bigint,
): Uint8Array {
  const text = typeof header === 'string' ? new TextEncoder().encode(header) : header
  return bytesFrom(u64(headerLength ?? text.length), text, new Uint8Array(dataLength))
}
