/** @file Examples of the operators that move elements, and of those that make tensors from sizes. */
import { bool, type Example, float32, int32, int64 } from './operator.examples.js'
import type { ShapeOp } from './shape.js'
import { onnxTypeCode } from './type-codes.js'

const x = float32([2, 3], 1, 2, 3, 4, 5, 6)
const channels = float32([1, 8, 1, 1], 0, 1, 2, 3, 4, 5, 6, 7)
const END = Number.MAX_SAFE_INTEGER

export const shapeExamples: Readonly<Record<ShapeOp, readonly Example[]>> = {
  Cast: [
    {
      inputs: [float32([3], -1.7, 0, 2.5)],
      attributes: { to: onnxTypeCode('int32') },
      outputs: [int32([3], -1, 0, 2)],
      symbolic: [['n'], ['n']],
    },
    { inputs: [float32([3], -1.5, 0, 2)], attributes: { to: onnxTypeCode('bool') }, outputs: [bool([3], 1, 0, 1)] },
    { inputs: [bool([2], 1, 0)], attributes: { to: onnxTypeCode('float32') }, outputs: [float32([2], 1, 0)] },
    {
      inputs: [int64([1], 300)],
      attributes: { to: onnxTypeCode('int32') },
      outputs: [int32([1], 300)],
      constants: [0],
    },
  ],
  Concat: [
    {
      inputs: [x, float32([2, 1], 7, 8)],
      attributes: { axis: -1 },
      outputs: [float32([2, 4], 1, 2, 3, 7, 4, 5, 6, 8)],
      symbolic: [['rows a', 'rows b'], ['rows (a+b)']],
    },
    {
      inputs: [x, x, float32([1, 3], 7, 8, 9)],
      attributes: { axis: 0 },
      outputs: [float32([5, 3], 1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6, 7, 8, 9)],
      symbolic: [['a c', 'a 3', 'b c'], ['(2*a+b) 3']],
    },
    {
      inputs: [int64([1], 4), int64([2], 5, 6)],
      attributes: { axis: 0 },
      outputs: [int64([3], 4, 5, 6)],
      constants: [0, 1],
    },
  ],
  ConstantOfShape: [
    { inputs: [int64([2], 1, 2)], outputs: [float32([1, 2], 0, 0)], constants: [0] },
    {
      inputs: [int64([1], 3)],
      attributes: { value: int64([1], 7) },
      outputs: [int64([3], 7, 7, 7)],
      constants: [0],
      symbolic: [['-'], ['3']],
    },
    { inputs: [int64([0])], attributes: { value: float32([1], 5) }, outputs: [float32([], 5)], constants: [0] },
  ],
  DepthToSpace: [
    {
      inputs: [channels],
      attributes: { blocksize: 2 },
      outputs: [float32([1, 2, 2, 2], 0, 2, 4, 6, 1, 3, 5, 7)],
      symbolic: [['batch 8 height width'], ['batch 2 2*height 2*width']],
    },
    {
      inputs: [channels],
      attributes: { blocksize: 2, mode: 'CRD' },
      outputs: [float32([1, 2, 2, 2], 0, 1, 2, 3, 4, 5, 6, 7)],
      symbolic: [['batch c height width'], ['batch DepthToSpace0_1 2*height 2*width']],
    },
  ],
  Expand: [
    {
      inputs: [float32([2, 1], 1, 2), int64([3], 2, 1, 3)],
      outputs: [float32([2, 2, 3], 1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2)],
      constants: [1],
      symbolic: [['n 1', '-'], ['2 n 3']],
    },
  ],
  Flatten: [
    { inputs: [x], outputs: [x], symbolic: [['rows columns'], ['rows columns']] },
    {
      inputs: [float32([1, 2, 2], 1, 2, 3, 4)],
      attributes: { axis: -1 },
      outputs: [float32([2, 2], 1, 2, 3, 4)],
      symbolic: [['a b c'], ['a*b c']],
    },
    {
      inputs: [x],
      attributes: { axis: 0 },
      outputs: [float32([1, 6], 1, 2, 3, 4, 5, 6)],
      symbolic: [['a b'], ['1 a*b']],
    },
    {
      inputs: [x],
      attributes: { axis: 2 },
      outputs: [float32([6, 1], 1, 2, 3, 4, 5, 6)],
      symbolic: [['a b'], ['a*b 1']],
    },
  ],
  Pad: [
    {
      inputs: [float32([1, 2], 1, 2), int64([4], 0, 1, 1, 2), float32([], 9)],
      outputs: [float32([2, 5], 9, 1, 2, 9, 9, 9, 9, 9, 9, 9)],
      constants: [1],
      symbolic: [['rows columns', '-', ''], ['(rows+1) (columns+3)']],
    },
    {
      inputs: [float32([3], 1, 2, 3), int64([2], 2, 1)],
      attributes: { mode: 'reflect' },
      outputs: [float32([6], 3, 2, 1, 2, 3, 2)],
      constants: [1],
    },
    {
      inputs: [x, int64([2], -1, 2), undefined, int64([1], -1)],
      attributes: { mode: 'edge' },
      outputs: [float32([2, 4], 2, 3, 3, 3, 5, 6, 6, 6)],
      constants: [1, 3],
      symbolic: [['rows columns', '-', '-', '-'], ['rows (columns+1)']],
    },
  ],
  Range: [
    { inputs: [int64([], 2), int64([], 7), int64([], 2)], outputs: [int64([3], 2, 4, 6)], constants: [0, 1, 2] },
    {
      inputs: [float32([], 1), float32([], -1), float32([], -0.5)],
      outputs: [float32([4], 1, 0.5, 0, -0.5)],
      constants: [0, 1, 2],
    },
    {
      inputs: [int64([], 5), int64([], 5), int64([], 1)],
      outputs: [int64([0])],
      constants: [0, 1, 2],
      symbolic: [['-', '-', '-'], ['0']],
    },
  ],
  Reshape: [
    {
      inputs: [x, int64([3], 0, -1, 1)],
      outputs: [float32([2, 3, 1], 1, 2, 3, 4, 5, 6)],
      constants: [1],
      symbolic: [['rows columns', '-'], ['rows columns 1']],
    },
    {
      inputs: [float32([2, 1, 4], 1, 2, 3, 4, 5, 6, 7, 8), int64([4], 0, -1, 2, 2)],
      outputs: [float32([2, 1, 2, 2], 1, 2, 3, 4, 5, 6, 7, 8)],
      constants: [1],
      symbolic: [['batch tokens 4', '-'], ['batch tokens 2 2']],
    },
    {
      inputs: [x, int64([1], -1)],
      outputs: [float32([6], 1, 2, 3, 4, 5, 6)],
      constants: [1],
      symbolic: [['a b', '-'], ['a*b']],
    },
    {
      inputs: [float32([0, 3]), int64([2], 3, 0)],
      attributes: { allowzero: 1 },
      outputs: [float32([3, 0])],
      constants: [1],
    },
    { inputs: [float32([1, 1], 5), int64([0])], outputs: [float32([], 5)], constants: [1] },
    { inputs: [int64([], 5), int64([1], 1)], outputs: [int64([1], 5)], constants: [0, 1] },
  ],
  Shape: [
    { inputs: [x], outputs: [int64([2], 2, 3)], symbolic: [['rows columns'], ['2']] },
    {
      inputs: [float32([1, 2, 3], 1, 2, 3, 4, 5, 6)],
      attributes: { start: -2, end: -1 },
      outputs: [int64([1], 2)],
      symbolic: [['a b c'], ['1']],
    },
    { inputs: [x], attributes: { start: 5 }, outputs: [int64([0])] },
  ],
  Size: [{ inputs: [x], outputs: [int64([], 6)], symbolic: [['rows columns'], ['']] }],
  Slice: [
    {
      inputs: [x, int64([1], 1), int64([1], END), int64([1], 1)],
      outputs: [float32([2, 2], 2, 3, 5, 6)],
      constants: [1, 2, 3],
      symbolic: [['rows columns', '-', '-', '-'], ['rows (columns-1)']],
    },
    {
      inputs: [x, int64([2], 0, -3), int64([2], 1, -1)],
      outputs: [float32([1, 2], 1, 2)],
      constants: [1, 2],
      symbolic: [['rows columns', '-', '-'], ['Slice0_0 2']],
    },
    {
      inputs: [x, int64([2], -1, -1), int64([2], -END, -END), int64([2], 0, 1), int64([2], -1, -2)],
      outputs: [float32([2, 2], 6, 4, 3, 1)],
      constants: [1, 2, 3, 4],
      symbolic: [['rows columns', '-', '-', '-', '-'], ['rows Slice0_1']],
    },
    {
      inputs: [x, int32([1], 5), int32([1], 9), int32([1], -1)],
      outputs: [float32([2, 0])],
      constants: [1, 2, 3],
    },
    {
      inputs: [int64([4], 1, 2, 3, 4), int64([1], 1), int64([1], 4), int64([1], 0), int64([1], 2)],
      outputs: [int64([2], 2, 4)],
      constants: [0, 1, 2, 3, 4],
    },
  ],
  Split: [
    {
      inputs: [x, int64([2], 1, 2)],
      attributes: { axis: 1 },
      outputs: [float32([2, 1], 1, 4), float32([2, 2], 2, 3, 5, 6)],
      constants: [1],
      symbolic: [
        ['rows columns', '-'],
        ['rows 1', 'rows 2'],
      ],
    },
    {
      inputs: [float32([5], 1, 2, 3, 4, 5)],
      attributes: { num_outputs: 3 },
      outputs: [float32([2], 1, 2), float32([2], 3, 4), float32([1], 5)],
      symbolic: [['n'], ['Split0_0', 'Split0_1', 'Split0_2']],
    },
    {
      inputs: [float32([1, 2], 1, 2)],
      attributes: { axis: -1, num_outputs: 2 },
      outputs: [float32([1, 1], 1), float32([1, 1], 2)],
      symbolic: [['rows 2'], ['rows 1', 'rows 1']],
    },
  ],
  Squeeze: [
    {
      inputs: [float32([1, 2, 1], 1, 2), int64([1], 0)],
      outputs: [float32([2, 1], 1, 2)],
      constants: [1],
      symbolic: [['1 n 1', '-'], ['n 1']],
    },
    { inputs: [float32([1, 2, 1], 1, 2)], outputs: [float32([2], 1, 2)] },
    { inputs: [int64([1], 3), int64([1], 0)], outputs: [int64([], 3)], constants: [0, 1] },
  ],
  Tile: [
    {
      inputs: [x, int64([2], 1, 2)],
      outputs: [float32([2, 6], 1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6)],
      constants: [1],
      symbolic: [['rows columns', '-'], ['rows 2*columns']],
    },
  ],
  Transpose: [
    { inputs: [x], outputs: [float32([3, 2], 1, 4, 2, 5, 3, 6)], symbolic: [['a b'], ['b a']] },
    {
      inputs: [float32([1, 2, 2], 1, 2, 3, 4)],
      attributes: { perm: [1, 2, 0] },
      outputs: [float32([2, 2, 1], 1, 2, 3, 4)],
      symbolic: [['a b c'], ['b c a']],
    },
  ],
  Trilu: [
    { inputs: [x], outputs: [float32([2, 3], 1, 2, 3, 0, 5, 6)], symbolic: [['rows columns'], ['rows columns']] },
    { inputs: [x, int64([], -1)], attributes: { upper: 0 }, outputs: [float32([2, 3], 0, 0, 0, 4, 0, 0)] },
  ],
  Unsqueeze: [
    {
      inputs: [x, int64([2], 0, -1)],
      outputs: [float32([1, 2, 3, 1], 1, 2, 3, 4, 5, 6)],
      constants: [1],
      symbolic: [['rows columns', '-'], ['1 rows columns 1']],
    },
    { inputs: [int64([], 3), int64([1], 0)], outputs: [int64([1], 3)], constants: [0, 1] },
  ],
}
