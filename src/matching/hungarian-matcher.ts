/**
 * @file Which query is to predict which target, for every set of predictions (the last decoder layer and the auxiliary
 * ones) and every image of a batch. The result is dense, one row per query, so that the training graph takes it as input.
 */
import { type Boxes, boxesOf } from '../boxes/index.js'
import { ConfigError, NumericError, ShapeError, type TensorData, tensorData } from '../tensor/index.js'
import { AssignmentWorkspace, assignRows } from './linear-assignment.js'
import { type CostTargets, costTargets, type MatchingCostTerms, matchingCost } from './matching-cost.js'

/** Predictions of one decoder layer for a batch. */
export interface OutputSet {
  /** Names the tensors in errors, e.g. `decoder layer 3`. */
  readonly name: string
  /** [batch, queries, classes]. */
  readonly logits: TensorData<'float32'>
  /** [batch, queries, 4], cxcywh. */
  readonly boxes: TensorData<'float32'>
}

/** What is to be found in one image. */
export interface ImageTargets {
  /** Class of each target. */
  readonly labels: Int32Array
  /** As many boxes, in the unit of the predictions. */
  readonly boxes: Boxes<'cxcywh'>
}

/** What each query of one set is to predict. */
export interface MatchedSet {
  readonly name: string
  /** [batch, queries]: the matched target's class; the no-object class where there is none. */
  readonly label: TensorData<'int32'>
  /** [batch, queries, 4], cxcywh: the matched target's box; `UNMATCHED_BOX` where there is none. */
  readonly box: TensorData<'float32'>
  /** [batch, queries]: 1 for a matched query, else 0. */
  readonly matched: TensorData<'float32'>
  /** Per image, the query of each target; -1 for a target without one. */
  readonly queryOfTarget: readonly Int32Array[]
  /** Targets of the batch without a query, because their image has more targets than queries. */
  readonly surplus: number
}

/** Box in the rows of unmatched queries: the whole image, harmless in every box loss. */
export const UNMATCHED_BOX: readonly [cx: number, cy: number, w: number, h: number] = [0.5, 0.5, 1, 1]

/** Assigns targets to queries at the lowest total cost, image by image. Keeps its memory from call to call. */
export class HungarianMatcher {
  readonly cost: MatchingCostTerms
  /** Label of unmatched queries: DETR's last class; for sigmoid heads any number that is no class. */
  readonly noObject: number
  readonly #workspace: AssignmentWorkspace = new AssignmentWorkspace()
  #costs: Float64Array = new Float64Array(0)

  /** @throws ConfigError when `noObject` is no int32 from 0 up. */
  constructor(cost: MatchingCostTerms, noObject: number) {
    if (!Number.isInteger(noObject) || noObject < 0 || noObject >= 2 ** 31) {
      throw new ConfigError({
        where: 'HungarianMatcher noObject',
        expected: 'a class number from 0 up',
        got: String(noObject),
      })
    }
    this.cost = cost
    this.noObject = noObject
  }

  /**
   * Matches every set by itself; min(queries, targets) targets of an image get a query each.
   * @param targets one entry per image of the batch
   * @throws ShapeError when the tensors do not fit each other or the number of images; NumericError when a prediction or a
   *   target's box is not finite or has a negative size, or a label is no class: it names tensor, image and place.
   */
  match(sets: readonly OutputSet[], targets: readonly ImageTargets[]): MatchedSet[] {
    targets.forEach(checkBoxes)
    const prepared = targets.map(({ labels, boxes }) => costTargets(labels, boxes))
    return sets.map((set) => this.#matchSet(set, targets, prepared))
  }

  #matchSet(set: OutputSet, targets: readonly ImageTargets[], prepared: readonly CostTargets[]): MatchedSet {
    const [queries, classes] = checkShapes(set, targets.length)
    checkPredictions(set, queries, classes)
    const size = targets.length * queries
    const label = new Int32Array(size).fill(this.noObject)
    const box = new Float32Array(4 * size)
    const matched = new Float32Array(size)
    for (let at = 0; at < box.length; at++) box[at] = UNMATCHED_BOX[at & 3]!
    let surplus = 0
    const queryOfTarget = targets.map(({ labels, boxes }, image) => {
      this.#checkLabels(labels, classes, image)
      const query = this.#queriesOf(set, image, queries, classes, prepared[image]!)
      query.forEach((chosen, target) => {
        if (chosen < 0) {
          surplus++
          return
        }
        const row = image * queries + chosen
        label[row] = labels[target]!
        matched[row] = 1
        for (let i = 0; i < 4; i++) box[4 * row + i] = boxes[4 * target + i]!
      })
      return query
    })
    const shape = [targets.length, queries]
    return {
      name: set.name,
      label: tensorData('int32', shape, label),
      box: tensorData('float32', [...shape, 4], box),
      matched: tensorData('float32', shape, matched),
      queryOfTarget,
      surplus,
    }
  }

  #queriesOf(set: OutputSet, image: number, queries: number, classes: number, targets: CostTargets): Int32Array {
    const count = targets.classOf.length
    const query = new Int32Array(count).fill(-1)
    if (count === 0) return query
    if (this.#costs.length < count * queries) this.#costs = new Float64Array(count * queries)
    const logits = set.logits.data.subarray(image * queries * classes, (image + 1) * queries * classes)
    const boxes = set.boxes.data.subarray(image * queries * 4, (image + 1) * queries * 4)
    const costs = this.#costs.subarray(0, count * queries)
    matchingCost(this.cost, logits, boxesOf('cxcywh', boxes), targets, costs)
    const { rows, columns } = assignRows(costs, count, queries, this.#workspace)
    rows.forEach((target, pair) => {
      query[target] = columns[pair]!
    })
    return query
  }

  #checkLabels(labels: Int32Array, classes: number, image: number): void {
    const at = labels.findIndex((label) => label < 0 || label >= classes || label === this.noObject)
    if (at < 0) return
    throw new NumericError({
      where: `labels of the targets of image ${image}`,
      expected: `classes from 0 to ${classes - 1}${this.noObject < classes ? `, but not ${this.noObject}` : ''}`,
      got: `${labels[at]} at target ${at}`,
      next: 'Map the categories of the data to the classes of the model.',
    })
  }
}

/** Queries and classes of a set. @throws ShapeError when logits and boxes do not fit each other and the batch. */
function checkShapes({ name, logits, boxes }: OutputSet, batch: number): readonly [queries: number, classes: number] {
  const [images, queries, classes] = logits.shape
  const text = ({ dtype, shape }: TensorData): string => `${dtype}[${shape.join(', ')}]`
  const fits =
    logits.shape.length === 3 &&
    images === batch &&
    text(boxes) === `float32[${batch}, ${queries}, 4]` &&
    logits.dtype === 'float32' &&
    classes! > 0
  if (fits) return [queries!, classes!]
  throw new ShapeError({
    where: name,
    expected: `float32 logits [${batch}, queries, classes] and boxes [${batch}, queries, 4] for ${batch} images`,
    got: `${text(logits)} and ${text(boxes)}`,
  })
}

function checkPredictions({ name, logits, boxes }: OutputSet, queries: number, classes: number): void {
  const place = findNotFinite(logits.data)
  if (place >= 0) {
    const query = Math.floor(place / classes)
    throw new NumericError({
      where: `${name}, logits of image ${Math.floor(query / queries)}`,
      expected: 'finite numbers',
      got: `${logits.data[place]} at query ${query % queries}, class ${place % classes}`,
      next: DIVERGED,
    })
  }
  const bad = badBoxNumber(boxes.data)
  if (bad < 0) return
  const query = Math.floor(bad / 4)
  throw new NumericError({
    where: `${name}, boxes of image ${Math.floor(query / queries)}`,
    expected: 'finite numbers, and sizes from 0 up',
    got: `${boxes.data[bad]} as ${BOX_NUMBERS[bad % 4]} at query ${query % queries}`,
    next: DIVERGED,
  })
}

const DIVERGED = 'The network has diverged: look at the losses and gradients of the steps before.'

const BOX_NUMBERS = ['cx', 'cy', 'width', 'height'] as const

function checkBoxes({ labels, boxes }: ImageTargets, image: number): void {
  const where = `boxes of the targets of image ${image}`
  if (boxes.length !== 4 * labels.length) {
    const got = `${boxes.length} numbers for ${labels.length} labels`
    throw new ShapeError({ where, expected: 'four numbers for each label', got })
  }
  const bad = badBoxNumber(boxes)
  if (bad < 0) return
  throw new NumericError({
    where,
    expected: 'finite numbers, and sizes from 0 up',
    got: `${boxes[bad]} as ${BOX_NUMBERS[bad % 4]} of target ${Math.floor(bad / 4)}`,
  })
}

/** Position of the first number that is not finite or is a negative size; -1 when there is none. */
function badBoxNumber(boxes: ArrayLike<number>): number {
  for (let at = 0; at < boxes.length; at++) {
    if (!Number.isFinite(boxes[at]) || ((at & 2) === 2 && boxes[at]! < 0)) return at
  }
  return -1
}

/** Position of the first NaN or infinity; -1 when there is none. Not `findIndex`, which is eight times as slow. */
function findNotFinite(values: Float32Array): number {
  for (let at = 0; at < values.length; at++) {
    if (!Number.isFinite(values[at])) return at
  }
  return -1
}
