/** @file 16-bit floats: all 65,536 values against the float32 encoding, and rounding against a search for the nearest. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeBfloat16, decodeFloat16, encodeBfloat16, encodeFloat16 } from './float16.js'

const ALL = Uint16Array.from({ length: 65536 }, (_, i) => i)

/** Widens half-precision bits by moving the fields of the encoding; no arithmetic on values. */
function widened(half: number): number {
  const sign = (half & 0x8000) << 16
  let [exponent, fraction] = [(half >>> 10) & 31, half & 1023]
  if (exponent === 31) exponent = 255
  else if (exponent > 0) exponent += 112
  else if (fraction > 0) {
    // A subnormal half is normal in float32: shift its leading one out.
    const shift = Math.clz32(fraction) - 21
    exponent = 113 - shift
    fraction = (fraction << shift) & 1023
  }
  return (sign | (exponent << 23) | (fraction << 13)) >>> 0
}

test('every float16 value is decoded as the encoding says', () => {
  const decoded = decodeFloat16(ALL)
  const expected = new Float32Array(Uint32Array.from(ALL, widened).buffer)
  for (let h = 0; h < 65536; h++) {
    assert.ok(Object.is(decoded[h], expected[h]), `0x${h.toString(16)}: ${decoded[h]}, not ${expected[h]}`)
  }
  assert.equal(decoded[0x3c00], 1)
  assert.equal(decoded[0x7bff], 65504)
  assert.equal(decoded[0x0001], 2 ** -24)
})

test('every float16 value survives decoding and encoding', () => {
  const encoded = encodeFloat16(decodeFloat16(ALL))
  for (let h = 0; h < 65536; h++) {
    const notANumber = (h & 0x7c00) === 0x7c00 && (h & 0x3ff) !== 0
    assert.equal(encoded[h], notANumber ? 0x7e00 : h)
  }
})

test('encoding float16 takes the nearest value, and the even one when two are as near', () => {
  const positive = decodeFloat16(ALL.subarray(0, 0x7c00))
  for (let h = 0; h + 1 < 0x7c00; h++) {
    const [low, high] = [positive[h]!, positive[h + 1]!]
    const middle = (low + high) / 2
    const even = h % 2 === 0 ? h : h + 1
    const [below, tie, above] = encodeFloat16([middle - (high - low) / 64, middle, middle + (high - low) / 64])
    assert.deepEqual([below, tie, above], [h, even, h + 1], `between ${low} and ${high}`)
    assert.equal(encodeFloat16([-middle])[0], even | 0x8000)
  }
  assert.deepEqual([...encodeFloat16([65519.99, 65520, -1e300, 2 ** -26, -0])], [0x7bff, 0x7c00, 0xfc00, 0, 0x8000])
})

test('bfloat16 is the upper half of a float32', () => {
  const decoded = new Uint32Array(decodeBfloat16(ALL).buffer)
  for (let b = 0; b < 65536; b++) assert.equal(decoded[b], b * 65536)
})

test('encoding bfloat16 rounds to the nearest, ties to even', () => {
  const roundTrip = encodeBfloat16(decodeBfloat16(ALL))
  for (let b = 0; b < 65536; b++) {
    const notANumber = (b & 0x7f80) === 0x7f80 && (b & 0x7f) !== 0
    assert.equal(roundTrip[b], notANumber ? 0x7fc0 : b)
  }
  const step = 2 ** -7
  const values = [1 + step / 2, 1 + step * 1.5, 1 + step * 0.51, 1 + step * 0.49, 3.4e38, Number.NaN, -0]
  assert.deepEqual([...encodeBfloat16(values)], [0x3f80, 0x3f82, 0x3f81, 0x3f80, 0x7f80, 0x7fc0, 0x8000])
})
