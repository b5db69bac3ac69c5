/** @file The two halves of a step compiled for one shape, with the buffers that go from one to the other. */
import type { Parameter } from '../graph/index.js'
import type { OutputSet } from '../matching/index.js'
import type { Criterion } from '../models/criterion.js'
import type { DetectionModel, Network } from '../models/index.js'
import { encodeModel } from '../onnx/index.js'
import { feedsFor, type NamedTensors, type Runtime, type Session, type ValueInfo } from '../runtime/index.js'
import { type TensorData, zeros } from '../tensor/index.js'
import { buildJointGraph, predictedNames, StepName, type TrainingShape } from './joint-graph.js'
import type { Slab } from './slab.js'
import { splitGraph } from './split-graph.js'

/** What FORWARD gives. The tensors are buffers that the next step writes again. */
export interface ForwardResult {
  /** Sets to be matched, named by their suffix, the last decoder layer (`''`) first. */
  readonly predictions: readonly OutputSet[]
  readonly saved: NamedTensors
  /** New running statistics of trained norms by key; copies. */
  readonly statistics: ReadonlyMap<string, TensorData>
}

/** A step's sessions and buffers. */
export interface CompiledStep {
  /** Memory of the buffers; the engine holds about as much again while a step runs. */
  readonly bytes: number
  /** What the two halves read. */
  readonly inputs: readonly ValueInfo[]
  /** Suffixes of the sets whose objects are known. */
  readonly known: readonly string[]
  forward(feeds: NamedTensors): Promise<ForwardResult>
  /** Writes gradients into the slab. */
  backward(feeds: NamedTensors, gradients: Slab): Promise<{ loss: number; terms: ReadonlyMap<string, number> }>
  dispose(): Promise<void>
}

/** Outputs of norms in training, see `BatchNorm2d`. */
const UPDATE = 'update/'

/** Builds, cuts and compiles a step for one batch size and padded image size. */
export async function compileStep(
  runtime: Runtime,
  model: DetectionModel,
  network: Network,
  criterion: Criterion,
  trained: readonly Parameter[],
  shape: TrainingShape,
): Promise<CompiledStep> {
  const joint = buildJointGraph(model, network, criterion, trained, shape)
  const updates = [...joint.graph.outputs.keys()].filter((name) => name.startsWith(UPDATE))
  const { forward, backward } = splitGraph(joint.graph, new Set([...predictedNames(joint), ...updates]))
  const [first, second] = await Promise.all([
    runtime.createSession(encodeModel(forward).bytes),
    runtime.createSession(encodeModel(backward).bytes),
  ])
  const crossing = buffersOf(first)
  const results = buffersOf(second, (name) => !name.startsWith(StepName.gradient('')))
  const bytes = [...Object.values(crossing), ...Object.values(results)].reduce(
    (sum, { data }) => sum + data.byteLength,
    0,
  )
  return {
    bytes,
    known: joint.known,
    inputs: [...first.inputs, ...second.inputs],
    forward: async (feeds) => {
      await first.run(feedsFor(first, feeds), { into: crossing })
      return {
        predictions: joint.matched.map((name) => ({
          name,
          logits: crossing[StepName.logits(name)] as TensorData<'float32'>,
          boxes: crossing[StepName.predictedBoxes(name)] as TensorData<'float32'>,
        })),
        saved: crossing,
        statistics: new Map(updates.map((name) => [name.slice(UPDATE.length), copyOf(crossing[name]!)])),
      }
    },
    backward: async (feeds, gradients) => {
      const views = [...gradients.views].map(([key, view]) => [StepName.gradient(key), view] as const)
      await second.run(feedsFor(second, feeds), { into: { ...results, ...Object.fromEntries(views) } })
      const value = (name: string): number => Number(results[name]!.data[0])
      return {
        loss: value(StepName.total),
        terms: new Map(joint.terms.map((name) => [name, value(StepName.term(name))])),
      }
    },
    dispose: async () => {
      await Promise.all([first.dispose(), second.dispose()])
    },
  }
}

/** Buffers for a session's outputs, whose shapes are all known. */
function buffersOf(session: Session, wanted: (name: string) => boolean = () => true): Record<string, TensorData> {
  const outputs = session.outputs.filter(({ name }) => wanted(name))
  return Object.fromEntries(outputs.map(({ name, dtype, shape }) => [name, zeros(dtype, shape.map(Number))]))
}

function copyOf(data: TensorData): TensorData {
  return { ...data, data: data.data.slice() } as TensorData
}
