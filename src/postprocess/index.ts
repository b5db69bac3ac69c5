/** @file From logits and boxes to detections, in the graph. */
export * from './boxes.js'
export * from './sigmoid-top-k.js'
export * from './softmax-no-object.js'
