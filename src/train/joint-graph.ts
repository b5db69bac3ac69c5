/**
 * @file The joint graph of a training step: network, losses and gradients in one, with the matched targets as inputs. It is
 * built for one batch size and one padded image size.
 */
import { gradient } from '../autodiff/index.js'
import { Graph, type Parameter, type Tensor } from '../graph/index.js'
import { applyCriterion, type MatchedTargets, type SupervisedSet } from '../losses/index.js'
import type { Criterion } from '../models/criterion.js'
import {
  type DenoisingInputs,
  type DetectionModel,
  type Network,
  networkInput,
  type SetPrediction,
  type SupervisedPrediction,
} from '../models/index.js'
import {
  eraseExpansions,
  eraseStopGradients,
  foldConstants,
  foldNormsSymbolically,
  mergeCommonSubexpressions,
  removeDeadCode,
} from '../passes/index.js'

/** The batch that a joint graph takes, in numbers. */
export interface TrainingShape {
  readonly batch: number
  readonly height: number
  readonly width: number
  /** Queries that denoising adds; 0 for none. */
  readonly denoising: number
}

/** Names of a step's inputs and outputs. */
export const StepName = {
  images: 'images',
  sizes: 'sizes',
  perObject: 'per_object',
  perDenoised: 'per_denoised',
  denoisingLabels: 'denoising_labels',
  denoisingBoxes: 'denoising_boxes',
  denoisingBias: 'denoising_bias',
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
  /** Suffixes of the sets that are matched to objects, the last decoder layer's (`''`) first. */
  readonly matched: readonly string[]
  /** Suffixes of the sets whose objects are known. */
  readonly known: readonly string[]
  /** Names of the loss terms. */
  readonly terms: readonly string[]
}

/**
 * Builds network, losses and the gradient of every parameter in `trained`; norms that are not in it use their running statistics.
 *
 * Inputs: `images` uint8 [batch, height, width, 3]; of models that pad `sizes` int32 [batch, 2]; per set `labels` int32 [batch, queries],
 * `boxes` float32 [batch, queries, 4], `matched` float32 [batch, queries]; `per_object` float32 scalar. With denoising also
 * `denoising_labels`, `denoising_boxes`, `denoising_bias` as in `DenoisingInputs`, and `per_denoised`. Outputs: per set
 * `logits` and `pred_boxes`; `loss`; `term/{name}`; `gradient/{key}`.
 */
export function buildJointGraph(
  model: DetectionModel,
  network: Network,
  criterion: Criterion,
  trained: readonly Parameter[],
  shape: TrainingShape,
): JointGraph {
  const forward = new Graph(`${model.name}.step`, { training: true, learned: trained })
  const sets = predictedSets(forward, model, network, shape)
  for (const { suffix, logits, boxes } of sets) {
    forward.output(StepName.logits(suffix), logits)
    forward.output(StepName.predictedBoxes(suffix), boxes)
  }
  // Norms are folded before differentiation, so that their part of the gradient falls on the filters.
  const graph = foldNormsSymbolically(forward)
  const supervised = sets.map(({ suffix, targets }) => supervise(graph, suffix, targets))
  const { total, terms } = applyCriterion(criterion.losses, supervised)
  graph.output(StepName.total, total)
  for (const [name, term] of terms) graph.output(StepName.term(name), term)
  const parameters = trained.map(({ key, shape: size }) => graph.parameterTensor(key, 'float32', size))
  const gradients = gradient(total, parameters)
  trained.forEach(({ key }, i) => {
    graph.output(StepName.gradient(key), gradients[i]!)
  })
  const suffixes = (kind: SupervisedPrediction['targets']): string[] =>
    sets.filter(({ targets }) => targets === kind).map(({ suffix }) => suffix)
  // What stops gradients goes after they are built: merged any earlier, what is stopped and what is not would become one.
  return {
    graph: removeDeadCode(mergeCommonSubexpressions(foldConstants(eraseExpansions(eraseStopGradients(graph))))),
    matched: suffixes('matched'),
    known: suffixes('known'),
    terms: [...terms.keys()],
  }
}

/** Names of the outputs behind which a step is cut: logits and boxes of every set of predictions. */
export function predictedNames({ matched, known }: JointGraph): readonly string[] {
  return [...matched, ...known].flatMap((set) => [StepName.logits(set), StepName.predictedBoxes(set)])
}

/** The network on a batch: what it predicts, the last decoder layer first. */
function predictedSets(
  graph: Graph,
  model: DetectionModel,
  network: Network,
  { batch, height, width, denoising: extra }: TrainingShape,
): readonly SupervisedPrediction[] {
  const images = graph.input(StepName.images, 'uint8', [batch, height, width, 3])
  const { pixelValues, paddingMask } = networkInput(graph, model, images)
  const predictions =
    network.supervised?.(
      pixelValues,
      paddingMask,
      extra === 0 ? undefined : denoisingInputs(graph, batch, extra, model.queries),
    ) ?? everyLayer(network.forward(pixelValues, paddingMask))
  return [...predictions].sort((a, b) => Number(a.suffix !== '') - Number(b.suffix !== ''))
}

function everyLayer(predictions: readonly SetPrediction[]): readonly SupervisedPrediction[] {
  return predictions.map((prediction, i) => {
    return { ...prediction, suffix: i === predictions.length - 1 ? '' : `_${i}`, targets: 'matched' }
  })
}

function denoisingInputs(graph: Graph, batch: number, extra: number, queries: number): DenoisingInputs {
  const all = extra + queries
  return {
    labels: graph.input(StepName.denoisingLabels, 'int32', [batch, extra]),
    boxLogits: graph.input(StepName.denoisingBoxes, 'float32', [batch, extra, 4]),
    bias: graph.input(StepName.denoisingBias, 'float32', [1, 1, all, all]),
  }
}

function supervise(graph: Graph, set: string, kind: SupervisedPrediction['targets']): SupervisedSet {
  const output = (name: string): Tensor => graph.outputs.get(name)!
  const [logits, boxes] = [output(StepName.logits(set)), output(StepName.predictedBoxes(set))]
  const [batch, queries] = logits.shape as [number, number]
  const per = kind === 'matched' ? StepName.perObject : StepName.perDenoised
  const known = graph.inputs.find(({ source }) => source.kind === 'input' && source.name === per)
  const targets: MatchedTargets = {
    labels: graph.input(StepName.labels(set), 'int32', [batch, queries]),
    boxes: graph.input(StepName.boxes(set), 'float32', [batch, queries, 4]),
    matched: graph.input(StepName.matched(set), 'float32', [batch, queries]),
    perObject: known ?? graph.input(per, 'float32', []),
  }
  return { suffix: set, predicted: { logits, boxes }, targets }
}
