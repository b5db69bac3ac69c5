/** @file ONNX's numbers for element types (TensorProto.DataType). */
import type { DType } from '../tensor/index.js'

const CODES: { readonly [D in DType]: number } = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
  bfloat16: 16,
}

/** ONNX's number of an element type. */
export function onnxTypeCode(dtype: DType): number {
  return CODES[dtype]
}

/** The element type of ONNX's number; undefined for types that detrs does not hold (string, complex, 4-bit, …). */
export function dtypeOfCode(code: number): DType | undefined {
  return (Object.keys(CODES) as DType[]).find((dtype) => CODES[dtype] === code)
}
