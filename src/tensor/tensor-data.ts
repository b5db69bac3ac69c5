/** @file Host tensors: numbers with a shape. A symbolic tensor of a graph is `Tensor`, in src/graph. */
import { type ArrayOf, arrayFromBytes, createArray, type DType, isFloat, type TypedArray } from './dtype.js'
import { DtypeError, ShapeError } from './errors.js'
import { decodeBfloat16, decodeFloat16, encodeBfloat16, encodeFloat16 } from './float16.js'

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
  if (!isShape(shape) || sizeOfShape(shape) !== data.length) {
    throw new ShapeError({
      where: 'tensorData',
      expected: `${data.length} elements`,
      got: `shape [${shape.join(', ')}]`,
    })
  }
  return { dtype, shape, data }
}

/**
 * A zero-filled host tensor.
 * @throws ShapeError when a size is not a whole number from 0 up.
 */
export function zeros<D extends DType>(dtype: D, shape: readonly number[]): TensorData<D> {
  if (!isShape(shape)) {
    throw new ShapeError({ where: 'zeros', expected: 'whole sizes from 0 up', got: `shape [${shape.join(', ')}]` })
  }
  return { dtype, shape, data: createArray(dtype, sizeOfShape(shape)) }
}

function isShape(shape: readonly number[]): boolean {
  return shape.every((dim) => Number.isSafeInteger(dim) && dim >= 0) && Number.isSafeInteger(sizeOfShape(shape))
}

/**
 * A host tensor from plain numbers: rounded to the nearest float, wrapped to the width of an integer type, and for bool
 * true unless 0.
 * @throws DtypeError when an integer type is to hold a fraction, infinity or NaN; ShapeError as in `tensorData`.
 */
export function fromNumbers<D extends DType>(
  dtype: D,
  shape: readonly number[],
  values: readonly number[],
): TensorData<D> {
  return tensorData(dtype, shape, arrayOfNumbers(dtype, values) as ArrayOf[D])
}

function arrayOfNumbers(dtype: DType, values: readonly number[]): TypedArray {
  if (dtype === 'float16') return encodeFloat16(values)
  if (dtype === 'bfloat16') return encodeBfloat16(values)
  if (dtype === 'bool') return Uint8Array.from(values, (value) => (value === 0 ? 0 : 1))
  const fraction = isFloat(dtype) ? undefined : values.find((value) => !Number.isInteger(value))
  if (fraction !== undefined) {
    throw new DtypeError({ where: 'fromNumbers', expected: `whole numbers for ${dtype}`, got: String(fraction) })
  }
  if (dtype === 'int64') return BigInt64Array.from(values, BigInt)
  if (dtype === 'uint64') return BigUint64Array.from(values, BigInt)
  const data = createArray(dtype, values.length)
  data.set(values)
  return data
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
