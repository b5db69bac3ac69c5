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
import { type Backward, type Rule, type Rules, sumTo } from './rule.js'

/**
 * x̂ = (x − μ)·r, y = w·x̂ + b with μ, r over the last axis. With g = w·dy:
 * dx = r·(g − mean g − x̂·mean(g·x̂)), dw = Σ dy·x̂, db = Σ dy.
 */
const layerNormalizationRule: Rule = ({ inputs: [x, scale, bias], gradients: [dy], node }) => {
  const epsilon = Number(node.attributes['epsilon'] ?? 1e-5)
  const mean = (tensor: Tensor): Tensor => reduceMean(tensor, [-1], { keepDims: true })
  const centred = sub(x!, mean(x!))
  const inverse = reciprocal(sqrt(add(mean(mul(centred, centred)), epsilon)))
  const normal = mul(centred, inverse)
  const g = mul(dy!, scale!)
  const dx = mul(inverse, sub(sub(g, mean(g)), mul(normal, mean(mul(g, normal)))))
  return [dx, sumTo(mul(dy!, normal), scale!.shape), bias === undefined ? undefined : sumTo(dy!, bias.shape)]
}

/** y = w·(x − m)/√(v + ε) + b with given statistics m, v, which are not learned. */
const batchNormalizationRule: Rule = ({ inputs: [x, scale, , mean, variance], gradients: [dy], node }) => {
  if (node.attributes['training_mode'] === 1) throw new RangeError('internal: trained norms are composed of means')
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
