/** @file Examples of the operators that read images between pixels. */
import { type Example, float32, int64 } from './operator.examples.js'
import type { ResamplingOp } from './resampling.js'

const image = float32([1, 1, 2, 2], 1, 2, 3, 4)
const line = float32([1, 1, 1, 4], 0, 2, 4, 6)

export const resamplingExamples: Readonly<Record<ResamplingOp, readonly Example[]>> = {
  GridSample: [
    {
      // The middle, the centre of the first pixel, and a place outside.
      inputs: [image, float32([1, 1, 3, 2], 0, 0, -0.5, -0.5, -2, -2)],
      outputs: [float32([1, 1, 1, 3], 2.5, 1, 0)],
      symbolic: [['batch c height width', 'batch rows columns 2'], ['batch c rows columns']],
    },
    {
      inputs: [image, float32([1, 1, 2, 2], 1, 1, -2, 0)],
      attributes: { align_corners: 1, padding_mode: 'border' },
      outputs: [float32([1, 1, 1, 2], 4, 2)],
    },
    {
      inputs: [image, float32([1, 1, 2, 2], 0.4, -0.4, 0.6, 0.9)],
      attributes: { mode: 'nearest' },
      outputs: [float32([1, 1, 1, 2], 2, 4)],
    },
  ],
  Resize: [
    {
      inputs: [image, undefined, float32([4], 1, 1, 2, 2)],
      attributes: { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' },
      outputs: [float32([1, 1, 4, 4], 1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4)],
      constants: [2],
      symbolic: [['batch c height width', '-', '-'], ['batch c 2*height 2*width']],
    },
    {
      inputs: [float32([1, 1, 1, 2], 0, 4), undefined, undefined, int64([4], 1, 1, 1, 4)],
      attributes: { mode: 'linear' },
      outputs: [float32([1, 1, 1, 4], 0, 1, 3, 4)],
      constants: [3],
      symbolic: [['batch c height width', '-', '-', '-'], ['1 1 1 4']],
    },
    {
      inputs: [line, undefined, float32([1], 0.5)],
      attributes: { mode: 'linear', antialias: 1, axes: [3], exclude_outside: 1 },
      outputs: [float32([1, 1, 1, 2], 10 / 7, 32 / 7)],
      constants: [2],
      symbolic: [['batch c height width', '-', '-'], ['batch c height floor(width/2)']],
    },
    {
      inputs: [line, undefined, undefined, int64([2], 4, 2)],
      attributes: { axes: [2, 3], keep_aspect_ratio_policy: 'not_smaller', nearest_mode: 'floor' },
      outputs: [
        float32(
          [1, 1, 4, 16],
          ...Array.from({ length: 64 }, (_, i) => 2 * Math.max(0, Math.floor((i % 16) / 4 - 0.375))),
        ),
      ],
      constants: [3],
    },
    {
      inputs: [float32([1, 1, 2, 2], 1, 2, 3, 4), undefined, undefined, int64([2], 6, 2)],
      attributes: { axes: [2, 3], keep_aspect_ratio_policy: 'not_larger' },
      outputs: [float32([1, 1, 2, 2], 1, 2, 3, 4)],
      constants: [3],
      symbolic: [['batch c height width', '-', '-', '-'], ['batch c Resize0_2 Resize0_3']],
    },
    {
      inputs: [float32([5], 0, 1, 2, 3, 4), undefined, float32([1], 0.6)],
      attributes: { coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' },
      outputs: [float32([3], 0, 1, 3)],
      constants: [2],
      symbolic: [['length', '-', '-'], ['Resize0_0']],
    },
  ],
}
