/** @file Examples of the operators that normalise along axes. */
import type { NormalizationOp } from './normalization.js'
import { type Example, float32 } from './operator.examples.js'

const [scale, bias, mean, variance] = [float32([2], 2, 1), float32([2], 0, 1), float32([2], 2, 4), float32([2], 4, 1)]
const quarter = Math.log(1)
const threeQuarters = Math.log(3)

export const normalizationExamples: Readonly<Record<NormalizationOp, readonly Example[]>> = {
  BatchNormalization: [
    {
      inputs: [float32([1, 2, 1, 2], 1, 3, 2, 6), scale, bias, mean, variance],
      attributes: { epsilon: 0 },
      outputs: [float32([1, 2, 1, 2], -1, 1, -1, 3)],
      symbolic: [['batch c height width', '2', '2', '2', '2'], ['batch c height width']],
    },
    {
      inputs: [float32([2, 2], 1, 3, 3, 5), scale, bias, mean, variance],
      attributes: { epsilon: 0, momentum: 0.5, training_mode: 1 },
      outputs: [float32([2, 2], -2, 0, 2, 2), float32([2], 2, 4), float32([2], 2.5, 1)],
      notRun: 'published builds of ONNX Runtime hold no training kernel',
    },
  ],
  LayerNormalization: [
    {
      inputs: [float32([2, 2], 1, 3, 5, 9), float32([2], 1, 10), float32([2], 0, 1)],
      attributes: { epsilon: 0 },
      outputs: [float32([2, 2], -1, 11, -1, 11)],
      symbolic: [['batch tokens', '2', '2'], ['batch tokens']],
    },
    {
      inputs: [float32([2, 2], 1, 3, 5, 9), float32([2], 1, 10)],
      attributes: { epsilon: 0 },
      outputs: [float32([2, 2], -1, 10, -1, 10), float32([2, 1], 2, 7), float32([2, 1], 1, 0.5)],
      symbolic: [
        ['batch tokens', '2'],
        ['batch tokens', 'batch 1', 'batch 1'],
      ],
    },
    {
      inputs: [float32([1, 2, 2], 1, 1, 3, 3), float32([2, 2], 1, 2, 3, 4)],
      attributes: { axis: 1, epsilon: 0 },
      outputs: [float32([1, 2, 2], -1, -2, 3, 4)],
    },
  ],
  LogSoftmax: [
    {
      inputs: [float32([1, 2], quarter, threeQuarters)],
      outputs: [float32([1, 2], Math.log(0.25), Math.log(0.75))],
      symbolic: [['rows columns'], ['rows columns']],
    },
    {
      inputs: [float32([2, 1], quarter, threeQuarters)],
      attributes: { axis: 0 },
      outputs: [float32([2, 1], Math.log(0.25), Math.log(0.75))],
    },
  ],
  Softmax: [
    {
      inputs: [float32([2, 2], quarter, threeQuarters, 1000, 0)],
      outputs: [float32([2, 2], 0.25, 0.75, 1, 0)],
      symbolic: [['rows columns'], ['rows columns']],
    },
    {
      inputs: [float32([2, 1], quarter, threeQuarters)],
      attributes: { axis: -2 },
      outputs: [float32([2, 1], 0.25, 0.75)],
    },
  ],
}
