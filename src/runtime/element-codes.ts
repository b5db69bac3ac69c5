/** @file ONNX's numbers for element types; the C API of ONNX Runtime uses the same ones. */
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

const NAMES = new Map(Object.entries(CODES).map(([dtype, code]) => [code, dtype as DType]))

/** ONNX's number of an element type. */
export function codeOfDtype(dtype: DType): number {
  return CODES[dtype]
}

/** The element type of an ONNX number; undefined for strings, complex numbers and 4- and 8-bit floats. */
export function dtypeOfCode(code: number): DType | undefined {
  return NAMES.get(code)
}
