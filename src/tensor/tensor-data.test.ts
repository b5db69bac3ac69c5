/** @file Host tensors: made, converted, viewed, refused. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DTYPES, type DType } from './dtype.js'
import { DtypeError, ShapeError } from './errors.js'
import { bytesOf, fromBytes, fromNumbers, sizeOfShape, tensorData, toFloat32, toNumbers, zeros } from './tensor-data.js'

test('numbers survive every element type', () => {
  for (const dtype of DTYPES) {
    const values = dtype === 'bool' ? [1, 0, 1, 1] : [0, 1, 2, 100]
    const tensor = fromNumbers(dtype, [2, 2], values)
    assert.deepEqual(toNumbers(tensor), values, dtype)
    assert.deepEqual(tensor.shape, [2, 2])
    const again = fromBytes(dtype, [2, 2], bytesOf(tensor))
    assert.deepEqual(again, tensor)
    assert.equal(again.data.buffer, tensor.data.buffer)
  }
})

test('numbers are rounded, wrapped or made true as their type asks', () => {
  const cases: [DType, number[], number[]][] = [
    ['float16', [1.5, 0.1, -2, 1e6], [1.5, 0.0999755859375, -2, Number.POSITIVE_INFINITY]],
    ['bfloat16', [1.5, 0.1], [1.5, 0.10009765625]],
    ['float32', [0.1], [Math.fround(0.1)]],
    ['bool', [5, -0.5, 0], [1, 1, 0]],
    ['uint8', [300, -1], [44, 255]],
    ['int64', [2 ** 53], [2 ** 53]],
    ['uint64', [-1], [2 ** 64]],
  ]
  for (const [dtype, values, expected] of cases) {
    assert.deepEqual(toNumbers(fromNumbers(dtype, [values.length], values)), expected, dtype)
  }
})

test('an integer tensor holds no fraction, infinity or NaN', () => {
  for (const dtype of DTYPES.filter((name) => name.includes('int'))) {
    for (const value of [0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.throws(
        () => fromNumbers(dtype, [2], [1, value]),
        (error) =>
          error instanceof DtypeError &&
          error.message === `fromNumbers: expected whole numbers for ${dtype}, got ${value}.`,
      )
    }
  }
})

test('a shape must be made of whole sizes and fit the elements', () => {
  const bad: number[][] = [[2], [-3], [1.5, 2], [Number.NaN], [3, 1, 2], [2 ** 53]]
  for (const shape of bad) {
    assert.throws(
      () => tensorData('float32', shape, new Float32Array(3)),
      (error) =>
        error instanceof ShapeError &&
        error.message === `tensorData: expected 3 elements, got shape [${shape.join(', ')}].`,
    )
  }
  assert.throws(() => zeros('float32', [-1]), ShapeError)
  assert.throws(() => zeros('float32', [2 ** 40, 2 ** 40]), ShapeError)
  assert.deepEqual(zeros('int8', [0, 5]).data, new Int8Array(0))
  assert.deepEqual(tensorData('float32', [], Float32Array.of(7)).shape, [])
})

test('the element count of a scalar is one', () => {
  assert.equal(sizeOfShape([]), 1)
  assert.equal(sizeOfShape([2, 3, 4]), 24)
  assert.equal(sizeOfShape([2, 0]), 0)
})

test('floating-point tensors become float32, and a float32 one is itself', () => {
  for (const dtype of ['float16', 'bfloat16', 'float64'] as const) {
    assert.deepEqual(toFloat32(fromNumbers(dtype, [2], [1, -0.5])), fromNumbers('float32', [2], [1, -0.5]))
  }
  const own = zeros('float32', [1])
  assert.equal(toFloat32(own), own)
  assert.throws(
    () => toFloat32(zeros('int32', [1])),
    /^DtypeError: toFloat32: expected a floating-point tensor, got int32\.$/,
  )
})
