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
import { asFloats, asInts, asText, signed, WireReader, WireType } from './wire.js'

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
  const numbers: (number | bigint)[] = []
  const external = new Map<string, string>()
  const reader = new WireReader(bytes, where)
  while (reader.more) {
    const field = reader.next()
    switch (field.number) {
      case TensorField.dims:
        shape.push(...asInts(field, where).map(Number))
        break
      case TensorField.dataType:
        code = Number(signed(field))
        break
      case TensorField.name:
        name = asText(field, where)
        break
      case TensorField.rawData:
        raw = field.payload
        break
      case TensorField.floatData:
        append(numbers, asFloats(field, 4))
        break
      case TensorField.doubleData:
        append(numbers, asFloats(field, 8))
        break
      case TensorField.int32Data:
      case TensorField.int64Data:
      case TensorField.uint64Data:
        append(numbers, asInts(field, where))
        break
      case TensorField.externalData:
        if (field.type === WireType.bytes) external.set(...decodeEntry(field.payload, where))
        break
    }
  }
  const path = name === '' ? where : `${where}: tensor '${name}'`
  const dtype = dtypeOfCode(code)
  if (dtype === undefined) throw fault(path, 'a numeric element type', `type code ${code}`)
  if (shape.some((dim) => dim < 0 || !Number.isSafeInteger(dim)) || !Number.isSafeInteger(sizeOfShape(shape))) {
    throw fault(path, 'sizes from 0 up', `[${shape.join(', ')}]`)
  }
  if (external.size > 0) raw = externalBytes(external, externalData, path)
  return { name, data: { dtype, shape, data: toArray(dtype, shape, raw, numbers, path) } }
}

function append(target: (number | bigint)[], values: readonly (number | bigint)[]): void {
  for (const value of values) target.push(value)
}

function toArray(
  dtype: DType,
  shape: readonly number[],
  raw: Uint8Array | undefined,
  numbers: readonly (number | bigint)[],
  path: string,
): TensorData['data'] {
  const size = sizeOfShape(shape)
  const found = raw === undefined ? numbers.length : raw.length / bytesPerElement(dtype)
  if (found !== size) throw fault(path, `${size} elements for shape [${shape.join(', ')}]`, `${found}`)
  if (raw !== undefined) return arrayFromBytes(dtype, raw)
  const array = createArray(dtype, size)
  const convert = isBigInt(dtype) ? BigInt : Number
  for (let i = 0; i < size; i++) array[i] = convert(numbers[i]!) as never
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
