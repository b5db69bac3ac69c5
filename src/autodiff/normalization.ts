/** @file Gradients of operators that normalise. */
import type { Tensor } from '../graph/index.js'
import {
  add,
  exp,
  mul,
  type NormalizationOp,
  reciprocal,
  reduceMean,
  reduceSum,
  reshape,
  sqrt,
  sub,
} from '../ops/index.js'
import { type Backward, noGradient, type Rule, type Rules, sizesOf, sumTo } from './rule.js'

const STATISTICS = 'a norm whose statistics are part of the loss'

/**
 * x̂ = (x − μ)·r, y = w·x̂ + b with μ, r over the axes from `axis` on. With g = w·dy:
 * dx = r·(g − mean g − x̂·mean(g·x̂)), dw = Σ dy·x̂, db = Σ dy.
 */
const layerNormalizationRule: Rule = (backward) => {
  const { inputs, gradients, node } = backward
  const [[x, scale, bias], [dy]] = [inputs, gradients]
  if (dy === undefined || gradients[1] !== undefined || gradients[2] !== undefined) throw noGradient(node, STATISTICS)
  const epsilon = Number(node.attributes['epsilon'] ?? 1e-5)
  const axes = [...x!.shape.keys()].slice(axisOf(backward))
  const mean = (tensor: Tensor): Tensor => reduceMean(tensor, axes, { keepDims: true })
  const centred = sub(x!, mean(x!))
  const inverse = reciprocal(sqrt(add(mean(mul(centred, centred)), epsilon)))
  const normal = mul(centred, inverse)
  const g = mul(dy!, scale!)
  const dx = mul(inverse, sub(sub(g, mean(g)), mul(normal, mean(mul(g, normal)))))
  return [dx, sumTo(mul(dy!, normal), scale!.shape), bias === undefined ? undefined : sumTo(dy!, bias.shape)]
}

/**
 * y = w·x̂ + b, x̂ = (x − μ)·r by the batch's own statistics over n values per channel:
 * dx = w·r·(dy − Σdy/n − (x − μ)·r·dw/n), dw = Σ dy·x̂ = r·Σ dy·(x − μ), db = Σ dy.
 */
const batchStatisticsRule = ({ inputs, outputs, gradients, node }: Backward): Tensor[] => {
  const [[x, scale], [, mean, variance], [dy]] = [inputs, outputs, gradients]
  if (dy === undefined || gradients[1] !== undefined || gradients[2] !== undefined) throw noGradient(node, STATISTICS)
  // With another momentum its outputs are not the batch's statistics.
  if (node.attributes['momentum'] !== 0) throw noGradient(node, 'a trained norm that keeps its own running statistics')
  const epsilon = Number(node.attributes['epsilon'] ?? 1e-5)
  const perChannel = (tensor: Tensor): Tensor => reshape(tensor, [1, -1, ...x!.shape.slice(2).map(() => 1)])
  const axes = x!.shape.map((_, axis) => axis).filter((axis) => axis !== 1)
  const count = axes.reduce((product, axis) => product * sizesOf(x!)[axis]!, 1)
  const inverse = reciprocal(sqrt(add(variance!, epsilon)))
  // Without x̂ = (x − μ)·r, which would be one more pass over all values.
  const shifted = sub(x!, perChannel(mean!))
  const dw = mul(reduceSum(mul(dy!, shifted), axes), inverse)
  const db = reduceSum(dy!, axes)
  const slopes = mul(shifted, perChannel(mul(mul(dw, inverse), 1 / count)))
  const centred = sub(sub(dy!, slopes), perChannel(mul(db, 1 / count)))
  return [mul(centred, perChannel(mul(scale!, inverse))), dw, db]
}

/** y = w·(x − m)/√(v + ε) + b with given statistics m, v, which are not learned. */
const batchNormalizationRule: Rule = (backward) => {
  const { inputs, gradients, node } = backward
  if (node.attributes['training_mode'] === 1) return batchStatisticsRule(backward)
  const [[x, scale, , mean, variance], [dy]] = [inputs, gradients]
  const epsilon = Number(node.attributes['epsilon'] ?? 1e-5)
  const perChannel = (tensor: Tensor): Tensor => reshape(tensor, [1, -1, ...x!.shape.slice(2).map(() => 1)])
  const inverse = reciprocal(sqrt(add(variance!, epsilon)))
  const dx = mul(dy!, perChannel(mul(scale!, inverse)))
  const normal = mul(sub(x!, perChannel(mean!)), perChannel(inverse))
  const axes = x!.shape.map((_, axis) => axis).filter((axis) => axis !== 1)
  return [dx, reduceSum(mul(dy!, normal), axes), reduceSum(dy!, axes)]
}

function axisOf({ node }: Backward): number {
  return Number(node.attributes['axis'] ?? -1)
}

/** Rules of src/ops/normalization.ts. */
export const normalizationRules: Rules<NormalizationOp> = {
  BatchNormalization: batchNormalizationRule,
  LayerNormalization: layerNormalizationRule,
  LogSoftmax: (backward) => {
    const [dy] = backward.gradients
    const sum = reduceSum(dy!, [axisOf(backward)], { keepDims: true })
    return [sub(dy!, mul(exp(backward.outputs[0]!), sum))] // dx = dy − e^y·Σ dy
  },
  Softmax: (backward) => {
    const [[y], [dy]] = [backward.outputs, backward.gradients]
    const weighted = mul(dy!, y!)
    const sum = reduceSum(weighted, [axisOf(backward)], { keepDims: true })
    return [sub(weighted, mul(y!, sum))] // dx = y·(dy − Σ dy·y)
  },
}
