/** @file The size of a model: parameters and multiply-adds. */
import { countParameters } from '../nn/index.js'
import { countMacs, removeDeadCode } from '../passes/index.js'
import { buildPredictionGraph } from './graphs.js'
import type { DetectionModel } from './model.js'

/** What a model costs. */
export interface ModelSize {
  readonly parameters: number
  /** Multiply-adds for one image of the given size; papers of this field print this number as FLOPs. */
  readonly macs: number
  /** Floating-point operations: twice the multiply-adds. */
  readonly flops: number
}

/** Counts a model's parameters, and its multiply-adds on one image of `height × width` pixels. */
export function measureModel(model: DetectionModel, height: number, width: number, classes?: number): ModelSize {
  const network = model.create(classes)
  const graph = buildPredictionGraph(model, network, { batch: 1, height, width })
  const macs = countMacs(removeDeadCode(graph))
  return { parameters: countParameters(network), macs, flops: 2 * macs }
}

/** The size at which a model's cost is given: 800×1066, a usual photo, for models that pad; their one size for those that stretch. */
export function measuringSize({ input: { resize } }: DetectionModel): {
  readonly height: number
  readonly width: number
} {
  return resize.kind === 'stretch' ? { height: resize.height, width: resize.width } : { height: 800, width: 1066 }
}
