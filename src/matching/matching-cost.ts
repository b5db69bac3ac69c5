/**
 * @file What it costs to give a target to a query: class, L1 of the boxes and generalised IoU, weighted, as in DETR
 * (arXiv:2005.12872, §3.1 and A.2). Computed on the host in double precision, for the classes that occur alone.
 */
import { type Boxes, boxesOf, convertBoxes, cornersGeneralizedIou } from '../boxes/index.js'

/**
 * Cost of each class for one query: reads its logits `logits[from]` to `logits[from + classes - 1]` and writes the cost
 * of class `labels[i]` to `out[i]`.
 */
export type ClassCost = (
  logits: Float32Array,
  from: number,
  classes: number,
  labels: Int32Array,
  out: Float64Array,
) => void

/** How costs are formed: a class cost and the weights of the three terms. */
export interface MatchingCostTerms {
  readonly classCost: ClassCost
  readonly classWeight: number
  /** Of the L1 distance of centres and sizes, summed over the four numbers. */
  readonly l1Weight: number
  /** Of the negative generalised IoU. */
  readonly giouWeight: number
  /** Added to the denominators of the generalised IoU: 1e-6 in DAB-DETR, 0 unless given. */
  readonly giouEpsilon?: number
}

/** Minus the probability of the class by softmax over all classes, "no object" included; -1..0. */
export const softmaxClassCost: ClassCost = (logits, from, classes, labels, out) => {
  let highest = Number.NEGATIVE_INFINITY
  for (let at = from; at < from + classes; at++) highest = Math.max(highest, logits[at]!)
  let sum = 0
  for (let at = from; at < from + classes; at++) sum += Math.exp(logits[at]! - highest)
  for (let i = 0; i < labels.length; i++) out[i] = -Math.exp(logits[from + labels[i]!]! - highest) / sum
}

/**
 * What the focal loss (arXiv:1708.02002) of the class would change if the target were given to the query: the loss as a
 * positive less that as a negative, with p the sigmoid of the class's own logit,
 * alpha (1 - p)^gamma (-ln(p + 1e-8)) - (1 - alpha) p^gamma (-ln(1 - p + 1e-8)).
 */
export function focalClassCost({ alpha = 0.25, gamma = 2 }: { alpha?: number; gamma?: number } = {}): ClassCost {
  return (logits, from, _classes, labels, out) => {
    for (let i = 0; i < labels.length; i++) {
      const p = 1 / (1 + Math.exp(-logits[from + labels[i]!]!))
      const positive = -alpha * (1 - p) ** gamma * Math.log(p + 1e-8)
      const negative = -(1 - alpha) * p ** gamma * Math.log(1 - p + 1e-8)
      out[i] = positive - negative
    }
  }
}

/** DETR's costs: softmax 1, L1 5, generalised IoU 2. */
export const softmaxMatching: MatchingCostTerms = {
  classCost: softmaxClassCost,
  classWeight: 1,
  l1Weight: 5,
  giouWeight: 2,
}

/** Costs of the models with a sigmoid per class (Conditional DETR and later): focal 2, L1 5, generalised IoU 2. */
export const focalMatching: MatchingCostTerms = {
  classCost: focalClassCost(),
  classWeight: 2,
  l1Weight: 5,
  giouWeight: 2,
}

/** One image's targets as the costs need them; made once and used for the predictions of every layer. */
export interface CostTargets {
  /** cxcywh, [targets, 4]. */
  readonly boxes: Boxes<'cxcywh'>
  readonly corners: Boxes<'xyxy'>
  /** The classes that occur, each once. */
  readonly classes: Int32Array
  /** Where in `classes` each target's own stands, [targets]. */
  readonly classOf: Int32Array
}

/** @param labels class of each target, from 0; `boxes` as many */
export function costTargets(labels: Int32Array, boxes: Boxes<'cxcywh'>): CostTargets {
  const classes = Int32Array.from(new Set(labels))
  const place = new Map(Array.from(classes, (label, i) => [label, i]))
  return {
    boxes,
    corners: convertBoxes(boxesOf('cxcywh', Float64Array.from(boxes)), 'cxcywh', 'xyxy'),
    classes,
    classOf: labels.map((label) => place.get(label)!),
  }
}

/**
 * Writes the cost of every pair of one image to `out`, row-major [targets, queries]: targets first, because they are
 * mostly fewer and `assignRows` likes the shorter side first. A label that has no logit costs NaN.
 * @param logits [queries, classes] and `boxes` [queries, 4], such as views into a batch's output
 * @param out at least targets × queries elements
 */
export function matchingCost(
  { classCost, classWeight, l1Weight, giouWeight, giouEpsilon = 0 }: MatchingCostTerms,
  logits: Float32Array,
  boxes: Boxes<'cxcywh'>,
  targets: CostTargets,
  out: Float64Array,
): void {
  const { boxes: wanted, corners, classes, classOf } = targets
  const queries = boxes.length / 4
  const channels = logits.length / queries
  const costOfClass = new Float64Array(classes.length)
  for (let query = 0; query < queries; query++) {
    classCost(logits, query * channels, channels, classes, costOfClass)
    const x = boxes[4 * query]!
    const y = boxes[4 * query + 1]!
    const width = boxes[4 * query + 2]!
    const height = boxes[4 * query + 3]!
    const left = x - width / 2
    const top = y - height / 2
    const right = x + width / 2
    const bottom = y + height / 2
    for (let target = 0, at = 0; target < classOf.length; target++, at += 4) {
      const l1 =
        Math.abs(x - wanted[at]!) +
        Math.abs(y - wanted[at + 1]!) +
        Math.abs(width - wanted[at + 2]!) +
        Math.abs(height - wanted[at + 3]!)
      const giou = cornersGeneralizedIou(
        left,
        top,
        right,
        bottom,
        corners[at]!,
        corners[at + 1]!,
        corners[at + 2]!,
        corners[at + 3]!,
        giouEpsilon,
      )
      out[target * queries + query] = classWeight * costOfClass[classOf[target]!]! + l1Weight * l1 - giouWeight * giou
    }
  }
}
