/** @file Refuses outputs that are no numbers, and looks for the weight that is to blame. */
import type { LoadedModel } from '../models/index.js'
import type { NamedTensors } from '../runtime/index.js'
import { RuntimeError, type TensorData } from '../tensor/index.js'

/**
 * Makes sure that a network's outputs are finite.
 * @throws RuntimeError naming the output, and the weight that is not finite, if there is one.
 */
export function checkFinite(outputs: NamedTensors, { model, weights }: LoadedModel): void {
  for (const [name, tensor] of Object.entries(outputs)) {
    const count = countNonFinite(tensor)
    if (count === 0) continue
    const broken = [...weights].find(([, weight]) => countNonFinite(weight) > 0)?.[0]
    throw new RuntimeError({
      where: `output ${name} of ${model.name}`,
      expected: 'finite numbers',
      got: `NaN or infinity in ${count} of ${tensor.data.length}`,
      next:
        broken === undefined
          ? 'All weights are finite: their sums overflow, or the engine is at fault (see detrs doctor).'
          : `The weight ${broken} is not finite either: its file is damaged, or the training diverged.`,
    })
  }
}

function countNonFinite({ data }: TensorData): number {
  let count = 0
  for (const value of data) if (typeof value === 'number' && !Number.isFinite(value)) count++
  return count
}
