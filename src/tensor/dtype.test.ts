/** @file Element types and views over bytes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { arrayFromBytes, bytesPerElement, createArray, DTYPES, isBigInt, isFloat } from './dtype.js'
import { DtypeError } from './errors.js'

test('every type has the width that its name says', () => {
  for (const dtype of DTYPES) {
    const bits = Number(/\d+$/.exec(dtype)?.[0] ?? 8)
    assert.equal(bytesPerElement(dtype), bits / 8, dtype)
    const array = createArray(dtype, 3)
    assert.deepEqual([array.length, array.byteLength], [3, (3 * bits) / 8], dtype)
    assert.equal(typeof array[0] === 'bigint', isBigInt(dtype), dtype)
    assert.equal(isFloat(dtype), dtype.includes('float'), dtype)
  }
  assert.equal(DTYPES.length, 13)
})

test('aligned bytes are viewed, others are copied, whatever kind of Uint8Array holds them', () => {
  for (const create of [(n: number) => new Uint8Array(n), (n: number) => Buffer.from(new ArrayBuffer(n))]) {
    const bytes = create(32)
    for (let i = 0; i < 32; i++) bytes[i] = i * 7
    for (const dtype of DTYPES) {
      const width = bytesPerElement(dtype)
      for (let offset = 0; offset < 8; offset++) {
        const part = bytes.subarray(offset, offset + 16)
        const array = arrayFromBytes(dtype, part)
        assert.equal(array.length, 16 / width)
        assert.deepEqual(Buffer.from(array.buffer, array.byteOffset, 16), Buffer.from(part), `${dtype} at ${offset}`)
        assert.equal(array.buffer === bytes.buffer, offset % width === 0, `${dtype} at ${offset}`)
      }
    }
  }
})

test('bytes that are no whole number of elements are refused', () => {
  assert.throws(
    () => arrayFromBytes('float32', new Uint8Array(6)),
    (error) =>
      error instanceof DtypeError &&
      error.message === 'arrayFromBytes: expected a multiple of 4 bytes for float32, got 6 bytes.',
  )
  assert.equal(arrayFromBytes('int64', new Uint8Array(0)).length, 0)
})
