/** @file Boxes: their formats, IoU and generalised IoU, on the host and in the graph. */
export {
  type BoxArray,
  type Boxes,
  type BoxFormat,
  boxesOf,
  convertBoxes,
  convertBoxTensor,
} from './formats.js'
export {
  cornersGeneralizedIou,
  cornersIou,
  generalizedIouMatrix,
  generalizedIouPairs,
  iouMatrix,
  iouPairs,
  type OverlapOptions,
} from './overlap.js'
export { generalizedIou, iou } from './overlap-graph.js'
