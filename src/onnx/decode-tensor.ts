/** @file ONNX's TensorProto to a host tensor. */
import { dtypeOfCode } from '../ops/index.js'
import {
  arrayFromBytes,
  bytesPerElement,
  createArray,
  type DType,
  isBigInt,
  OnnxFormatError,
  sizeOfShape,
  type TensorData,
} from '../tensor/index.js'
import { Entry, TensorField } from './schema.js'
import { asBytes, asFloats, asInt, asInts, asText, countInts, type WireField, WireReader } from './wire.js'

/** Tensors with more axes than this are refused. */
export const MOST_AXES = 64

/** A tensor and the name it has in its file. */
export interface NamedTensor {
  readonly name: string
  readonly data: TensorData
}

/**
 * Decodes a TensorProto message.
 * @param externalData bytes that external tensors may refer to, by path; a file path is never opened.
 * @throws OnnxFormatError when the element count does not fit the shape, or the data are external and not given.
 */
export function decodeTensor(
  bytes: Uint8Array,
  where: string,
  externalData: ReadonlyMap<string, Uint8Array> = new Map(),
): NamedTensor {
  const shape: number[] = []
  let [name, code] = ['', 0]
  let raw: Uint8Array | undefined
  const lists: WireField[] = []
  const external = new Map<string, string>()
  const reader = new WireReader(bytes, where)
  while (reader.more) {
    const field = reader.next()
    switch (field.number) {
      case TensorField.dims:
        for (const dim of asInts(field, where)) shape.push(Number(dim))
        break
      case TensorField.dataType:
        code = Number(asInt(field, where))
        break
      case TensorField.name:
        name = asText(field, where)
        break
      case TensorField.rawData:
        raw = asBytes(field, where)
        break
      case TensorField.externalData:
        external.set(...decodeEntry(asBytes(field, where), where))
        break
      default:
        lists.push(field)
    }
  }
  const path = name === '' ? where : `${where}: tensor '${name}'`
  const dtype = dtypeOfCode(code)
  if (dtype === undefined) throw fault(path, 'a numeric element type', `type code ${code}`)
  if (shape.length > MOST_AXES) throw fault(path, `at most ${MOST_AXES} axes`, String(shape.length))
  if (shape.some((dim) => dim < 0 || !Number.isSafeInteger(dim)) || !Number.isSafeInteger(sizeOfShape(shape))) {
    throw fault(path, 'sizes from 0 up', `[${shape.join(', ')}]`)
  }
  if (external.size > 0) raw = externalBytes(external, externalData, path)
  const size = sizeOfShape(shape)
  const expected = `${size} elements for shape [${shape.join(', ')}]`
  if (raw === undefined) return { name, data: { dtype, shape, data: fromLists(dtype, size, lists, expected, path) } }
  const found = raw.length / bytesPerElement(dtype)
  if (found !== size) throw fault(path, expected, String(found))
  return { name, data: { dtype, shape, data: arrayFromBytes(dtype, raw) } }
}

/** The list field that holds elements of a type; narrow integers, bool and the bits of 16-bit floats are in int32_data. */
function listFieldOf(dtype: DType): number {
  switch (dtype) {
    case 'float32':
      return TensorField.floatData
    case 'float64':
      return TensorField.doubleData
    case 'int64':
      return TensorField.int64Data
    case 'uint32':
    case 'uint64':
      return TensorField.uint64Data
    default:
      return TensorField.int32Data
  }
}

/** Elements from repeated fields. They are counted before anything of their number is allocated. */
function fromLists(
  dtype: DType,
  size: number,
  lists: readonly WireField[],
  expected: string,
  path: string,
): TensorData['data'] {
  const fields = lists.filter((field) => field.number === listFieldOf(dtype))
  if (dtype === 'float32' || dtype === 'float64') {
    const parts = fields.map((field) => asFloats(field, dtype === 'float32' ? 4 : 8, path))
    const found = parts.reduce((sum, part) => sum + part.length, 0)
    if (found !== size) throw fault(path, expected, String(found))
    const array = createArray(dtype, size)
    let at = 0
    for (const part of parts) {
      array.set(part, at)
      at += part.length
    }
    return array
  }
  const found = fields.reduce((sum, field) => sum + countInts(field, path), 0)
  if (found !== size) throw fault(path, expected, String(found))
  const array = createArray(dtype, size)
  const convert = isBigInt(dtype) ? (value: bigint) => value : Number
  let at = 0
  for (const field of fields) for (const value of asInts(field, path)) array[at++] = convert(value) as never
  return array
}

function externalBytes(
  entries: ReadonlyMap<string, string>,
  files: ReadonlyMap<string, Uint8Array>,
  path: string,
): Uint8Array {
  const location = entries.get('location') ?? ''
  const file = files.get(location)
  if (file === undefined) throw fault(path, `the external data '${location}' beside the model`, 'none of that name')
  const offset = Number(entries.get('offset') ?? 0)
  const length = Number(entries.get('length') ?? file.length - offset)
  const inside = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0
  if (!inside || offset + length > file.length) {
    throw fault(path, `a range inside the ${file.length} bytes of '${location}'`, `${offset} + ${length}`)
  }
  return file.subarray(offset, offset + length)
}

/** A key and its text (StringStringEntryProto). */
export function decodeEntry(bytes: Uint8Array, where: string): [key: string, value: string] {
  let [key, value] = ['', '']
  const reader = new WireReader(bytes, where)
  while (reader.more) {
    const field = reader.next()
    if (field.number === Entry.key) key = asText(field, where)
    if (field.number === Entry.value) value = asText(field, where)
  }
  return [key, value]
}

function fault(where: string, expected: string, got: string): OnnxFormatError {
  return new OnnxFormatError({ where, expected, got })
}
