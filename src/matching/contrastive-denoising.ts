/**
 * @file Contrastive denoising (DN-DETR, arXiv:2203.01305, §4; DINO, arXiv:2203.03605, §3.3; as RT-DETR has it): objects of the
 * batch with noise on class and box become queries of their own, whose targets need no matching. Of each object there is a
 * positive copy near it and a negative one farther off, which must be called nothing.
 */
import { type TensorData, tensorData } from '../tensor/index.js'
import { type ImageTargets, UNMATCHED_BOX } from './hungarian-matcher.js'

/** How much is denoised and how noisy it is. */
export interface DenoisingOptions {
  /** Positive copies of an image's objects together; half of the queries that are added. */
  readonly queries: number
  /** Share of copies that get a class drawn at random, halved (the reference draws twice). */
  readonly labelNoise: number
  /** Largest shift of a corner in halves of the box's side; negatives get once to twice as much. */
  readonly boxNoise: number
}

/** Noisy queries of a batch and what they shall say. */
export interface DenoisingBatch {
  /** int32 [batch, size]: see `DenoisingInputs` */
  readonly labels: TensorData<'int32'>
  /** float32 [batch, size, 4]: cxcywh before the sigmoid */
  readonly boxLogits: TensorData<'float32'>
  /** float32 [1, 1, size + queries, size + queries] */
  readonly bias: TensorData<'float32'>
  /** What every denoised set is to predict, as in `MatchedSet`. */
  readonly target: {
    readonly label: TensorData<'int32'>
    readonly box: TensorData<'float32'>
    readonly matched: TensorData<'float32'>
  }
  /** Noisy copies of every object, each with a negative one; 0 without objects. */
  readonly groups: number
}

/** Added to attention logits where a query must not be seen. Finite, so that a row of them gives no NaN. */
const HIDDEN = -1e30

/** Queries that denoising adds to a batch: one size for all batches unless an image has more objects than copies. */
export function denoisingSize(targets: readonly ImageTargets[], options: DenoisingOptions | undefined): number {
  if (options === undefined) return 0
  const { queries } = options
  const most = Math.max(0, ...targets.map(({ labels }) => labels.length))
  // Steps of a half keep the number of compiled sizes small.
  let size = queries
  while (size < most) size = Math.ceil(size * 1.5)
  return 2 * size
}

/**
 * Makes the noisy queries of a batch.
 * @param targets one entry per image; boxes cxcywh, fractions of the image
 * @param classes number of classes; also the label of places in a group that no object fills
 * @param queries matched queries of the network, which must not see the added ones
 * @param uniform draws from 0 to 1 (exclusive), in an order that depends on the targets alone
 */
export function contrastiveDenoising(
  targets: readonly ImageTargets[],
  classes: number,
  queries: number,
  options: DenoisingOptions,
  uniform: () => number,
): DenoisingBatch {
  const batch = targets.length
  const size = denoisingSize(targets, options)
  const most = Math.max(0, ...targets.map(({ labels }) => labels.length))
  const groups = most === 0 ? 0 : Math.max(1, Math.floor(options.queries / most))
  const used = 2 * most * groups
  const labels = new Int32Array(batch * size).fill(-1)
  const boxLogits = new Float32Array(4 * batch * size)
  const label = new Int32Array(batch * size).fill(classes)
  const box = new Float32Array(4 * batch * size)
  const matched = new Float32Array(batch * size)
  for (let i = 0; i < box.length; i++) box[i] = UNMATCHED_BOX[i & 3]!
  for (const [image, target] of targets.entries()) {
    for (let place = 0; place < used; place++) {
      const row = image * size + place
      const [inGroup, isNegative] = [place % most, Math.floor(place / most) % 2 === 1]
      const exists = inGroup < target.labels.length
      labels[row] = exists ? noisyLabel(target.labels[inGroup]!, classes, options.labelNoise, uniform) : classes
      const clean = exists ? Array.from(target.boxes.subarray(4 * inGroup, 4 * inGroup + 4)) : [0, 0, 0, 0]
      const noisy = noisyBox(clean, isNegative, options.boxNoise, uniform)
      boxLogits.set(noisy.map(inverseSigmoid), 4 * row)
      if (!exists || isNegative) continue
      label[row] = target.labels[inGroup]!
      matched[row] = 1
      box.set(clean, 4 * row)
    }
  }
  const shape = [batch, size]
  return {
    labels: tensorData('int32', shape, labels),
    boxLogits: tensorData('float32', [...shape, 4], boxLogits),
    bias: visibility(size, queries, most, used),
    target: {
      label: tensorData('int32', shape, label),
      box: tensorData('float32', [...shape, 4], box),
      matched: tensorData('float32', shape, matched),
    },
    groups,
  }
}

function noisyLabel(label: number, classes: number, noise: number, uniform: () => number): number {
  const [isNoisy, other] = [uniform() < noise / 2, Math.floor(uniform() * classes)]
  return isNoisy ? other : label
}

/** Every corner coordinate moves by sign · u · side / 2 · noise, u from 0 to 1, or 1 to 2 for a negative; cut off at the image. */
function noisyBox(box: readonly number[], isNegative: boolean, noise: number, uniform: () => number): number[] {
  const [cx, cy, w, h] = box as [number, number, number, number]
  const [left, top, right, bottom] = [cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2].map((corner, i) => {
    const sign = uniform() < 0.5 ? -1 : 1
    const part = uniform() + (isNegative ? 1 : 0)
    const moved = corner + ((sign * part * (i % 2 === 0 ? w : h)) / 2) * noise
    return Math.min(1, Math.max(0, moved))
  }) as [number, number, number, number]
  return [(left + right) / 2, (top + bottom) / 2, right - left, bottom - top]
}

/** Finite at 0 and 1, and for sides that noise has turned round: the bound is the network's own. */
function inverseSigmoid(value: number): number {
  const bounded = Math.min(1, Math.max(0, value))
  return Math.log(Math.max(bounded, 1e-5) / Math.max(1 - bounded, 1e-5))
}

/**
 * Queries do not see noisy copies; copies see the queries and their own group. Places that are not used see themselves alone and
 * are seen by nobody.
 */
function visibility(size: number, queries: number, most: number, used: number): TensorData<'float32'> {
  const all = size + queries
  const bias = new Float32Array(all * all)
  for (let row = 0; row < all; row++) {
    const group = row < used ? Math.floor(row / (2 * most)) : undefined
    const isUnused = row >= used && row < size
    for (let column = 0; column < all; column++) {
      const isSeen =
        column >= size
          ? !isUnused
          : isUnused
            ? column === row
            : group !== undefined && column < used && Math.floor(column / (2 * most)) === group
      if (!isSeen) bias[row * all + column] = HIDDEN
    }
  }
  return tensorData('float32', [1, 1, all, all], bias)
}
