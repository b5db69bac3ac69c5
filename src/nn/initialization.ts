/** @file How parameters start without weights to load: the rules of PyTorch's layers and of the papers' code. */
import type { Initialization, Parameter } from '../graph/index.js'
import { sizeOfShape, streamKey, type TensorData, uniformAt } from '../tensor/index.js'
import { parametersOf } from './module.js'

export const zerosInitial: Initialization = { kind: 'constant', value: 0 }
export const onesInitial: Initialization = { kind: 'constant', value: 1 }

/** PyTorch's default for linear and convolution layers, weight and bias alike: uniform in ±1/√inputs. */
export function defaultInitial(inputs: number): Initialization {
  return { kind: 'uniform', bound: 1 / Math.sqrt(inputs) }
}

/** Glorot and Bengio (2010): uniform in ±√(6 / (inputs + outputs)), for a matrix [outputs, inputs]. */
export function xavierUniform(shape: readonly number[]): Initialization {
  const receptive = sizeOfShape(shape.slice(2))
  return { kind: 'uniform', bound: Math.sqrt(6 / ((shape[0]! + shape[1]!) * receptive)) }
}

/** He et al. (arXiv:1502.01852) over the outputs, as torchvision starts ResNets: deviation √(2 / (outputs · kernel²)). */
export function kaimingNormal(shape: readonly number[]): Initialization {
  return { kind: 'normal', deviation: Math.sqrt(2 / (shape[0]! * sizeOfShape(shape.slice(2)))) }
}

/** First values of all parameters of a defined model by key: the same for the same seed, whatever the order. */
export function initialWeights(model: object, seed: number): Map<string, TensorData<'float32'>> {
  return new Map(parametersOf(model).map((parameter) => [parameter.key, initialWeight(parameter, seed)]))
}

/** First values of one parameter. */
export function initialWeight({ key, shape, initialization }: Parameter, seed: number): TensorData<'float32'> {
  const data = new Float32Array(sizeOfShape(shape))
  const stream = streamKey(`initial.${key}`, seed)
  switch (initialization.kind) {
    case 'constant':
      data.fill(initialization.value)
      break
    case 'uniform':
      for (let i = 0; i < data.length; i++) data[i] = initialization.bound * uniformAt(stream, i)
      break
    case 'normal':
      for (let i = 0; i < (initialization.zeroFrom ?? data.length); i++) {
        data[i] = initialization.deviation * normalAt(stream, i)
      }
      break
    case 'values':
      data.set(initialization.values)
      break
  }
  return { dtype: 'float32', shape, data }
}

/** Box-Muller on two uniform numbers of the stream. */
function normalAt(stream: number, index: number): number {
  // Both in (0, 1]: a logarithm of 0 must not happen.
  const [radius, angle] = [2 * index, 2 * index + 1].map((i) => (uniformAt(stream, i) + 1) / 2 + 2 ** -25)
  return Math.sqrt(-2 * Math.log(radius!)) * Math.cos(2 * Math.PI * angle!)
}
