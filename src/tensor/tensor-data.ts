/** @file Host tensors: numbers with a shape. A symbolic tensor of a graph is `Tensor`, in src/graph. */
import { type ArrayOf, arrayFromBytes, createArray, type DType, isBigInt } from './dtype.js'
import { DtypeError, ShapeError } from './errors.js'
import { decodeBfloat16, decodeFloat16 } from './float16.js'

/** A host tensor: row-major elements in a typed array. */
export interface TensorData<D extends DType = DType> {
  readonly dtype: D
  readonly shape: readonly number[]
  readonly data: ArrayOf[D]
}

/** Number of elements of a shape; 1 for a scalar. */
export function sizeOfShape(shape: readonly number[]): number {
  let size = 1
  for (const dim of shape) size *= dim
  return size
}

/**
 * A host tensor over `data`, which is not copied.
 * @throws ShapeError when the shape is invalid or its element count is not the array's length.
 */
export function tensorData<D extends DType>(dtype: D, shape: readonly number[], data: ArrayOf[D]): TensorData<D> {
  if (!shape.every((dim) => Number.isSafeInteger(dim) && dim >= 0) || sizeOfShape(shape) !== data.length) {
    throw new ShapeError({
      where: 'tensorData',
      expected: `${data.length} elements`,
      got: `shape [${shape.join(', ')}]`,
    })
  }
  return { dtype, shape, data }
}

/** A zero-filled host tensor. */
export function zeros<D extends DType>(dtype: D, shape: readonly number[]): TensorData<D> {
  return tensorData(dtype, shape, createArray(dtype, sizeOfShape(shape)))
}

/** A host tensor from plain numbers (bigint types are converted). */
export function fromNumbers<D extends DType>(
  dtype: D,
  shape: readonly number[],
  values: readonly number[],
): TensorData<D> {
  const data = createArray(dtype, values.length)
  if (isBigInt(dtype)) {
    const big = data as BigInt64Array
    values.forEach((value, i) => {
      big[i] = BigInt(value)
    })
  } else {
    ;(data as Float64Array).set(values)
  }
  return tensorData(dtype, shape, data)
}

/** All elements as plain numbers; float16 and bfloat16 are decoded, 64-bit integers rounded to doubles. */
export function toNumbers(tensor: TensorData): number[] {
  if (tensor.dtype === 'float16') return Array.from(decodeFloat16(tensor.data as Uint16Array))
  if (tensor.dtype === 'bfloat16') return Array.from(decodeBfloat16(tensor.data as Uint16Array))
  return Array.from(tensor.data as ArrayLike<number | bigint>, Number)
}

/**
 * The same values as float32; a view of the same memory when they already are.
 * @throws DtypeError for types that are not floating point.
 */
export function toFloat32(tensor: TensorData): TensorData<'float32'> {
  switch (tensor.dtype) {
    case 'float32':
      return tensor as TensorData<'float32'>
    case 'float64':
      return tensorData('float32', tensor.shape, Float32Array.from(tensor.data as Float64Array))
    case 'float16':
      return tensorData('float32', tensor.shape, decodeFloat16(tensor.data as Uint16Array))
    case 'bfloat16':
      return tensorData('float32', tensor.shape, decodeBfloat16(tensor.data as Uint16Array))
    default:
      throw new DtypeError({ where: 'toFloat32', expected: 'a floating-point tensor', got: tensor.dtype })
  }
}

/** The elements' bytes, little-endian, without a copy. */
export function bytesOf(tensor: TensorData): Uint8Array {
  return new Uint8Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength)
}

/** A host tensor over little-endian bytes: a view where they are aligned. */
export function fromBytes<D extends DType>(dtype: D, shape: readonly number[], bytes: Uint8Array): TensorData<D> {
  return tensorData(dtype, shape, arrayFromBytes(dtype, bytes))
}
