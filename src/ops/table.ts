/** @file All operators, by ONNX name: what the decoder looks up and the contract tests iterate over. */
import { type ArithmeticOp, arithmetic } from './arithmetic.js'
import { type ConvolutionOp, convolution } from './convolution.js'
import { type ElementwiseOp, elementwise } from './elementwise.js'
import { type IndexingOp, indexing } from './indexing.js'
import { type MatrixOp, matrix } from './matrix.js'
import { type NormalizationOp, normalization } from './normalization.js'
import type { Operator } from './operator.js'
import { type ReductionOp, reductions } from './reduction.js'
import { type ResamplingOp, resampling } from './resampling.js'
import { type ShapeOp, shapeOps } from './shape.js'

/** Names of the operators that detrs knows. */
export type OpType =
  | ArithmeticOp
  | ConvolutionOp
  | ElementwiseOp
  | IndexingOp
  | MatrixOp
  | NormalizationOp
  | ReductionOp
  | ResamplingOp
  | ShapeOp

/** Every operator that detrs knows. */
export const operators: Readonly<Record<OpType, Operator>> = {
  ...arithmetic,
  ...convolution,
  ...elementwise,
  ...indexing,
  ...matrix,
  ...normalization,
  ...reductions,
  ...resampling,
  ...shapeOps,
}

/** The operator of an ONNX name; undefined when detrs does not know it. */
export function findOperator(op: string): Operator | undefined {
  return Object.hasOwn(operators, op) ? operators[op as OpType] : undefined
}
