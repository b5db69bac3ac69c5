/**
 * @file safetensors files: 8 bytes of header length, a JSON header, then the tensors' bytes without hole or overlap.
 * Source: huggingface/safetensors, `safetensors/src/tensor.rs` at 24b0b28, every invariant of its `validate`.
 */
import { bytesOf, bytesPerElement, CheckpointError, type DType, sizeOfShape, type TensorData } from '../tensor/index.js'
import { decodeUtf8, tensorFromFile } from './file-bytes.js'
import { type SafetensorsEntry, scanSafetensorsHeader } from './safetensors-header.js'
import { quoteName, type StateDict } from './state-dict.js'

/** Largest header that a safetensors file may have, bytes. */
export const MAX_SAFETENSORS_HEADER = 100_000_000

/** Where our writer starts the data section: a multiple of a cache line, so that every tensor is aligned. */
const DATA_ALIGNMENT = 64

const DTYPE_OF_NAME: ReadonlyMap<string, DType> = new Map<string, DType>([
  ['F64', 'float64'],
  ['F32', 'float32'],
  ['F16', 'float16'],
  ['BF16', 'bfloat16'],
  ['I64', 'int64'],
  ['U64', 'uint64'],
  ['I32', 'int32'],
  ['U32', 'uint32'],
  ['I16', 'int16'],
  ['U16', 'uint16'],
  ['I8', 'int8'],
  ['U8', 'uint8'],
  ['BOOL', 'bool'],
])

const NAME_OF_DTYPE: ReadonlyMap<DType, string> = new Map([...DTYPE_OF_NAME].map(([name, dtype]) => [dtype, name]))

/** What a safetensors file holds. */
export interface SafetensorsContent {
  readonly tensors: StateDict
  readonly metadata: Map<string, string>
}

/**
 * Reads a whole safetensors file. Tensors are views of `bytes` where aligned, copies otherwise.
 * @throws CheckpointError when the file is truncated, has bytes to spare, or breaks any rule of the format; when an
 * element type is unknown or (complex, 8 bits and below) has no array in JavaScript.
 */
export function parseSafetensors(bytes: Uint8Array, where: string): SafetensorsContent {
  const headerLength = readHeaderLength(bytes, where)
  const header = scanSafetensorsHeader(decodeHeader(bytes.subarray(8, 8 + headerLength), where), where)
  const data = bytes.subarray(8 + headerLength)
  checkOffsets(header.entries, data.byteLength, where)
  const tensors: StateDict = new Map()
  for (const entry of header.entries) tensors.set(entry.name, readEntry(entry, data, where))
  return { tensors, metadata: header.metadata }
}

function readHeaderLength(bytes: Uint8Array, where: string): number {
  const truncated = 'The file is truncated or damaged: download or copy it again.'
  if (bytes.byteLength < 8) {
    throw new CheckpointError({
      where,
      expected: 'at least the 8 bytes of a safetensors header length',
      got: `${bytes.byteLength} bytes`,
      next: truncated,
    })
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true)
  if (length > BigInt(MAX_SAFETENSORS_HEADER)) {
    throw new CheckpointError({
      where,
      expected: `a safetensors header of at most ${MAX_SAFETENSORS_HEADER} bytes`,
      got: `${length}`,
    })
  }
  if (Number(length) > bytes.byteLength - 8) {
    throw new CheckpointError({
      where,
      expected: `a safetensors header of ${length} bytes`,
      got: `the end of the file after ${bytes.byteLength - 8}`,
      next: truncated,
    })
  }
  return Number(length)
}

function decodeHeader(bytes: Uint8Array, where: string): string {
  if (bytes[0] !== 0x7b) {
    throw new CheckpointError({
      where,
      expected: "a safetensors header that starts with '{'",
      got: bytes.byteLength === 0 ? 'an empty header' : `byte 0x${bytes[0]?.toString(16).padStart(2, '0')}`,
    })
  }
  try {
    return decodeUtf8(bytes)
  } catch (cause) {
    throw new CheckpointError({ where, expected: 'a safetensors header in UTF-8', got: 'other bytes', cause })
  }
}

/** The tensors must cover the data section exactly: from 0 to its end, each byte once. */
function checkOffsets(entries: readonly SafetensorsEntry[], dataLength: number, where: string): void {
  const sorted = [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)
  let position = 0
  for (const { name, begin, end } of sorted) {
    if (begin !== position || end < begin) {
      throw new CheckpointError({
        where,
        expected: `tensor ${quoteName(name)} to start at byte ${position} of the data, without hole or overlap`,
        got: `data_offsets [${begin}, ${end}]`,
      })
    }
    position = end
  }
  if (position !== dataLength) {
    throw new CheckpointError({
      where,
      expected: `${position} bytes of tensor data, as the header says`,
      got: `${dataLength}`,
      next:
        position > dataLength
          ? 'The file is truncated: download or copy it again.'
          : 'The file has foreign bytes at its end.',
    })
  }
}

function readEntry(entry: SafetensorsEntry, data: Uint8Array, where: string): TensorData {
  const { name, shape, begin, end } = entry
  const dtype = DTYPE_OF_NAME.get(entry.dtype)
  if (dtype === undefined) {
    throw new CheckpointError({
      where: `${where}: tensor ${quoteName(name)}`,
      expected: `an element type among ${[...DTYPE_OF_NAME.keys()].join(', ')}`,
      got: JSON.stringify(entry.dtype.slice(0, 40)),
      next: 'Convert the tensor to a supported type before saving.',
    })
  }
  let size = bytesPerElement(dtype)
  for (const dim of shape) {
    size *= dim
    // A later 0 would hide an overflow: the format asks for checked multiplication.
    if (!Number.isSafeInteger(size)) break
  }
  if (size !== end - begin) {
    throw new CheckpointError({
      where: `${where}: tensor ${quoteName(name)}`,
      expected: `${entry.dtype} of shape [${shape.join(', ')}] to take ${size} bytes`,
      got: `${end - begin}`,
    })
  }
  return tensorFromFile(dtype, shape, data.subarray(begin, end))
}

/**
 * The bytes of a safetensors file. The same tensors and metadata, in the same order, give the same bytes; the data
 * section and every tensor are aligned.
 * @throws CheckpointError when a name cannot be written or the header exceeds 100 MB.
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, TensorData>,
  metadata: ReadonlyMap<string, string> = new Map(),
): Uint8Array {
  const parts = encodeSafetensorsParts(tensors, metadata)
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0))
  let position = 0
  for (const part of parts) {
    out.set(part, position)
    position += part.byteLength
  }
  return out
}

/**
 * The same file as consecutive pieces: the header, then a view of each tensor's own bytes. Writing them one after
 * the other needs no second copy of the weights.
 * @throws CheckpointError as `encodeSafetensors`.
 */
export function encodeSafetensorsParts(
  tensors: ReadonlyMap<string, TensorData>,
  metadata: ReadonlyMap<string, string> = new Map(),
): Uint8Array[] {
  checkMetadata(metadata)
  // Wide elements first: each tensor then starts at a multiple of its element size.
  const inFileOrder = [...tensors].sort(([, a], [, b]) => bytesPerElement(b.dtype) - bytesPerElement(a.dtype))
  const offsets = new Map<string, [number, number]>()
  const parts: Uint8Array[] = []
  let position = 0
  for (const [name, tensor] of inFileOrder) {
    checkTensor(name, tensor)
    const end = position + tensor.data.byteLength
    offsets.set(name, [position, end])
    parts.push(bytesOf(tensor))
    position = end
  }
  return [encodeHeader(tensors, offsets, metadata), ...parts]
}

function checkTensor(name: string, tensor: TensorData): void {
  if (name === '__metadata__' || /\p{Surrogate}/u.test(name)) {
    throw new CheckpointError({
      where: 'encodeSafetensors',
      expected: "a tensor name of valid Unicode other than '__metadata__'",
      got: JSON.stringify(name),
    })
  }
  if (sizeOfShape(tensor.shape) !== tensor.data.length) {
    throw new CheckpointError({
      where: `encodeSafetensors: tensor ${quoteName(name)}`,
      expected: `${tensor.data.length} elements`,
      got: `shape [${tensor.shape.join(', ')}]`,
    })
  }
}

function checkMetadata(metadata: ReadonlyMap<string, string>): void {
  for (const [key, value] of metadata) {
    if (/\p{Surrogate}/u.test(key + value)) {
      throw new CheckpointError({
        where: 'encodeSafetensors',
        expected: 'metadata of valid Unicode',
        got: `a lone surrogate in ${JSON.stringify(key)}`,
      })
    }
  }
}

function encodeHeader(
  tensors: ReadonlyMap<string, TensorData>,
  offsets: ReadonlyMap<string, [number, number]>,
  metadata: ReadonlyMap<string, string>,
): Uint8Array {
  const fields: string[] = []
  if (metadata.size > 0) {
    const pairs = Array.from(metadata, ([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`)
    fields.push(`"__metadata__":{${pairs.join(',')}}`)
  }
  for (const [name, { dtype, shape }] of tensors) {
    const [begin, end] = offsets.get(name)!
    const info = `{"dtype":"${NAME_OF_DTYPE.get(dtype)!}","shape":[${shape.join(',')}],"data_offsets":[${begin},${end}]}`
    fields.push(`${JSON.stringify(name)}:${info}`)
  }
  const json = new TextEncoder().encode(`{${fields.join(',')}}`)
  const length = Math.ceil((8 + json.byteLength) / DATA_ALIGNMENT) * DATA_ALIGNMENT - 8
  if (length > MAX_SAFETENSORS_HEADER) {
    throw new CheckpointError({
      where: 'encodeSafetensors',
      expected: `a header of at most ${MAX_SAFETENSORS_HEADER} bytes`,
      got: `${length}`,
      next: 'Store large metadata in a file of its own.',
    })
  }
  const header = new Uint8Array(8 + length).fill(0x20)
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true)
  header.set(json, 8)
  return header
}
