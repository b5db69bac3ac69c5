/** @file Tests only: a graph that computes for a while, and feeds for it. */
import { type TensorData, tensorData, zeros } from '../tensor/index.js'
import { type Step, tinyOnnx } from './tiny-onnx.test.fixture.js'

const SIZE = 512

/** `count` matrix products in a row, 0.27 GFLOP each; the result of `longRunFeeds` is all ones. */
export function longRun(count: number): Uint8Array {
  const steps = Array.from({ length: count }, (_, i): Step => {
    const from = i === 0 ? 'x' : `h${i - 1}`
    return ['MatMul', [from, 'w'], [i === count - 1 ? 'y' : `h${i}`], `blocks.${i}.matmul`]
  })
  return tinyOnnx({
    inputs: [
      ['x', 'float32', [SIZE, SIZE]],
      ['w', 'float32', [SIZE, SIZE]],
    ],
    outputs: [['y', 'float32', [SIZE, SIZE]]],
    steps,
  })
}

/** A matrix of ones, and the identity matrix. */
export function longRunFeeds(): { readonly x: TensorData<'float32'>; readonly w: TensorData<'float32'> } {
  const w = zeros('float32', [SIZE, SIZE])
  for (let i = 0; i < SIZE; i++) w.data[i * (SIZE + 1)] = 1
  return { x: tensorData('float32', [SIZE, SIZE], new Float32Array(SIZE * SIZE).fill(1)), w }
}

/** Whether a long run's result is right. */
export function isAllOnes(result: Readonly<Record<string, TensorData>>): boolean {
  return (result['y']!.data as Float32Array).every((value) => value === 1)
}
