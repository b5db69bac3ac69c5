/** @file A batch of coloured rectangles and a DETR small enough to learn them within seconds. */
import { boxesOf } from '../../src/boxes/index.js'
import { detrCriterion } from '../../src/models/detr/criterion.js'
import { type DetectionModel, type DetrConfig, detrModel, detrR50 } from '../../src/models/index.js'
import { initialWeights, parametersOf } from '../../src/nn/index.js'
import type { Runtime } from '../../src/runtime/index.js'
import { layOutSlab } from '../../src/train/slab.js'
import { type TrainingBatch, TrainingStep } from '../../src/train/step.js'

const CLASSES = ['red', 'green', 'blue'] as const
const SIDE = 96

/** ResNet-18 at quarter width with trained norms, three stages, 64 channels. */
const learningConfig: DetrConfig = {
  ...detrR50,
  dropout: 0,
  backbone: { depth: 18, norms: 'trained', width: 16, stages: 3 },
  hiddenDim: 64,
  heads: 4,
  feedforwardDim: 128,
  encoderLayers: 1,
  decoderLayers: 2,
  queries: 10,
  classes: CLASSES.length,
}

function learning(changes: Partial<DetrConfig>): DetectionModel {
  const model = detrModel('learning', 'DETR for tests of training', { ...learningConfig, ...changes })
  return { ...model, classNames: CLASSES }
}

/** A DETR that learns the rectangles. */
export const learningModel: DetectionModel = learning({})

/** Two images of 96×96 with one and two rectangles; `shift` moves them, so that batches differ. */
export function rectangles(shift = 0): TrainingBatch {
  const images = new Uint8Array(2 * SIDE * SIDE * 3).fill(40)
  const targets = [0, 1].map((image) => {
    const count = image + 1
    const labels = Int32Array.from({ length: count }, (_, i) => (image + i + shift) % 3)
    const boxes = new Float32Array(4 * count)
    labels.forEach((label, i) => {
      const [left, top] = [8 + 40 * i, 12 + ((shift * 7) % 20)]
      const [width, height] = [30, 24 + 8 * image]
      for (let y = top; y < top + height; y++) {
        for (let x = left; x < left + width; x++) images[((image * SIDE + y) * SIDE + x) * 3 + label] = 240
      }
      boxes.set([(left + width / 2) / SIDE, (top + height / 2) / SIDE, width / SIDE, height / SIDE], 4 * i)
    })
    return { labels, boxes: boxesOf('cxcywh', boxes) }
  })
  return {
    images: { dtype: 'uint8', shape: [2, SIDE, SIDE, 3], data: images },
    sizes: { dtype: 'int32', shape: [2, 2], data: Int32Array.of(SIDE, SIDE, SIDE, SIDE) },
    targets,
  }
}

/** A step of the learning model from its first weights. */
export async function createTinyStep(
  runtime: Runtime,
  seed = 0,
  changes: Partial<DetrConfig> = {},
  model: DetectionModel = learning(changes),
): Promise<TrainingStep> {
  const network = model.create()
  const trained = parametersOf(network).filter(({ role }) => role === 'weight')
  return TrainingStep.create({
    runtime,
    model,
    network,
    criterion: detrCriterion,
    trained,
    layout: layOutSlab(trained.map(({ key, shape }) => ({ key, shape, group: key.startsWith('backbone.') ? 0 : 1 }))),
    weights: initialWeights(network, seed),
    clipNorm: 0.1,
    seed,
    ema: { decay: 0.99, rampSteps: 10 },
  })
}

/** Settings of both parameter groups. */
export const TINY_GROUPS = [
  { learningRate: 1e-3, weightDecay: 1e-4 },
  { learningRate: 1e-3, weightDecay: 1e-4 },
] as const
