/** @file Operators that normalise along axes. */
import { formatShape, type Tensor } from '../graph/index.js'
import { apply, applyMany, float, int, type Operand, type Operator, sameAsInput } from './operator.js'

/** Names of this family's operators. */
export type NormalizationOp = 'BatchNormalization' | 'LayerNormalization' | 'LogSoftmax' | 'Softmax'

const softmaxLike = (): Operator => ({
  since: 13,
  inputs: ['x'],
  attributes: { axis: int(-1) },
  infer: (call) => {
    call.axis(call.int('axis'), call.input(0).shape.length)
    return sameAsInput(call)
  },
})

export const normalization: Readonly<Record<NormalizationOp, Operator>> = {
  BatchNormalization: {
    since: 14,
    inputs: ['x', 'scale', 'bias', 'mean', 'variance'],
    attributes: { epsilon: float(1e-5), momentum: float(0.9), training_mode: int(0) },
    infer: (call) => {
      const { dtype, shape } = call.input(0)
      if (shape.length < 2) throw call.shapeError('an input with channels at axis 1', formatShape(shape))
      const outputs = call.int('training_mode') === 1 ? 3 : 1
      if (call.outputCount !== outputs) throw call.shapeError(`${outputs} outputs`, String(call.outputCount))
      const statistics = { dtype: call.input(3).dtype, shape: [shape[1]!] }
      return [{ dtype, shape }, statistics, statistics].slice(0, outputs)
    },
  },
  LayerNormalization: {
    since: 17,
    inputs: ['x', 'scale', 'bias?'],
    attributes: { axis: int(-1), epsilon: float(1e-5), stash_type: int(1) },
    infer: (call) => {
      const { dtype, shape } = call.input(0)
      const axis = call.axis(call.int('axis'), shape.length)
      const statistics = { dtype: 'float32' as const, shape: shape.map((dim, a) => (a < axis ? dim : 1)) }
      return [{ dtype, shape }, statistics, statistics].slice(0, call.outputCount)
    },
  },
  LogSoftmax: softmaxLike(),
  Softmax: softmaxLike(),
}

/** Normalises the last axis to mean 0 and variance 1 (population, plus `epsilon`), then scales and shifts. */
export const layerNormalization = (x: Tensor, scale: Operand, bias: Operand, epsilon: number): Tensor =>
  apply('LayerNormalization', normalization.LayerNormalization, [x, scale, bias], { epsilon })

export const softmax = (x: Tensor, axis: number): Tensor => apply('Softmax', normalization.Softmax, [x], { axis })
export const logSoftmax = (x: Tensor, axis: number): Tensor =>
  apply('LogSoftmax', normalization.LogSoftmax, [x], { axis })

/** The result of a batch norm by the batch's own statistics. */
export interface BatchStatistics {
  readonly y: Tensor
  /** float32 [channels] */
  readonly mean: Tensor
  /** float32 [channels], of the population: the divisor is the number of values */
  readonly variance: Tensor
}

/** Batch norm by the batch's own statistics, per channel (axis 1), and these statistics. */
export function batchNormalizationInTraining(
  x: Tensor,
  scale: Operand,
  bias: Operand,
  epsilon: number,
): BatchStatistics {
  const channels = x.shape[1]
  if (typeof channels !== 'number') throw new RangeError('internal: batch norm needs its number of channels')
  // What was running before counts with momentum 0 as nothing. The two must differ: ONNX Runtime 1.30 makes equal constants one and
  // gives both statistics its buffer, so that the mean of a graph that does not put it out is the variance.
  const before = [0, 1].map((value) => {
    const data = new Float32Array(channels).fill(value)
    return x.graph.constant({ dtype: 'float32', shape: [channels], data })
  })
  // With momentum 0 the "running" statistics that come out are those of the batch.
  const attributes = { epsilon, momentum: 0, training_mode: 1 }
  const operator = normalization.BatchNormalization
  const [y, mean, variance] = applyMany('BatchNormalization', operator, [x, scale, bias, ...before], attributes, 3)
  return { y: y!, mean: mean!, variance: variance! }
}

/** Batch norm by given statistics, per channel (axis 1). */
export function batchNormalization(
  x: Tensor,
  scale: Operand,
  bias: Operand,
  mean: Operand,
  variance: Operand,
  epsilon: number,
): Tensor {
  return apply('BatchNormalization', normalization.BatchNormalization, [x, scale, bias, mean, variance], { epsilon })
}
