/** @file Element types: their names, sizes and the typed array that holds each. */
import { DtypeError } from './errors.js'

/** Typed array of each element type. float16 and bfloat16 are kept as raw bits; bool is one byte, 0 or 1. */
export interface ArrayOf {
  float32: Float32Array
  float64: Float64Array
  float16: Uint16Array
  bfloat16: Uint16Array
  int8: Int8Array
  uint8: Uint8Array
  int16: Int16Array
  uint16: Uint16Array
  int32: Int32Array
  uint32: Uint32Array
  int64: BigInt64Array
  uint64: BigUint64Array
  bool: Uint8Array
}

/** Name of an element type, as numpy and PyTorch write it. */
export type DType = keyof ArrayOf

/** Any of the typed arrays that hold tensor elements. */
export type TypedArray = ArrayOf[DType]

interface ArrayConstructor {
  readonly BYTES_PER_ELEMENT: number
  new (length: number): TypedArray
  new (buffer: ArrayBufferLike, byteOffset?: number, length?: number): TypedArray
}

const ARRAYS: { readonly [D in DType]: ArrayConstructor } = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
}

/** All element types. */
export const DTYPES: readonly DType[] = Object.keys(ARRAYS) as DType[]

/** Bytes of one element. */
export function bytesPerElement(dtype: DType): number {
  return ARRAYS[dtype].BYTES_PER_ELEMENT
}

/** A new zero-filled typed array of `length` elements. */
export function createArray<D extends DType>(dtype: D, length: number): ArrayOf[D] {
  return new ARRAYS[dtype](length) as ArrayOf[D]
}

/**
 * Elements of `bytes` as a typed array: a view where the address is aligned, a copy otherwise.
 * @throws DtypeError when the byte count is not a whole number of elements.
 */
export function arrayFromBytes<D extends DType>(dtype: D, bytes: Uint8Array): ArrayOf[D] {
  const size = bytesPerElement(dtype)
  if (bytes.byteLength % size !== 0) {
    throw new DtypeError({
      where: 'arrayFromBytes',
      expected: `a multiple of ${size} bytes for ${dtype}`,
      got: `${bytes.byteLength} bytes`,
    })
  }
  // Not bytes.slice(), which on Node's Buffer is a view at the same unaligned address.
  const aligned = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes)
  return new ARRAYS[dtype](aligned.buffer, aligned.byteOffset, bytes.byteLength / size) as ArrayOf[D]
}

/** True for the types whose elements JavaScript holds as bigint. */
export function isBigInt(dtype: DType): dtype is 'int64' | 'uint64' {
  return dtype === 'int64' || dtype === 'uint64'
}

/** True for the floating-point types. */
export function isFloat(dtype: DType): boolean {
  return dtype === 'float32' || dtype === 'float64' || dtype === 'float16' || dtype === 'bfloat16'
}
