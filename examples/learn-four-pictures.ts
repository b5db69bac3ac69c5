/**
 * @file A small DETR learns four pictures by heart, from random weights: what overfitting a handful of photos shows is that
 * gradients, matching, losses, optimizer and running statistics work together.
 */
import { Detector, type ImageDetections } from '../src/detect/index.js'
import { evaluateCoco } from '../src/eval/index.js'
import { detrCriterion } from '../src/models/detr/criterion.js'
import { type DetectionModel, detrModel, detrR50 } from '../src/models/index.js'
import { initialWeights, parametersOf } from '../src/nn/index.js'
import type { Runtime } from '../src/runtime/index.js'
import { layOutSlab } from '../src/train/slab.js'
import { TrainingStep } from '../src/train/step.js'
import { drawShapes, SHAPES, type ShapesPicture, targetsOf } from './shapes.js'

const SIDE = 96
const STEPS = 300
const WARM_UP = 50

/** What came of it. */
export interface Learned {
  readonly pictures: readonly ShapesPicture[]
  readonly results: readonly ImageDetections[]
  readonly parameters: number
  readonly steps: number
  readonly firstLoss: number
  readonly lastLoss: number
  readonly ap: number
  readonly ap50: number
}

const model: DetectionModel = {
  ...detrModel('four-pictures', 'DETR, quarter ResNet-18', {
    ...detrR50,
    dropout: 0,
    backbone: { depth: 18, norms: 'trained', width: 16, stages: 3 },
    hiddenDim: 64,
    heads: 4,
    feedforwardDim: 256,
    encoderLayers: 1,
    decoderLayers: 3,
    queries: 12,
    classes: SHAPES.length,
  }),
  classNames: SHAPES,
}

/** Trains on four pictures and detects in the same four with the averaged weights. */
export async function learnFourPictures(runtime: Runtime): Promise<Learned> {
  const pictures = [0, 1, 2, 3].map((index) => drawShapes(index, SIDE))
  const network = model.create()
  const trained = parametersOf(network).filter(({ role }) => role === 'weight')
  const step = await TrainingStep.create({
    runtime,
    model,
    network,
    criterion: detrCriterion,
    trained,
    layout: layOutSlab(trained.map(({ key, shape }) => ({ key, shape, group: 0 }))),
    weights: initialWeights(network, 0),
    clipNorm: 0.1,
    ema: { decay: 0.98, rampSteps: WARM_UP },
  })
  const images = new Uint8Array(pictures.length * SIDE * SIDE * 3)
  pictures.forEach(({ image }, i) => {
    images.set(image.data, i * image.data.length)
  })
  const batch = {
    images: { dtype: 'uint8' as const, shape: [pictures.length, SIDE, SIDE, 3], data: images },
    sizes: {
      dtype: 'int32' as const,
      shape: [pictures.length, 2],
      data: new Int32Array(2 * pictures.length).fill(SIDE),
    },
    targets: pictures.map(targetsOf),
  }
  const losses: number[] = []
  for (let i = 0; i < STEPS; i++) {
    const drop = i < 0.8 * STEPS ? 1 : 0.1
    const learningRate = 1e-3 * Math.min(1, (i + 1) / WARM_UP) * drop
    losses.push((await step.run(batch, [{ learningRate, weightDecay: 1e-4 }])).loss)
  }
  const report = { layout: 'training', matched: 0, missing: [], unexpected: [], misshaped: [], left: [] }
  const weights = step.averagedSnapshot()
  const loaded = { model, network, weights, classNames: SHAPES, report, notes: [] }
  // The pictures have the network's size already.
  const detector = await Detector.create<ShapesPicture>(loaded, runtime, {
    prepare: async ({ image }) => ({ resized: image, original: { width: image.width, height: image.height } }),
    close: async () => {},
  })
  const results = await detector.detect(pictures, { threshold: 0 })
  const { AP, AP50 } = judge(pictures, results)
  await Promise.all([step.dispose(), detector.dispose()])
  return {
    pictures,
    results,
    parameters: trained.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0),
    steps: STEPS,
    firstLoss: losses[0]!,
    lastLoss: losses.at(-1)!,
    ap: AP,
    ap50: AP50,
  }
}

function judge(pictures: readonly ShapesPicture[], results: readonly ImageDetections[]) {
  const bboxOf = ({ xmin, ymin, xmax, ymax }: ShapesPicture['objects'][number]['box']) =>
    [xmin, ymin, xmax - xmin, ymax - ymin] as const
  const annotations = pictures.flatMap(({ objects }, i) =>
    objects.map(({ label, box }) => ({ image_id: i + 1, category_id: label + 1, bbox: bboxOf(box) })),
  )
  const groundTruth = {
    images: pictures.map((_, i) => ({ id: i + 1 })),
    annotations: annotations.map((annotation, i) => ({ id: i + 1, ...annotation })),
    categories: SHAPES.map((name, label) => ({ id: label + 1, name })),
  }
  const detections = results.flatMap((result, i) =>
    result.detections.map(({ labelIndex, score, box }) => ({
      image_id: i + 1,
      category_id: labelIndex + 1,
      score,
      bbox: bboxOf(box),
    })),
  )
  return evaluateCoco({ groundTruth, detections }).summarize()
}
