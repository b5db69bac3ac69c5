/** @file Numbers that are not finite stop a training step before it changes anything, and are named. */
import type { OutputSet } from '../matching/index.js'
import { NumericError, type TensorData } from '../tensor/index.js'

const NEXT = 'Nothing was changed by this step. Lower the learning rate, or look at the photos and labels of the batch.'

/**
 * Checks tensors by name.
 * @param what what they are, in the plural, for the sentence
 * @throws NumericError naming the first that holds NaN or infinity.
 */
export function requireFinite(what: string, tensors: Iterable<readonly [name: string, data: TensorData]>): void {
  for (const [where, { data }] of tensors) {
    const at = firstNotFinite(data)
    if (at >= 0) throw new NumericError({ where, expected: `finite ${what}`, got: String(data[at]), next: NEXT })
  }
}

/** @throws NumericError naming the term. */
export function requireFiniteLoss(name: string, value: number): void {
  if (Number.isFinite(value)) return
  throw new NumericError({ where: name, expected: 'a finite loss', got: String(value), next: NEXT })
}

/**
 * Checks what a network gave.
 * @throws NumericError naming the weight that is at fault, else the prediction of the first decoder layer that is.
 */
export function requireFinitePredictions(
  sets: readonly OutputSet[],
  weights: Iterable<readonly [key: string, data: TensorData]>,
): void {
  const named = sets.flatMap(({ name, logits, boxes }) => [
    [`pred_logits${name}`, logits] as const,
    [`pred_boxes${name}`, boxes] as const,
  ])
  if (named.every(([, { data }]) => firstNotFinite(data) < 0)) return
  requireFinite('weights', weights)
  // The final layer comes first in the list and last in the network.
  requireFinite('predictions', [...named.slice(2), ...named.slice(0, 2)])
}

/** The error for gradients whose norm is not finite: it names the first that is not, else the largest. */
export function gradientFault(gradients: ReadonlyMap<string, TensorData<'float32'>>): NumericError {
  const largest = { where: 'gradients', value: 0 }
  for (const [where, { data }] of gradients) {
    const at = firstNotFinite(data)
    if (at >= 0) return new NumericError({ where, expected: 'finite gradients', got: String(data[at]), next: NEXT })
    const value = data.reduce((most, one) => Math.max(most, Math.abs(one)), 0)
    if (value > largest.value) Object.assign(largest, { where, value })
  }
  const got = `one of ${largest.value.toPrecision(3)}`
  return new NumericError({ where: largest.where, expected: 'gradients whose norm float32 can hold', got, next: NEXT })
}

/** Position of the first NaN or infinity; -1 when there is none. */
function firstNotFinite(data: TensorData['data']): number {
  if (!(data instanceof Float32Array)) return -1
  for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) return i
  return -1
}
