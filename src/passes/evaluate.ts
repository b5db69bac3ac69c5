/** @file Host evaluation of the operators that graphs apply to constants. */
import type { Node } from '../graph/index.js'
import type { OpType } from '../ops/index.js'
import { createArray, fromNumbers, sizeOfShape, type TensorData, toNumbers } from '../tensor/index.js'

type Evaluator = (inputs: readonly TensorData[], node: Node) => readonly TensorData[] | undefined

const binary =
  (apply: (a: number, b: number) => number): Evaluator =>
  (inputs, node) => {
    const [a, b] = inputs as [TensorData, TensorData]
    if (a.dtype !== 'float32') return undefined
    const shape = outputShape(node)
    const data = new Float32Array(sizeOfShape(shape))
    const [aData, bData] = [a.data as Float32Array, b.data as Float32Array]
    const [aAt, bAt] = [broadcastStrides(a.shape, shape), broadcastStrides(b.shape, shape)]
    forEachIndex(shape, [aAt, bAt], (i, [p, q]) => {
      data[i] = apply(aData[p!]!, bData[q!]!)
    })
    return [{ dtype: 'float32', shape, data }]
  }

const unary =
  (apply: (x: number) => number): Evaluator =>
  ([x]) =>
    x?.dtype === 'float32'
      ? [{ dtype: 'float32', shape: x.shape, data: (x.data as Float32Array).map(apply) }]
      : undefined

const sameElements: Evaluator = ([x], node) => [{ ...x!, shape: outputShape(node) }]

const EVALUATORS: Readonly<Partial<Record<OpType, Evaluator>>> = {
  Add: binary((a, b) => a + b),
  Sub: binary((a, b) => a - b),
  Mul: binary((a, b) => a * b),
  Div: binary((a, b) => a / b),
  Floor: unary(Math.floor),
  Sqrt: unary(Math.sqrt),
  Reshape: sameElements,
  Squeeze: sameElements,
  Unsqueeze: sameElements,
  Cast: ([x], node) => {
    const { dtype } = node.outputs[0]!
    // Fractions and 16-bit floats round by rules of their own; only whole numbers and float32 are folded.
    const whole = /^u?int/.test(x!.dtype) && (dtype === 'float32' || dtype === 'int32' || dtype === 'int64')
    const floored = x!.dtype === 'float32' && (dtype === 'int32' || dtype === 'int64')
    const values = whole || floored ? toNumbers(x!).map(Math.trunc) : []
    const least = dtype === 'int32' ? -(2 ** 31) : Number.MIN_SAFE_INTEGER
    // What does not fit is different on every machine, and larger numbers have been rounded already.
    const fits = values.every((value) => value >= least && value <= -least - 1)
    return (whole || floored) && fits ? [fromNumbers(dtype, x!.shape, values)] : undefined
  },
  Range: (inputs, node) => {
    const [start, , delta] = inputs.map((input) => toNumbers(input)[0]!)
    const [length] = outputShape(node)
    const { dtype } = inputs[0]!
    if (dtype !== 'float32' && !Number.isSafeInteger(start! + length! * delta!)) return undefined
    // ONNX Runtime adds step by step, which rounds each time.
    let next = start!
    const values = Array.from({ length: length! }, () => {
      const value = next
      next = dtype === 'float32' ? Math.fround(value + delta!) : value + delta!
      return value
    })
    return [fromNumbers(dtype, [length!], values)]
  },
  Transpose: ([x], node) => {
    const shape = outputShape(node)
    const perm = (node.attributes['perm'] as readonly number[] | undefined) ?? [...shape.keys()].reverse()
    const strides = stridesOf(x!.shape)
    const data = createArray(x!.dtype, x!.data.length)
    forEachIndex(shape, [perm.map((axis) => strides[axis]!)], (i, [p]) => {
      data[i] = x!.data[p!]!
    })
    return [{ dtype: x!.dtype, shape, data }]
  },
}

/** The node's outputs computed here, when its operator is one that is worth folding; undefined otherwise. */
export function evaluateNode(node: Node, inputs: readonly TensorData[]): readonly TensorData[] | undefined {
  const evaluator = Object.hasOwn(EVALUATORS, node.op) ? EVALUATORS[node.op as OpType] : undefined
  const known = node.outputs.every((output) => output.shape.every((dim) => typeof dim === 'number'))
  return known ? evaluator?.(inputs, node) : undefined
}

function outputShape(node: Node): readonly number[] {
  return node.outputs[0]!.shape as readonly number[]
}

function stridesOf(shape: readonly number[]): number[] {
  const strides: number[] = []
  shape.reduceRight((stride, dim, axis) => {
    strides[axis] = stride
    return stride * dim
  }, 1)
  return strides
}

/** For each axis of `to`, how far one step moves in an array of shape `from` that is broadcast to it. */
function broadcastStrides(from: readonly number[], to: readonly number[]): number[] {
  const strides = stridesOf(from)
  return to.map((_, axis) => {
    const own = axis - (to.length - from.length)
    return own < 0 || from[own] === 1 ? 0 : strides[own]!
  })
}

/** Visits the elements of `shape` in row-major order with their position in each strided array. */
function forEachIndex(
  shape: readonly number[],
  strides: readonly (readonly number[])[],
  visit: (index: number, positions: readonly number[]) => void,
): void {
  const positions = strides.map(() => 0)
  const counters = shape.map(() => 0)
  const size = sizeOfShape(shape)
  for (let index = 0; index < size; index++) {
    visit(index, positions)
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      counters[axis]!++
      for (const [k, stride] of strides.entries()) positions[k]! += stride[axis]!
      if (counters[axis]! < shape[axis]!) break
      for (const [k, stride] of strides.entries()) positions[k]! -= stride[axis]! * shape[axis]!
      counters[axis] = 0
    }
  }
}
