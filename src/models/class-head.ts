/** @file Trained weights as the start for another set of classes. */
import { initialWeight, parametersOf } from '../nn/index.js'
import { sizeOfShape, type TensorData } from '../tensor/index.js'
import type { LoadedModel } from './load.js'

/**
 * The same weights for other classes. Rows of the class head go with the names of their classes, rows beyond the classes (no
 * object) stay, and those of names that the weights do not know start anew.
 * @param where the weights' file, for the note that tells what was kept
 * @param seed of the rows that start anew
 */
export function withClasses(loaded: LoadedModel, classNames: readonly string[], where: string, seed = 0): LoadedModel {
  const { model, classNames: known } = loaded
  if (known.length === classNames.length && known.every((name, i) => name === classNames[i])) return loaded
  const network = model.create(classNames.length)
  const from = classNames.map((name) => known.indexOf(name))
  const weights = new Map(loaded.weights)
  for (const parameter of parametersOf(network).filter(({ key }) => model.classHead.includes(key))) {
    const own = initialWeight(parameter, seed)
    weights.set(parameter.key, ownRows(own, loaded.weights.get(parameter.key)!, from, known.length))
  }
  const anew = classNames.filter((_, i) => from[i]! < 0)
  const kept =
    anew.length === 0 ? 'rows of its class head go with their names' : `anew in its class head: ${someOf(anew)}`
  const note = `${where} knows ${known.length} classes, this data set has ${classNames.length}; ${kept}`
  return { ...loaded, network, weights, classNames, notes: [...loaded.notes, note] }
}

/** Fills the rows of `own` that `from` tells, and those beyond the classes. */
function ownRows(
  own: TensorData<'float32'>,
  trained: TensorData,
  from: readonly number[],
  known: number,
): TensorData<'float32'> {
  const row = sizeOfShape(own.shape.slice(1))
  const data = own.data.slice()
  const beyond = Array.from({ length: own.shape[0]! - from.length }, (_, i) => known + i)
  for (const [to, source] of [...from, ...beyond].entries()) {
    if (source >= 0) data.set((trained.data as Float32Array).subarray(source * row, (source + 1) * row), to * row)
  }
  return { ...own, data }
}

/** At most five names. */
function someOf(names: readonly string[]): string {
  return names.length <= 5 ? names.join(', ') : `${names.slice(0, 5).join(', ')} and ${names.length - 5} more`
}
