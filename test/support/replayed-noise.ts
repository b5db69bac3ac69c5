/** @file Random numbers of golden denoising queries, in the order in which contrastiveDenoising draws. */
import { type TensorData, toNumbers } from '../../src/tensor/index.js'

/** What the reference drew, [batch, queries, ·]. */
export interface GoldenNoise {
  readonly flip: TensorData
  readonly new_labels: TensorData
  readonly sign: TensorData
  readonly magnitude: TensorData
}

/**
 * @param objects of each image
 * @param groups of denoising queries
 */
export function replayedNoise(
  noise: GoldenNoise,
  objects: readonly number[],
  groups: number,
  classes: number,
): () => number {
  const [flip, labels, sign, magnitude] = [noise.flip, noise.new_labels, noise.sign, noise.magnitude].map(toNumbers)
  const most = Math.max(...objects)
  const used = 2 * most * groups
  const drawn = objects.flatMap((count, image) =>
    Array.from({ length: used }, (_, place) => {
      const row = image * used + place
      const exists = place % most < count
      const edges = [0, 1, 2, 3].flatMap((edge) => [
        sign![4 * row + edge] === 0 ? 0.25 : 0.75,
        magnitude![4 * row + edge]!,
      ])
      return exists ? [flip![row]!, (labels![row]! + 0.5) / classes, ...edges] : edges
    }).flat(),
  )
  let next = 0
  return () => drawn[next++]!
}
