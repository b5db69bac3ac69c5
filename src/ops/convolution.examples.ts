/** @file Examples of convolution and pooling. */
import type { ConvolutionOp } from './convolution.js'
import { type Example, float32, int64 } from './operator.examples.js'

const square = float32([1, 1, 3, 3], 1, 2, 3, 4, 5, 6, 7, 8, 9)
const row = float32([1, 1, 5], 1, 2, 3, 4, 5)
const pair = float32([1, 1, 2], 1, 1)

export const convolutionExamples: Readonly<Record<ConvolutionOp, readonly Example[]>> = {
  Conv: [
    {
      inputs: [square, float32([1, 1, 2, 2], 1, 1, 1, 1)],
      outputs: [float32([1, 1, 2, 2], 12, 16, 24, 28)],
      symbolic: [['batch 1 height width', 'out 1 2 2'], ['batch out (height-1) (width-1)']],
    },
    {
      inputs: [square, float32([1, 1, 3, 3], ...Array<number>(9).fill(1)), float32([1], 10)],
      attributes: { pads: [1, 1, 1, 1], strides: [2, 2], kernel_shape: [3, 3] },
      outputs: [float32([1, 1, 2, 2], 22, 26, 34, 38)],
      symbolic: [['batch 1 height width', '1 1 3 3', '1'], ['batch 1 floor((height+1)/2) floor((width+1)/2)']],
    },
    {
      inputs: [float32([1, 2, 1, 2], 1, 2, 3, 4), float32([2, 1, 1, 1], 10, 100)],
      attributes: { group: 2 },
      outputs: [float32([1, 2, 1, 2], 10, 20, 300, 400)],
      symbolic: [['batch c height width', 'c 1 1 1'], ['batch c height width']],
    },
    {
      inputs: [row, pair],
      attributes: { dilations: [2], pads: [1, 0] },
      outputs: [float32([1, 1, 4], 2, 4, 6, 8)],
      symbolic: [['batch 1 length', '1 1 2'], ['batch 1 (length-1)']],
    },
    {
      inputs: [row, pair],
      attributes: { auto_pad: 'SAME_UPPER', strides: [3] },
      outputs: [float32([1, 1, 2], 3, 9)],
      symbolic: [['batch 1 length', '1 1 2'], ['batch 1 floor((length+2)/3)']],
    },
    {
      inputs: [float32([1, 1, 4], 1, 2, 3, 4), float32([1, 1, 3], 1, 1, 1)],
      attributes: { auto_pad: 'SAME_LOWER', strides: [2] },
      outputs: [float32([1, 1, 2], 3, 9)],
    },
    { inputs: [row, pair], attributes: { auto_pad: 'VALID' }, outputs: [float32([1, 1, 4], 3, 5, 7, 9)] },
  ],
  ConvTranspose: [
    {
      inputs: [float32([1, 1, 1, 2], 1, 2), float32([1, 1, 1, 2], 10, 1)],
      attributes: { strides: [1, 2], output_padding: [0, 1] },
      outputs: [float32([1, 1, 1, 5], 10, 1, 20, 2, 0)],
      symbolic: [['batch c height width', 'c out 1 2'], ['batch out height (2*width+1)']],
    },
    {
      inputs: [float32([1, 1, 1, 3], 1, 2, 3), float32([1, 1, 1, 3], 1, 10, 100)],
      attributes: { pads: [0, 1, 0, 1] },
      outputs: [float32([1, 1, 1, 3], 12, 123, 230)],
      symbolic: [['batch 1 height width', '1 1 1 3'], ['batch 1 height width']],
    },
    {
      inputs: [float32([1, 2, 1], 1, 2), float32([2, 1, 2], 10, 20, 100, 200), float32([2], 1, 2)],
      attributes: { group: 2, dilations: [2] },
      outputs: [float32([1, 2, 3], 11, 1, 21, 202, 2, 402)],
      symbolic: [['batch c length', 'c 1 2', '2'], ['batch 2 (length+2)']],
    },
    {
      inputs: [float32([1, 1, 2], 1, 2), float32([1, 1, 3], 1, 1, 1)],
      attributes: { auto_pad: 'SAME_UPPER', strides: [2] },
      outputs: [float32([1, 1, 4], 1, 1, 3, 2)],
      symbolic: [['batch 1 length', '1 1 3'], ['batch 1 2*length']],
    },
    {
      inputs: [float32([1, 1, 2], 1, 2), float32([1, 1, 3], 1, 1, 1)],
      attributes: { output_shape: [6], strides: [2] },
      outputs: [float32([1, 1, 6], 1, 1, 3, 2, 2, 0)],
    },
  ],
  MaxPool: [
    {
      inputs: [float32([1, 1, 2, 4], 1, 2, 3, 4, 8, 7, 6, 5)],
      attributes: { kernel_shape: [2, 2], strides: [2, 2] },
      outputs: [float32([1, 1, 1, 2], 8, 6), int64([1, 1, 1, 2], 4, 6)],
      symbolic: [
        ['batch c height width'],
        ['batch c floor(height/2) floor(width/2)', 'batch c floor(height/2) floor(width/2)'],
      ],
    },
    {
      // Padding never wins.
      inputs: [float32([1, 1, 2, 2], -1, -2, -3, -4)],
      attributes: { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [2, 2] },
      outputs: [float32([1, 1, 1, 1], -1)],
      symbolic: [['batch c height width'], ['batch c floor((height+1)/2) floor((width+1)/2)']],
    },
    {
      inputs: [row],
      attributes: { kernel_shape: [2], strides: [2], ceil_mode: 1 },
      outputs: [float32([1, 1, 3], 2, 4, 5)],
      symbolic: [['batch c length'], ['batch c floor((length+1)/2)']],
    },
    {
      // A second window would start beyond the image.
      inputs: [float32([1, 1, 3], 1, 2, 3)],
      attributes: { kernel_shape: [1], strides: [4], ceil_mode: 1, pads: [0, 0] },
      outputs: [float32([1, 1, 1], 1)],
      symbolic: [['batch c length'], ['batch c MaxPool0_2']],
    },
    { inputs: [row], attributes: { kernel_shape: [2], dilations: [3] }, outputs: [float32([1, 1, 2], 4, 5)] },
    {
      inputs: [row],
      attributes: { kernel_shape: [3], strides: [2], auto_pad: 'SAME_LOWER' },
      outputs: [float32([1, 1, 3], 2, 4, 5)],
      symbolic: [['batch c length'], ['batch c floor((length+1)/2)']],
    },
  ],
  AveragePool: [
    {
      inputs: [square],
      attributes: { kernel_shape: [2, 2] },
      outputs: [float32([1, 1, 2, 2], 3, 4, 6, 7)],
      symbolic: [['batch c height width'], ['batch c (height-1) (width-1)']],
    },
    {
      inputs: [row],
      attributes: { kernel_shape: [3], pads: [1, 1], strides: [2] },
      outputs: [float32([1, 1, 3], 1.5, 3, 4.5)],
      symbolic: [['batch c length'], ['batch c floor((length+1)/2)']],
    },
    {
      inputs: [row],
      attributes: { kernel_shape: [3], pads: [1, 1], strides: [2], count_include_pad: 1 },
      outputs: [float32([1, 1, 3], 1, 3, 3)],
    },
    {
      inputs: [row],
      attributes: { kernel_shape: [2], strides: [2], ceil_mode: 1 },
      outputs: [float32([1, 1, 3], 1.5, 3.5, 5)],
    },
  ],
  GlobalAveragePool: [
    {
      inputs: [float32([1, 2, 1, 2], 1, 3, 10, 20)],
      outputs: [float32([1, 2, 1, 1], 2, 15)],
      symbolic: [['batch c height width'], ['batch c 1 1']],
    },
  ],
}
