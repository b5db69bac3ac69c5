/** @file Names, element types and shapes of a native session's inputs and outputs. */

import { dtypeOfCode } from '../ops/index.js'
import { RuntimeError } from '../tensor/index.js'
import { type NativeEnvironment, newHandle } from './environment.ffi.node.js'
import type { OrtApi, Pointer } from './ort-api.ffi.node.js'
import type { ValueInfo } from './session.js'

/**
 * Inputs of a session in the order of the graph.
 * @throws RuntimeError for an input that is not a tensor of numbers.
 */
export function inputInfos(environment: NativeEnvironment, session: Pointer): ValueInfo[] {
  const { api, allocator } = environment
  const count = newHandle((out) => api.SessionGetInputCount(session, out))
  return Array.from({ length: Number(count) }, (_, i) => {
    const name = ownText(
      environment,
      newHandle((out) => api.SessionGetInputName(session, i, allocator, out)),
    )
    return describe(
      api,
      `input ${name}`,
      name,
      newHandle((out) => api.SessionGetInputTypeInfo(session, i, out)),
    )
  })
}

/**
 * Outputs of a session in the order of the graph.
 * @throws RuntimeError for an output that is not a tensor of numbers.
 */
export function outputInfos(environment: NativeEnvironment, session: Pointer): ValueInfo[] {
  const { api, allocator } = environment
  const count = newHandle((out) => api.SessionGetOutputCount(session, out))
  return Array.from({ length: Number(count) }, (_, i) => {
    const name = ownText(
      environment,
      newHandle((out) => api.SessionGetOutputName(session, i, allocator, out)),
    )
    return describe(
      api,
      `output ${name}`,
      name,
      newHandle((out) => api.SessionGetOutputTypeInfo(session, i, out)),
    )
  })
}

/** Shape of a TensorTypeAndShapeInfo, -1 where it is not known. */
export function dimensionsOf(api: OrtApi, tensorInfo: Pointer): number[] {
  const rank = Number(newHandle((out) => api.GetDimensionsCount(tensorInfo, out)))
  const dims = new BigInt64Array(rank)
  api.GetDimensions(tensorInfo, dims, rank)
  return Array.from(dims, Number)
}

function ownText({ api, allocator }: NativeEnvironment, pointer: Pointer): string {
  const text = api.text(pointer)
  api.AllocatorFree(allocator, pointer)
  return text
}

function describe(api: OrtApi, where: string, name: string, typeInfo: Pointer): ValueInfo {
  try {
    // Owned by the type info; null when the value is a sequence, a map or an optional.
    const tensorInfo = newHandle((out) => api.CastTypeInfoToTensorInfo(typeInfo, out))
    const code = tensorInfo === 0n ? undefined : elementCode(api, tensorInfo)
    const dtype = code === undefined ? undefined : dtypeOfCode(code)
    if (dtype === undefined) {
      const got = code === undefined ? 'another kind of value' : `elements of ONNX type ${code}`
      throw new RuntimeError({ where, expected: 'a tensor of numbers', got })
    }
    const dims = dimensionsOf(api, tensorInfo)
    const symbols = new BigUint64Array(dims.length)
    api.GetSymbolicDimensions(tensorInfo, symbols, dims.length)
    const shape = dims.map((dim, axis) => (dim >= 0 ? dim : symbols[axis] === 0n ? '' : api.text(symbols[axis]!)))
    return { name, dtype, shape: shape.map((dim) => (dim === '' ? '?' : dim)) }
  } finally {
    api.ReleaseTypeInfo(typeInfo)
  }
}

function elementCode(api: OrtApi, tensorInfo: Pointer): number {
  const code = new Int32Array(1)
  api.GetTensorElementType(tensorInfo, code)
  return code[0]!
}
