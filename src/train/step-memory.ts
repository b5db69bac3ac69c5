/** @file How much memory a training step takes, and the batch that fits: found before anything is compiled. */
import type { Parameter } from '../graph/index.js'
import { denoisingSize } from '../matching/index.js'
import type { Criterion } from '../models/criterion.js'
import type { DetectionModel, Network } from '../models/index.js'
import { bytesPerElement, sizeOfShape } from '../tensor/index.js'
import { buildJointGraph, predictedNames, type TrainingShape } from './joint-graph.js'
import { splitGraph } from './split-graph.js'

/** Bytes of a step. */
export interface StepMemory {
  /** For each photo of the batch: what crosses from one half to the other, and as much again inside the engine. */
  readonly perPhoto: number
  /** Whatever the batch: weights, gradients, both moments, average, and the engine's own copy. */
  readonly fixed: number
}

/** Weights, gradients, two moments, average, copies in the engine. */
const SLABS = 6
/** The engine holds about as much while it runs as it is given. */
const IN_THE_ENGINE = 2

/** Estimates a step's memory from its graph for one photo. */
export function stepMemory(
  model: DetectionModel,
  network: Network,
  criterion: Criterion,
  trained: readonly Parameter[],
  size: Pick<TrainingShape, 'height' | 'width'>,
): StepMemory {
  const denoising = denoisingSize([], criterion.denoising)
  const joint = buildJointGraph(model, network, criterion, trained, { ...size, batch: 1, denoising })
  const { forward, saved } = splitGraph(joint.graph, new Set(predictedNames(joint)))
  const crossing = saved.reduce((sum, name) => {
    const { dtype, shape } = forward.outputs.get(name)!
    return sum + sizeOfShape(shape.map(Number)) * bytesPerElement(dtype)
  }, 0)
  const numbers = trained.reduce((sum, { shape }) => sum + sizeOfShape(shape), 0)
  return { perPhoto: IN_THE_ENGINE * crossing, fixed: 4 * SLABS * numbers }
}

/** Share of the memory that is free now which a training may take. */
const SHARE = 0.7

/** A batch in parts that fits into memory. */
export interface FittingBatch {
  readonly batchSize: number
  readonly accumulate: number
  /** Why it is not the wanted one; undefined where it is. */
  readonly reason?: string
}

/** The wanted batch, or the largest part of it that fits and as many parts as make it up. */
export function fittingBatch(wanted: number, { perPhoto, fixed }: StepMemory, availableBytes: number): FittingBatch {
  const room = Math.max(0, SHARE * availableBytes - fixed)
  const most = Math.max(1, Math.floor(room / perPhoto))
  if (most >= wanted) return { batchSize: wanted, accumulate: 1 }
  const accumulate = Math.ceil(wanted / most)
  const batchSize = Math.ceil(wanted / accumulate)
  const gigabytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`
  const needed = gigabytes(fixed + wanted * perPhoto)
  const reason = `batches of ${batchSize}, ${accumulate} to a step: ${wanted} at once need ${needed}, ${gigabytes(availableBytes)} are free`
  return { batchSize, accumulate, reason }
}
