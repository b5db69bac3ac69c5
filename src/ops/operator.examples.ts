/** @file What an example of an operator is: read by the contract suite, never by the library. */
import type { Attributes } from '../graph/index.js'
import { type DType, fromNumbers, type TensorData } from '../tensor/index.js'

/** One use of an operator with its result. */
export interface Example {
  /** Inputs in order; undefined where an optional one is left out. */
  readonly inputs: readonly (TensorData | undefined)[]
  readonly attributes?: Attributes
  readonly outputs: readonly TensorData[]
  /** Indices of the inputs that must be known while building, because the output's shape depends on them. */
  readonly constants?: readonly number[]
  /** The shapes with free dimensions in them, and what must be inferred: `['n 2', '-']` to `['n 2']`; `-` is a constant. */
  readonly symbolic?: readonly [inputs: readonly string[], outputs: readonly string[]]
  /** Why ONNX Runtime cannot run it; only types are checked then. */
  readonly notRun?: string
}

const tensorOf =
  <D extends DType>(dtype: D) =>
  (shape: readonly number[], ...values: readonly number[]): TensorData<D> =>
    fromNumbers(dtype, shape, values)

/** Small tensors: a shape, then the elements. */
export const float32: (shape: readonly number[], ...values: readonly number[]) => TensorData = tensorOf('float32')
export const int64: (shape: readonly number[], ...values: readonly number[]) => TensorData = tensorOf('int64')
export const int32: (shape: readonly number[], ...values: readonly number[]) => TensorData = tensorOf('int32')
export const bool: (shape: readonly number[], ...values: readonly number[]) => TensorData = tensorOf('bool')

/** Four floats as [2, 2] to four others, whatever the sizes are. */
export function pointwise(inputs: readonly number[], outputs: readonly number[], attributes?: Attributes): Example {
  return {
    inputs: [float32([2, 2], ...inputs)],
    outputs: [float32([2, 2], ...outputs)],
    symbolic: [['rows columns'], ['rows columns']],
    ...(attributes === undefined ? {} : { attributes }),
  }
}
