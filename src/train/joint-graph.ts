/**
 * @file The joint graph of a training step: network, losses and gradients in one, with the matched targets as inputs. It is
 * built for one batch size and one padded image size.
 */
import { gradient } from '../autodiff/index.js'
import { Graph, type Parameter, type Tensor } from '../graph/index.js'
import { applyCriterion, type MatchedTargets, type SupervisedSet } from '../losses/index.js'
import type { Criterion } from '../models/criterion.js'
import { type DetectionModel, type Network, normalize } from '../models/index.js'
import { paddingMaskFromSizes } from '../nn/index.js'
import { foldConstants, foldNormsSymbolically, mergeCommonSubexpressions, removeDeadCode } from '../passes/index.js'

/** The batch that a joint graph takes, in numbers. */
export interface TrainingShape {
  readonly batch: number
  readonly height: number
  readonly width: number
}

/** Names of a step's inputs and outputs. */
export const StepName = {
  images: 'images',
  sizes: 'sizes',
  perObject: 'per_object',
  total: 'loss',
  labels: (set: string): string => `labels${set}`,
  boxes: (set: string): string => `boxes${set}`,
  matched: (set: string): string => `matched${set}`,
  logits: (set: string): string => `logits${set}`,
  predictedBoxes: (set: string): string => `pred_boxes${set}`,
  term: (name: string): string => `term/${name}`,
  gradient: (key: string): string => `gradient/${key}`,
} as const

/** A built step before it is cut in two. */
export interface JointGraph {
  readonly graph: Graph
  /** Suffixes of the supervised sets, the last decoder layer's (`''`) first. */
  readonly sets: readonly string[]
  /** Names of the loss terms. */
  readonly terms: readonly string[]
}

/**
 * Builds network, losses and the gradient of every parameter in `trained`.
 *
 * Inputs: `images` uint8 [batch, height, width, 3]; `sizes` int32 [batch, 2]; per set `labels` int32 [batch, queries],
 * `boxes` float32 [batch, queries, 4], `matched` float32 [batch, queries]; `per_object` float32 scalar. Outputs: per set
 * `logits` and `pred_boxes`; `loss`; `term/{name}`; `gradient/{key}`.
 */
export function buildJointGraph(
  model: DetectionModel,
  network: Network,
  criterion: Criterion,
  trained: readonly Parameter[],
  { batch, height, width }: TrainingShape,
): JointGraph {
  const forward = new Graph(`${model.name}.step`, { training: true })
  const images = forward.input(StepName.images, 'uint8', [batch, height, width, 3])
  const sizes = forward.input(StepName.sizes, 'int32', [batch, 2])
  const paddingMask = forward.scoped('input', () => paddingMaskFromSizes(sizes, height, width))
  const pixelValues = forward.scoped('input', () => normalize(images, paddingMask, model.input))
  const predictions = network.forward(pixelValues, paddingMask)
  const sets = ['', ...predictions.slice(0, -1).map((_, i) => `_${i}`)]
  for (const [i, set] of sets.entries()) {
    const { logits, boxes } = predictions.at(i - 1)!
    forward.output(StepName.logits(set), logits)
    forward.output(StepName.predictedBoxes(set), boxes)
  }
  // Norms are folded before differentiation, so that their part of the gradient falls on the filters.
  const graph = foldNormsSymbolically(forward)
  const supervised = sets.map((set) => supervise(graph, set))
  const { total, terms } = applyCriterion(criterion.losses, supervised)
  graph.output(StepName.total, total)
  for (const [name, term] of terms) graph.output(StepName.term(name), term)
  const parameters = trained.map(({ key, shape }) => graph.parameterTensor(key, 'float32', shape))
  const gradients = gradient(total, parameters)
  trained.forEach(({ key }, i) => {
    graph.output(StepName.gradient(key), gradients[i]!)
  })
  return {
    graph: removeDeadCode(mergeCommonSubexpressions(foldConstants(graph))),
    sets,
    terms: [...terms.keys()],
  }
}

function supervise(graph: Graph, set: string): SupervisedSet {
  const output = (name: string): Tensor => graph.outputs.get(name)!
  const [logits, boxes] = [output(StepName.logits(set)), output(StepName.predictedBoxes(set))]
  const [batch, queries] = logits.shape as [number, number]
  const known = graph.inputs.find(({ source }) => source.kind === 'input' && source.name === StepName.perObject)
  const targets: MatchedTargets = {
    labels: graph.input(StepName.labels(set), 'int32', [batch, queries]),
    boxes: graph.input(StepName.boxes(set), 'float32', [batch, queries, 4]),
    matched: graph.input(StepName.matched(set), 'float32', [batch, queries]),
    perObject: known ?? graph.input(StepName.perObject, 'float32', []),
  }
  return { suffix: set, predicted: { logits, boxes }, targets }
}
